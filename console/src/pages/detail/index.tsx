// SPDX-License-Identifier: Apache-2.0
// The detail view: one row per patch and computer, whatever the state; the file of it.
import { usePatchPairs, type PatchPair, type PatchPairsQuery } from '../../api/queries';
import { exportPath, systemPath, whyParam } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty } from '../../ui/basic';
import type { Column } from '../../ui/DataTable';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { SEVERITIES } from '../../ui/Severity';
import { useUrl } from '../../ui/url';
import { startDraft } from '../new-deployment/draft';
import { patchColumns } from '../patches/columns';
import { Outdated } from '../system/SystemPatches';
import { systemColumns } from '../systems/columns';

const FILTERS: Filter[] = [
	{ param: 'state', name: 'systemPatch.state', words: 'verdict', always: ['missing', 'installed', 'held', 'kept_back', 'phased', 'needs_subscription', 'declined', 'unknown'] },
	{ param: 'severity', name: 'patch.severity', words: 'severity', always: SEVERITIES },
	{ param: 'type', name: 'patch.type', words: 'patchType' },
	{ param: 'os', name: 'patch.os' },
	{ param: 'health', name: 'system.health', words: 'health', always: ['highly_vulnerable', 'vulnerable', 'healthy', 'unknown'] },
	{ param: 'kev', name: 'patch.kev', words: 'yesno', always: ['true', 'false'], single: true },
	{ param: 'epss_gte', name: 'patch.epss', words: 'epssGte', always: ['0.5', '0.1', '0.01'], single: true },
];
const SORT = '-severity';
/** What the server writes into one file. */
const MAX_FILE_ROWS = 200_000;
const PATCH_COLUMNS = ['id', 'bulletin', 'title', 'severity', 'kev', 'epss', 'type', 'approval', 'product', 'version', 'platform', 'suites', 'reboot', 'vendor', 'released', 'cve', 'download', 'size', 'feed'];
const SYSTEM_COLUMNS = ['os', 'health', 'office', 'scan', 'contact', 'address', 'online', 'user', 'arch', 'agent'];

function pairColumns(i: ReturnType<typeof useI18n>, why: (p: PatchPair) => void): Column<PatchPair>[] {
	const { t, word } = i;
	const of = <T,>(columns: Column<T>[], from: (p: PatchPair) => T, names: string[]): Column<PatchPair>[] => columns
		.filter(c => names.includes(c.id))
		.map(c => ({ ...c, cell: p => c.cell(from(p)), title: c.title && (p => c.title!(from(p))) }));
	const patch = of(patchColumns(i), p => p.patch, PATCH_COLUMNS);
	const system = of(systemColumns(i).map(c => ({ ...c, sort: undefined, grow: false })), p => p.system, ['hostname', ...SYSTEM_COLUMNS]);
	return [
		patch[0]!, system[0]!,
		{ id: 'why', header: t('why.column'), fixed: true, cell: p => <button type="button" className="tk-link" aria-label={t('why.open', { name: `${p.patch.id} ${p.system.hostname}` })} onClick={() => why(p)}>{t('why.short')}</button> },
		{ id: 'state', header: t('systemPatch.state'), cell: p => <span className="tk-nowrap"><span className={`tk-state tk-state-${p.state}`}>{word('verdict', p.state)}</span>{p.failed && <span className="tk-danger-text"> ▲ {t('detail.failed')}</span>}</span> },
		...patch.slice(3, 4),
		{ id: 'outdated', header: t('systemPatch.outdated'), cell: p => <Outdated row={p} /> },
		...patch.slice(1, 3), ...patch.slice(4), ...system.slice(1).map(c => ({ ...c, id: `system.${c.id}` })),
	];
}
const HIDDEN = ['approval', 'released', 'kev', 'epss', 'product', 'version', 'platform', 'suites', 'reboot', 'vendor', 'cve', 'download', 'size', 'feed', 'type',
	'system.os', 'system.scan', 'system.health', 'system.office', 'system.contact', 'system.address', 'system.online', 'system.user', 'system.arch', 'system.agent'];

export default function Detail() {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const base = useListQuery(FILTERS, SORT);
	if (url.get('system'))
		base.system = url.get('system');
	const list = usePatchPairs({ ...base, facets: ['severity', 'type', 'os', 'state'] } as PatchPairsQuery);
	const data = list.data;
	const { menus, chips } = useFilters(FILTERS, data?.facets);
	const rowId = (p: PatchPair) => `${p.system.id} ${p.patch.id}`;
	const sel = useSelection<PatchPair>(data?.items, rowId, JSON.stringify({ ...base, cursor: '' }));
	const why = (p: PatchPair) => url.set({ why: whyParam(p.system.id, p.patch.id) });
	const columns = useColumns('detail', pairColumns(i, why), HIDDEN);
	const install = () => {
		const patches = new Map(sel.rows.map(p => [p.patch.id, p.patch]));
		const systems = new Map(sel.rows.map(p => [p.system.id, p.system]));
		url.navigate(startDraft({
			patches: { ids: [...patches.keys()] }, patchRows: [...patches.values()], patchCount: patches.size,
			systems: { ids: [...systems.keys()] }, systemRows: [...systems.values()], systemCount: systems.size,
		}));
	};
	const rows = data?.page.total ?? 0;
	const file = exportPath('/patch-systems', { ...selectionFilter(base), sort: String(base.sort ?? SORT), lang: i.lang });
	return (
		<Page title={t('patches.detail')} count={data && t('list.items', { n: data.page.total })} ready={!list.isPending} sub={<p className="tk-lead">{t('patches.detail.lead')}</p>}
			actions={rows <= MAX_FILE_ROWS
				? <a className="pf-v6-c-button pf-m-secondary" href={file} download>{t('list.csv')}</a>
				: <span className="tk-small">{t('problem.too_many_rows', { rows, max: MAX_FILE_ROWS })}</span>}>
			<ListView label={t('patches.detail')} search={t('detail.search')} list={list} columns={columns} menus={menus} chips={chips}
				rowId={rowId} rowName={p => `${p.patch.id} ${p.system.hostname}`} sort={SORT}
				chosen={may('deploy') ? { sel, actions: <Button variant="primary" size="sm" onClick={install}>{t('patches.install')}</Button> } : undefined}
				onOpen={p => url.navigate(systemPath(p.system.id))} onExplain={why}
				empty={<Empty title={t('empty.detail')} why={t('empty.detailWhy')} action={t('empty.toSystems')} to="/systems" />} />
		</Page>
	);
}
