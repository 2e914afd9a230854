// SPDX-License-Identifier: Apache-2.0
// Managed systems with the box of health classes at the side.
import { useSystems, type SystemQuery } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { Chips, ListSearch, Pager, SelectionBar, useColumns, useSelection, ViewMenu } from '../../ui/List';
import { Page } from '../../ui/Page';
import { useUrl } from '../../ui/url';
import { startDraft } from '../new-deployment/draft';
import { useScan } from '../scan/useScan';
import { systemColumns } from './columns';

export const SYSTEM_FILTERS: Filter[] = [
	{ param: 'health', name: 'system.health', words: 'health', always: ['highly_vulnerable', 'vulnerable', 'healthy', 'unknown'] },
	{ param: 'os', name: 'system.os' },
	{ param: 'lifecycle', name: 'system.lifecycle', words: 'lifecycle', always: ['end_of_life', 'extended', 'supported', 'unknown'] },
	{ param: 'online', name: 'system.connection', words: 'online', always: ['true', 'false'], single: true },
	{ param: 'reboot', name: 'system.reboot', words: 'rebootNeeded', always: ['true', 'false'], single: true },
	{ param: 'scan', name: 'system.scanStatus', words: 'scan' },
	{ param: 'office', name: 'system.office', words: 'office' },
	{ param: 'agent_version', name: 'system.agent' },
	{ param: 'stale', name: 'system.stale', words: 'yesno', single: true, always: ['true'] },
];
/** What facets the server counts for the filters above. */
export const SYSTEM_FACETS = ['health', 'os', 'scan', 'office', 'online', 'reboot', 'agent_version', 'lifecycle'];
const HEALTHS = ['highly_vulnerable', 'vulnerable', 'healthy', 'unknown'] as const;

export default function Systems() {
	const i = useI18n();
	const { t, number, word } = i;
	const url = useUrl();
	const { may } = useSession();
	const base = useListQuery(SYSTEM_FILTERS);
	const list = useSystems({ ...base, facets: SYSTEM_FACETS } as SystemQuery);
	const data = list.data;
	const filter = selectionFilter(base);
	const sel = useSelection(data?.items, s => s.id, JSON.stringify(filter));
	const columns = useColumns('systems', systemColumns(i), ['critical', 'important', 'held', 'kept_back', 'phased', 'needs_subscription', 'office', 'user', 'kernel', 'arch', 'agent', 'address']);
	const { menus, chips } = useFilters(SYSTEM_FILTERS, data?.facets);
	const scan = useScan();
	const total = data?.page.total ?? 0;
	const count = sel.count(total);
	const health = (h: string) => data?.facets?.health?.find(f => f.value === h)?.count ?? 0;
	const chosen = url.list('health');

	return (
		<Page title={t('systems.managed')} count={data && t('list.systems', { n: total })} ready={!list.isPending}>
			<div className="tk-sided">
				<aside className="tk-healthbox" aria-label={t('systems.byHealth')}>
					<h2>{t('systems.byHealth')}</h2>
					{HEALTHS.map(h => {
						const on = chosen.includes(h);
						return (
							<button key={h} type="button" aria-pressed={on} className={`tk-healthline tk-healthline-${h}`}
								onClick={() => url.set({ health: on ? chosen.filter(v => v !== h) : [...chosen, h], cursor: null })}>
								<span>{word('health', h)}</span><strong>{number(health(h))}</strong>
							</button>
						);
					})}
					<p className="tk-small">{t('systems.policy')}</p>
				</aside>
				<div className="tk-sided-main">
					<div className="tk-toolbar">
						<ListSearch label={t('systems.search')} />
						{menus}
						<span className="tk-grow-space" />
						<Pager page={data?.page} shown={data?.items.length ?? 0} />
						<ViewMenu columns={columns} />
					</div>
					<Chips chips={chips} />
					<SelectionBar count={count} total={total} all={sel.all} pageFull={!!data && data.items.length > 0 && data.items.every(s => sel.selection.has(s.id))}
						onAll={sel.selectAll} onClear={sel.clear}>
						{may('scan') && <Button variant="secondary" size="sm" isDisabled={scan.isPending} onClick={() => scan.mutate(sel.wire(filter, total))}>{t('scan.now')}</Button>}
						{may('deploy') && (
							<Button variant="primary" size="sm" onClick={() => url.navigate(startDraft({
								systems: sel.wire(filter, total), systemRows: sel.all ? undefined : sel.rows, systemCount: count,
							}))}>{t('systems.installMissing')}</Button>
						)}
					</SelectionBar>
					{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
					{!(list.error && !data) && (
						<DataTable label={t('systems.managed')} columns={columns.shown} rows={data?.items} rowId={s => s.id} rowName={s => s.hostname}
							sort={url.get('sort') || 'hostname'} onSort={s => url.set({ sort: s, cursor: null })} selection={may('deploy') || may('scan') ? sel.selection : undefined}
							stale={list.isPlaceholderData} onOpen={s => url.navigate(systemPath(s.id))} onExplain={s => url.navigate(systemPath(s.id, 'missing'))}
							empty={chips.length > 0 || url.get('q')
								? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
								: <Empty title={t('empty.systems')} why={t('empty.systemsWhy')} action={t('empty.toInstall')} to="/agents/install" />} />
					)}
				</div>
			</div>
		</Page>
	);
}
