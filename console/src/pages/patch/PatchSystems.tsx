// SPDX-License-Identifier: Apache-2.0
// The systems behind a number of a patch, each with the way to its explanation.
import { usePatchSystems, type Patch, type PatchSystemsQuery, type System } from '../../api/queries';
import { systemPath, whyParam } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { Chips, ListSearch, Pager, SelectionBar, useColumns, useSelection, ViewMenu } from '../../ui/List';
import { useUrl } from '../../ui/url';
import { startDraft } from '../new-deployment/draft';
import { systemColumns } from '../systems/columns';

const FILTERS: Filter[] = [
	{ param: 'health', name: 'system.health', words: 'health' },
	{ param: 'online', name: 'system.connection', words: 'online', always: ['true', 'false'], single: true },
	{ param: 'office', name: 'system.office', words: 'office' },
];

export function PatchSystems({ patch, state }: { patch: Patch; state: 'missing' | 'installed' | 'unknown' | 'held' | 'kept_back' | 'phased' | 'needs_subscription' | 'declined' }) {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const base = useListQuery(FILTERS, 'hostname');
	const query = { ...base, state, facets: ['health', 'online', 'office'] } as PatchSystemsQuery;
	const list = usePatchSystems(patch.id, query);
	const data = list.data;
	const sel = useSelection<System>(data?.items, s => s.id, JSON.stringify(selectionFilter({ ...base, state })));
	const { menus, chips } = useFilters(FILTERS, data?.facets);
	const why = (s: System) => url.set({ why: whyParam(s.id, patch.id) });
	const cols: Column<System>[] = systemColumns(i);
	const columns = useColumns(`patch-systems`, [
		cols[0]!,
		{ id: 'why', header: t('why.column'), fixed: true, cell: s => <button type="button" className="tk-link" aria-label={t('why.open', { name: s.hostname })} onClick={() => why(s)}>{t('why.short')}</button> },
		...cols.slice(1),
	], ['lifecycle', 'critical', 'important', 'held', 'kept_back', 'phased', 'needs_subscription', 'user', 'kernel', 'arch', 'agent', 'failed', 'installed', 'address']);
	const total = data?.page.total ?? 0;
	const changes = state === 'missing' || state === 'installed' || state === 'declined';
	const ids = sel.rows.map(s => s.id);

	return (
		<>
			<div className="tk-toolbar">
				<ListSearch label={t('systems.search')} />
				{menus}
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
				<ViewMenu columns={columns} />
			</div>
			<Chips chips={chips} />
			<SelectionBar count={ids.length} total={total} all={false} pageFull={false} onAll={() => undefined} onClear={sel.clear}>
				{may('deploy') && changes && (
					<Button variant={state === 'installed' ? 'secondary' : 'primary'} size="sm" onClick={() => url.navigate(startDraft({
						operation: state === 'installed' ? 'uninstall' : undefined,
						patches: { ids: [patch.id] }, patchRows: [patch], patchCount: 1, systems: { ids }, systemRows: sel.rows, systemCount: ids.length,
					}))}>{t(state === 'installed' ? 'patch.uninstallHere' : 'patch.installHere')}</Button>
				)}
			</SelectionBar>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t(`patch.tab.${state}`)} columns={columns.shown} rows={data?.items} rowId={s => s.id} rowName={s => s.hostname}
					sort={url.get('sort') || 'hostname'} onSort={s => url.set({ sort: s, cursor: null })} stale={list.isPlaceholderData}
					selection={may('deploy') && changes ? sel.selection : undefined}
					onOpen={s => url.navigate(systemPath(s.id))} onExplain={why}
					empty={chips.length > 0 || url.get('q')
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
						: state === 'missing' || state === 'installed' || state === 'unknown' || state === 'held'
							? <Empty title={t(`empty.patch.${state}`)} why={t(`empty.patch.${state}Why`)} />
							: <Empty title={t('empty.patch.state')} why={t(`verdict.${state}.text`)} />} />
			)}
		</>
	);
}
