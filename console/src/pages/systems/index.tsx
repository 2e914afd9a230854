// SPDX-License-Identifier: Apache-2.0
// Managed systems with the box of health classes at the side.
import { useSystems, type SystemQuery } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty } from '../../ui/basic';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { useUrl } from '../../ui/url';
import { startDraft } from '../new-deployment/draft';
import { useScan } from '../scan/useScan';
import { RebootMany } from '../system/Reboot';
import { RestartServicesOfMany } from '../system/RestartServices';
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
	const actions = (
		<>
			{may('scan') && <Button variant="secondary" size="sm" isDisabled={scan.isPending} onClick={() => scan.mutate(sel.wire(filter, total))}>{t('scan.now')}</Button>}
			{may('deploy') && <RestartServicesOfMany systems={sel.wire(filter, total)} count={count} />}
			{may('deploy') && <RebootMany systems={sel.wire(filter, total)} count={count} />}
			{may('deploy') && (
				<Button variant="primary" size="sm" onClick={() => url.navigate(startDraft({
					systems: sel.wire(filter, total), systemRows: sel.all ? undefined : sel.rows, systemCount: count,
				}))}>{t('systems.installMissing')}</Button>
			)}
		</>
	);

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
					<ListView label={t('systems.managed')} search={t('systems.search')} list={list} columns={columns} menus={menus} chips={chips}
						rowId={s => s.id} rowName={s => s.hostname} sort="hostname"
						onOpen={s => url.navigate(systemPath(s.id))} onExplain={s => url.navigate(systemPath(s.id, 'missing'))}
						chosen={may('deploy') || may('scan') ? { sel, many: true, actions } : undefined}
						empty={<Empty title={t('empty.systems')} why={t('empty.systemsWhy')} action={t('empty.toInstall')} to="/agents/install" />} />
				</div>
			</div>
		</Page>
	);
}
