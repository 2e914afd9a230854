// SPDX-License-Identifier: Apache-2.0
// The patches that concern one system, with what is outdated there and the reason.
import { useSystemPatches, type System, type SystemPatchesQuery } from '../../api/queries';
import type { Schemas } from '../../api/client';
import { patchPath, whyParam } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { useFilters, useListQuery, type Filter } from '../../ui/filters';
import { Chips, ListSearch, Pager, SelectionBar, useColumns, useSelection, ViewMenu } from '../../ui/List';
import { SEVERITIES } from '../../ui/Severity';
import { useUrl } from '../../ui/url';
import { startDraft } from '../new-deployment/draft';
import { patchColumns } from '../patches/columns';

type Row = Schemas['SystemPatch'];
type State = Row['state'];

export function SystemPatches({ system, states, initial }: { system: System; states: State[]; initial: State[] }) {
	const i = useI18n();
	const { t, word } = i;
	const url = useUrl();
	const { may } = useSession();
	const filters: Filter[] = [
		...(states.length > 1 ? [{ param: 'state', name: 'systemPatch.state', words: 'verdict', always: states } as Filter] : []),
		{ param: 'severity', name: 'patch.severity', words: 'severity', always: SEVERITIES },
		{ param: 'type', name: 'patch.type', words: 'patchType' },
		{ param: 'reboot', name: 'patch.reboot', words: 'reboot' },
		{ param: 'kev', name: 'patch.kev', words: 'yesno', always: ['true', 'false'], single: true },
		{ param: 'epss_gte', name: 'patch.epss', words: 'epssGte', always: ['0.5', '0.1', '0.01'], single: true },
	];
	const base = useListQuery(filters, '-severity,title');
	const query = { state: initial, ...base, facets: ['severity', 'type', 'state', 'reboot'] } as SystemPatchesQuery;
	const list = useSystemPatches(system.id, query);
	const data = list.data;
	const { menus, chips } = useFilters(filters, data?.facets);
	const sel = useSelection<Row>(data?.items, p => p.id, JSON.stringify({ ...base, cursor: '' }));
	const why = (p: Row) => url.set({ why: whyParam(system.id, p.id) });
	const cols = patchColumns<Row>(i);
	const installed = states.includes('installed');
	const columns = useColumns<Row>(installed ? 'system.installed' : 'system.missing', [
		cols[0]!,
		{ id: 'why', header: t('why.column'), fixed: true, cell: p => <button type="button" className="tk-link" aria-label={t('why.open', { name: p.id })} onClick={() => why(p)}>{t('why.short')}</button> },
		...(states.length > 1 ? [{
			id: 'state', header: t('systemPatch.state'), sort: 'state',
			cell: (p: Row) => <span className={`tk-state tk-state-${p.state}`}>{word('verdict', p.state)}</span>,
		}] : []),
		...cols.slice(1, 7),
		...(installed ? [] : [{
			id: 'outdated', header: t('systemPatch.outdated'),
			cell: (p: Row) => <Outdated row={p} />,
		} satisfies Column<Row>]),
		...cols.slice(7),
	], ['held', 'unknown', 'kept_back', 'phased', 'needs_subscription', 'product', 'version', 'platform', 'os', 'suites', 'vendor', 'cve', 'download', 'feed', 'missing', 'failed', 'installed', ...(installed ? ['kev', 'epss'] : [])]);
	const ids = sel.rows.map(p => p.id);

	return (
		<>
			<div className="tk-toolbar">
				<ListSearch label={t('patches.search')} />
				{menus}
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
				<ViewMenu columns={columns} />
			</div>
			<Chips chips={chips} />
			<SelectionBar count={ids.length} total={data?.page.total ?? 0} all={false} pageFull={false} onAll={() => undefined} onClear={sel.clear}>
				{may('deploy') && (
					<Button variant={installed ? 'secondary' : 'primary'} size="sm" onClick={() => url.navigate(startDraft({
						operation: installed ? 'uninstall' : undefined,
						patches: { ids }, patchRows: sel.rows, patchCount: ids.length, systems: { ids: [system.id] }, systemRows: [system], systemCount: 1,
					}))}>{t(installed ? 'patches.uninstall' : 'patches.install')}</Button>
				)}
			</SelectionBar>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t(installed ? 'system.tab.installed' : 'system.tab.missing')} columns={columns.shown} rows={data?.items} rowId={p => p.id} rowName={p => p.id}
					sort={(url.get('sort') || '-severity').split(',')[0]} onSort={s => url.set({ sort: s, cursor: null })} stale={list.isPlaceholderData}
					selection={may('deploy') ? sel.selection : undefined} onOpen={p => url.navigate(patchPath(p.id))} onExplain={why}
					empty={chips.length > 0 || url.get('q')
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
						: system.last_scan === null
							? <Empty title={t('empty.notScanned')} why={t('empty.notScannedWhy')} />
							: <Empty title={t(installed ? 'empty.system.installed' : 'empty.system.missing')} why={t(installed ? 'empty.system.installedWhy' : 'empty.system.missingWhy')} />} />
			)}
		</>
	);
}

/** What of a patch is outdated on a system, and the version that fixes it. */
export function Outdated({ row }: { row: { outdated?: Row['outdated'] } }) {
	const { t } = useI18n();
	const list = row.outdated ?? [];
	const first = list[0];
	if (!first)
		return <span className="tk-none">–</span>;
	const full = list.map(o => `${o.name}:${o.arch} ${o.installed} → ${o.fixed}${o.held ? ` (${t('verdict.held')})` : ''}`).join('\n');
	return (
		<span className="tk-outdated" title={full}>
			{first.name} <span className="tk-mono">{first.installed} → {first.fixed}</span>{list.length > 1 && ` +${list.length - 1}`}
		</span>
	);
}
