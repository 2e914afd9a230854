// SPDX-License-Identifier: Apache-2.0
// Every target of a deployment with its state, why, and when it goes on.
import { useState } from 'react';
import { Link } from 'wouter';
import { useTargets, type Target } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { Pager, useColumns, ViewMenu } from '../../ui/List';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { TARGET_STATES, TargetReason, TargetState } from '../deployments/state';
import { LogDialog } from './LogDialog';
import { PlanDialog } from './PlanDialog';
import type { Retry } from './actions';

export function Targets({ id, restarts, installs, retry }: { id: string; restarts: boolean; installs: boolean; retry?: Retry }) {
	const { t, number } = useI18n();
	const url = useUrl();
	const state = (TARGET_STATES as readonly string[]).includes(url.get('state')) ? url.get('state') as Target['state'] : undefined;
	const limit = Math.min(200, Number(url.get('limit')) || 50);
	const list = useTargets(id, { limit, cursor: url.get('cursor') || undefined, state });
	const [log, setLog] = useState<Target | null>(null);
	const [plan, setPlan] = useState<Target | null>(null);
	const data = list.data;
	const columns = useColumns<Target>('targets', [
		{ id: 'hostname', header: t('system.name'), words: true, fixed: true, cell: x => <Link href={systemPath(x.system)}>{x.hostname}</Link> },
		{ id: 'state', header: t('deployment.targetState'), cell: x => <TargetState target={x} /> },
		{ id: 'reason', header: t('deployment.reason'), grow: true, words: true, title: x => x.detail ?? '', cell: x => <TargetReason target={x} /> },
		{ id: 'done', drop: 2, header: t('deployment.done'), cell: x => x.total > 0 && (x.state === 'downloading' || x.state === 'installing') ? <Meter done={x.done} total={x.total} /> : <span className="tk-none">–</span> },
		...(restarts
			? [{ id: 'services', drop: 3, header: t('evidence.services'), title: (x: Target) => x.services.join('\n'), cell: (x: Target) => <span className="tk-mono">{x.services.join(', ')}</span> }]
			: [{ id: 'patches', drop: 3, header: t('deployment.patches'), numeric: true, cell: (x: Target) => number(x.patches) }]),
		{ id: 'attempts', drop: 4, header: t('deployment.attempts'), numeric: true, cell: x => x.attempts ? number(x.attempts) : <span className="tk-none">–</span> },
		{ id: 'exit', drop: 5, header: t('deployment.exit'), numeric: true, cell: x => x.exit_status ?? <span className="tk-none">–</span> },
		{ id: 'reboot', drop: 1, header: t('system.reboot'), title: x => x.reboot ? t(`rebootHelp.${x.reboot}`) : '', cell: x => <RebootState target={x} /> },
		{ id: 'next', drop: 5, header: t('deployment.nextAttempt'), cell: x => <Time at={x.next_attempt} /> },
		{ id: 'updated', drop: 2, header: t('deployment.updated'), cell: x => <Time at={x.updated} relative /> },
		{ id: 'finished', drop: 5, header: t('deployment.finished'), cell: x => <Time at={x.finished} /> },
		...(retry ? [{ id: 'retry', header: t('deploy.action'), cell: (x: Target) => x.state === 'failed'
			? <button type="button" className="tk-link" disabled={retry.isPending} aria-label={t('deployment.retryOne', { name: x.hostname })} onClick={() => retry.mutate({ systems: [x.system] })}>{t('deployment.retry')}</button>
			: <span className="tk-none">–</span> }] : []),
		...(installs ? [{ id: 'plan', drop: 4, header: t('plans.plan'), cell: (x: Target) => <button type="button" className="tk-link" aria-label={t('plans.open', { name: x.hostname })} onClick={() => setPlan(x)}>{t('deployment.showLog')}</button> }] : []),
		{ id: 'log', header: t('deployment.log'), cell: x => x.has_log ? <button type="button" className="tk-link" aria-label={t('deployment.openLog', { name: x.hostname })} onClick={() => setLog(x)}>{t('deployment.showLog')}</button> : <span className="tk-none">–</span> },
	] satisfies Column<Target>[], ['exit', 'next', 'finished']);
	return (
		<>
			<div className="tk-toolbar">
				{state && <span className="tk-chip"><span className="tk-chip-name">{t('deployment.targetState')}</span>{t(`targetState.${state}`)}</span>}
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
				<ViewMenu columns={columns} />
			</div>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('deployment.targets')} columns={columns.shown} rows={data?.items} rowId={x => x.system} rowName={x => x.hostname} stale={list.isPlaceholderData}
					onOpen={x => url.navigate(systemPath(x.system))}
					empty={state
						? <Empty title={t('empty.noTargets')} why={t('empty.noTargetsWhy')} action={t('filter.clear')} onAction={() => url.set({ state: null, cursor: null })} />
						: <Empty title={t('empty.noTargets')} why={t('empty.noTargetsAtAll')} />} />
			)}
			{log && <LogDialog deployment={id} system={log.system} hostname={log.hostname} onClose={() => setLog(null)} />}
			{plan && <PlanDialog deployment={id} system={plan.system} hostname={plan.hostname} onClose={() => setPlan(null)} />}
		</>
	);
}

/** What became of an ordered reboot, else whether the system waits for one. */
function RebootState({ target }: { target: Target }) {
	const { t } = useI18n();
	const { reboot, reboot_needed } = target;
	if (reboot && !(reboot === 'not_needed' && reboot_needed))
		return <span className={reboot === 'came_back' || reboot === 'not_needed' || reboot === 'off' ? undefined : 'tk-warn-text'}>{t(`reboot.${reboot}`)}</span>;
	return reboot_needed ? <span className="tk-warn-text">{t('system.rebootNeeded')}</span> : <span className="tk-none">–</span>;
}

function Meter({ done, total }: { done: number; total: number }) {
	const { t, number } = useI18n();
	const percent = Math.min(100, Math.round((done / total) * 100));
	return (
		<span className="tk-progresscell">
			<span className="tk-meter" role="progressbar" aria-label={t('deployment.done')} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}><span style={{ width: `${percent}%` }} /></span>
			<span className="tk-num">{t('percent', { n: number(percent) })}</span>
		</span>
	);
}
