// SPDX-License-Identifier: Apache-2.0
// Remote offices, to be read: the server keeps one, the local office, in this version.
import { Link } from 'wouter';
import { useOffices } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Empty } from '../../ui/basic';
import { useListQuery } from '../../ui/filters';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { withQuery } from '../../ui/url';

export default function Offices() {
	const { t, lang, number } = useI18n();
	const list = useOffices(useListQuery([]));
	return (
		<Page title={t('agents.offices')} count={list.data && t('list.items', { n: list.data.page.total })} ready={!list.isPending} sub={<p className="tk-lead">{t('offices.lead')}</p>}>
			<ListView label={t('agents.offices')} list={list} rowId={o => o.id} rowName={o => o.name[lang]}
				columns={[
					{ id: 'name', header: t('offices.name'), grow: true, cell: o => <Link href={withQuery('/systems', { office: o.id })}>{o.name[lang]}</Link> },
					{ id: 'id', header: t('offices.id'), cell: o => <span className="tk-mono">{o.id}</span> },
					{ id: 'systems', header: t('offices.systems'), numeric: true, cell: o => number(o.systems) },
					{ id: 'online', header: t('system.online'), numeric: true, cell: o => number(o.online) },
				]}
				empty={<Empty title={t('empty.noMatch')} why={t('offices.lead')} />} />
		</Page>
	);
}
