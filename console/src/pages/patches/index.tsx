// SPDX-License-Identifier: Apache-2.0
// One list of patches with its views: missing, critical (known to be exploited), installed, and so on.
import { useState } from 'react';
import { usePatches, type PatchQuery } from '../../api/queries';
import { patchPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { GLYPH, SEVERITIES } from '../../ui/Severity';
import { useUrl } from '../../ui/url';
import { ApproveButtons } from '../approval/ApproveButtons';
import { DeclineDialog, declinesOf, useUndecline } from '../decline';
import { startDraft } from '../new-deployment/draft';
import { declinedColumns, patchColumns } from './columns';

type View = 'missing' | 'critical' | 'installed' | 'applicable' | 'supported' | 'latest' | 'downloaded' | 'declined';
export const PATCH_FILTERS: Filter[] = [
	{ param: 'severity', name: 'patch.severity', words: 'severity', always: SEVERITIES },
	{ param: 'type', name: 'patch.type', words: 'patchType' },
	{ param: 'os', name: 'patch.os' },
	{ param: 'suite', name: 'patch.suites' },
	{ param: 'reboot', name: 'patch.reboot', words: 'reboot' },
	{ param: 'kev', name: 'patch.kev', words: 'yesno', always: ['true', 'false'], single: true },
	{ param: 'approval', name: 'patch.approval', words: 'approval' },
	{ param: 'epss_gte', facet: 'epss', name: 'patch.epss', words: 'epssGte', always: ['0.5', '0.1', '0.01'], single: true },
];
/** Columns that no view shows at first. */
const RARE = ['held', 'unknown', 'kept_back', 'phased', 'needs_subscription', 'product', 'version', 'platform', 'suites', 'vendor', 'cve', 'feed'];
const HIDDEN: Record<View, string[]> = {
	missing: [...RARE, 'size', 'os', 'approval', 'download', 'installed'],
	critical: [...RARE, 'approval', 'download', 'installed', 'failed'],
	installed: [...RARE, 'approval', 'kev', 'epss', 'download', 'failed', 'missing'],
	applicable: [...RARE, 'size', 'os', 'approval', 'download', 'failed'],
	supported: [...RARE, 'size', 'os', 'approval', 'epss', 'failed', 'installed'],
	downloaded: [...RARE, 'kev', 'epss', 'failed', 'installed', 'approval'],
	declined: [...RARE, 'kev', 'epss', 'download', 'failed', 'installed', 'approval', 'released', 'size', 'reboot', 'type'],
	latest: [...RARE, 'size', 'os', 'approval', 'epss', 'failed', 'installed'],
};
const SORT: Record<View, string> = {
	missing: '-severity,-missing_systems', critical: 'kev,-missing_systems', installed: '-installed_systems', applicable: '-severity,-missing_systems',
	supported: '-released', latest: '-released', downloaded: '-severity,-missing_systems', declined: '-severity,-declined_systems',
};

export default function Patches({ view }: { view: View }) {
	const i = useI18n();
	const { t, number } = i;
	const url = useUrl();
	const { may } = useSession();
	const base = useListQuery(PATCH_FILTERS, SORT[view]);
	const query: PatchQuery = { ...base, view, facets: ['severity', 'type', 'os', 'suite', 'reboot', 'kev', 'epss', 'approval'] };
	const list = usePatches(query);
	const data = list.data;
	const filter = selectionFilter({ ...base, view });
	const sel = useSelection(data?.items, p => p.id, JSON.stringify(filter));
	const columns = useColumns(`patches.${view}`, view === 'declined' ? declinedColumns(i) : patchColumns(i), HIDDEN[view]);
	const [declining, setDeclining] = useState(false);
	const undecline = useUndecline();
	const { menus, chips } = useFilters(PATCH_FILTERS, data?.facets);
	const total = data?.page.total ?? 0;
	const count = sel.count(total);

	const back = view === 'installed';
	const deploy = () => url.navigate(startDraft({
		operation: back ? 'uninstall' : undefined, patches: sel.wire(filter, total), patchRows: sel.all ? undefined : sel.rows, patchCount: count,
	}));
	const actions = (
		<>
			<Button variant={back ? 'secondary' : 'primary'} size="sm" onClick={deploy}>{t(back ? 'patches.uninstall' : 'patches.install')}</Button>
			{view === 'declined'
				? <Button variant="secondary" size="sm" isDisabled={undecline.isPending || sel.all} onClick={() => undecline.mutate(sel.rows.flatMap(declinesOf), { onSuccess: sel.clear })}>{t('decline.end')}</Button>
				: (
					<>
						<ApproveButtons selection={sel.wire(filter, total)} onDone={sel.clear} />
						<Button variant="secondary" size="sm" onClick={() => setDeclining(true)}>{t('decline.open')}</Button>
					</>
				)}
		</>
	);
	const sevCounts = SEVERITIES.map(s => ({ s, n: data?.facets?.severity?.find(f => f.value === s)?.count ?? 0 }));

	return (
		<Page title={t(`patches.${view}`)} count={data && t('list.items', { n: total })} ready={!list.isPending}
			sub={<p className="tk-lead">{t(`patches.${view}.lead`)}</p>}>
			{data?.facets && (
				<div className="tk-sevstrip">
					<StackedBar label={t('patches.bySeverity') + ': ' + sevCounts.map(c => `${i.word('severity', c.s)} ${number(c.n)}`).join(', ')}
						segments={sevCounts.map(c => ({ id: c.s, label: c.s, value: c.n, className: `tk-fill-${c.s}` }))} />
					<div className="tk-sevchips" role="group" aria-label={t('patches.bySeverity')}>
						{sevCounts.map(({ s, n }) => {
							const on = url.list('severity').includes(s);
							return (
								<button key={s} type="button" className={`tk-sevchip${on ? ' tk-sevchip-on' : ''}`} aria-pressed={on}
									onClick={() => url.set({ severity: on ? url.list('severity').filter(v => v !== s) : [...url.list('severity'), s], cursor: null })}>
									<span aria-hidden="true" className={`tk-glyph tk-sevtext-${s}`}>{GLYPH[s]}</span>{i.word('severity', s)}<strong>{number(n)}</strong>
								</button>
							);
						})}
					</div>
				</div>
			)}
			{declining && (
				<DeclineDialog selection={sel.wire(filter, total)} count={count} onClose={() => setDeclining(false)}
					onDone={() => {
						setDeclining(false);
						sel.clear();
					}} />
			)}
			<ListView label={t(`patches.${view}`)} search={t('patches.search')} list={list} columns={columns} menus={menus} chips={chips}
				rowId={p => p.id} rowName={p => p.id} sort={SORT[view]}
				onOpen={p => url.navigate(patchPath(p.id))} onExplain={p => url.navigate(patchPath(p.id, 'missing'))}
				chosen={may('deploy') ? { sel, many: true, actions } : undefined}
				empty={view === 'supported' || view === 'latest'
					? <Empty title={t('empty.supported')} why={t('empty.supportedWhy')} action={t('empty.toPatchDb')} to="/admin/patch-db" />
					: <Empty title={t(`empty.${view}`)} why={t(`empty.${view}Why`)} action={t('empty.toSystems')} to="/systems" />} />
		</Page>
	);
}
