// SPDX-License-Identifier: Apache-2.0
// The self-service portal: what is published to users, and how many of them have installed it (M-143, M-144).
import { Link } from 'wouter';
import { usePortal, type Deployment } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Empty } from '../../ui/basic';
import { useListQuery } from '../../ui/filters';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { TargetsBar } from '../deployments/state';

export default function Portal() {
	const { t, number, lang } = useI18n();
	const list = usePortal(useListQuery([]));
	return (
		<Page title={t('portal.title')} count={list.data && t('list.items', { n: list.data.page.total })} ready={!list.isPending} sub={<p className="tk-lead">{t('portal.lead')}</p>}>
			<ListView label={t('portal.title')} list={list} rowId={(d: Deployment) => d.id} rowName={d => d.name}
				columns={[
					{ id: 'name', header: t('deployment.name'), words: true, grow: true, title: d => d.description, cell: d => <Link href={deploymentPath(d.id)}>{d.name}</Link> },
					{ id: 'installed', header: t('portal.installed'), cell: d => <span className="tk-progresscell"><TargetsBar thin counts={d.targets} /><span className="tk-num">{number(d.targets.succeeded)} / {number(d.targets.total)}</span></span> },
					{ id: 'deadline', header: t('portal.deadline'), cell: d => <Time at={d.deadline} none={t('portal.noDeadline')} /> },
					{ id: 'policy', drop: 2, header: t('deployment.policy'), words: true, cell: d => d.policy_name[lang] },
					{ id: 'created', drop: 1, header: t('portal.since'), cell: d => <Time at={d.created} /> },
				]}
				empty={<Empty title={t('portal.none')} why={t('portal.lead')} />} />
		</Page>
	);
}
