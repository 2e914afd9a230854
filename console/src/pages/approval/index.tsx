// SPDX-License-Identifier: Apache-2.0
// Approval: the mode and its test, and what is pending with the decision that the server will take.
import { usePendingApprovals, useApproval, type PatchQuery } from '../../api/queries';
import { patchPath } from '../../app/paths';
import { useSession } from '../../app/session';
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Empty, Loaded } from '../../ui/basic';
import { useFilters, useListQuery } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { PATCH_FILTERS } from '../patches';
import { patchColumns } from '../patches/columns';
import { ApproveButtons } from './ApproveButtons';
import { ApprovalForm } from './Settings';

type Pending = Schemas['PendingPatch'];
const SORT = '-severity,-missing_systems';
const SHOWN = ['id', 'title', 'severity', 'kev', 'missing', 'released'];
const FILTERS = PATCH_FILTERS.filter(f => !['os', 'suite', 'approval'].includes(f.param));

function Decision({ patch }: { patch: Pending }) {
	const { t, number } = useI18n();
	const d = patch.decision;
	const test = d.tested > 0 && <span className="tk-small"> {t('approval.tested', { n: number(d.succeeded), all: number(d.tested), needed: number(d.needed) })}</span>;
	const why = patch.approval_detail.how === 'test_failed' ? t('approval.testFailed', { why: patch.approval_detail.reason ?? '' }) : t(`approvalDecision.${d.verdict}`);
	return <span>{why}{d.verdict === 'days' && <> <Time at={d.at} /></>}{test}</span>;
}

export default function Approval() {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const settings = useApproval();
	const query = { ...useListQuery(FILTERS, SORT), facets: ['severity', 'type', 'reboot', 'kev', 'epss'] } as PatchQuery;
	const list = usePendingApprovals(query);
	const sel = useSelection(list.data?.items, p => p.id, JSON.stringify(query));
	const columns = useColumns('approval', [
		...patchColumns<Pending>(i).filter(c => SHOWN.includes(c.id)),
		{ id: 'decision', header: t('approval.decision'), words: true, cell: (p: Pending) => <Decision patch={p} /> },
	], ['kev', 'released']);
	const { menus, chips } = useFilters(FILTERS, list.data?.facets);
	return (
		<Page title={t('approval.title')} ready={!settings.isPending} sub={<p className="tk-lead">{t('approval.lead')}</p>}>
			<Loaded query={settings}>{s => <ApprovalForm key={s.changed ?? ''} settings={s} edit={may('deploy')} />}</Loaded>
			<h2 className="tk-h2">{t('approval.pending')}</h2>
			<ListView label={t('approval.pending')} search={t('patches.search')} list={list} columns={columns} menus={menus} chips={chips}
				rowId={p => p.id} rowName={p => p.id} sort={SORT} onOpen={p => url.navigate(patchPath(p.id))}
				chosen={may('deploy') ? { sel, many: false, actions: <ApproveButtons selection={{ ids: sel.rows.map(p => p.id) }} onDone={sel.clear} again /> } : undefined}
				empty={<Empty title={t('approval.nothing')} why={t('approval.nothingWhy')} />} />
		</Page>
	);
}
