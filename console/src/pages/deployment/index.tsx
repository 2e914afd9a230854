// SPDX-License-Identifier: Apache-2.0
// The live status of a deployment: counts, failures by cause, every target with its state and why.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { api, take } from '../../api/client';
import { useDeployment, useTargets, type Target } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Facts, Failure, Loaded } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { Pager, useColumns, ViewMenu } from '../../ui/List';
import { Page, Tabs } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { DeploymentState, TARGET_STATES, TargetReason, TargetsBar, TargetState } from '../deployments/state';
import { patchColumns } from '../patches/columns';
import { Aim } from './Aim';
import { LogDialog } from './LogDialog';
import { Plans } from './Plans';
import { Rollout } from './Rollout';

export default function DeploymentPage({ id }: { id: string }) {
	const i = useI18n();
	const { t, number, lang } = i;
	const url = useUrl();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const deployment = useDeployment(id);
	const d = deployment.data;
	const asked = url.get('tab');
	const tab = d?.operation !== 'restart_services' && d?.operation !== 'reboot' && (asked === 'patches' || asked === 'plans') ? asked : 'targets';
	const [asking, setAsking] = useState(false);
	const cancel = useMutation({
		mutationFn: () => take(api.POST('/deployments/{deployment_id}:cancel', { params: { path: { deployment_id: id } } })),
		onSuccess: () => {
			toast.done(t('deployment.cancelled'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
		},
		onError: toast.failed,
	});
	const open = d && (d.state === 'ready' || d.state === 'in_progress');
	const waiting = d ? d.targets.pending + d.targets.downloading : 0;

	return (
		<Page title={d?.name ?? t('deployment.title')} ready={!deployment.isPending} crumbs={[{ name: t('deploy.tasks'), to: '/deploy/tasks' }]}
			sub={d && (
				<div className="tk-headline">
					<DeploymentState state={d.state} />
					<span>{d.operation === 'restart_services' || d.operation === 'reboot'
						? t(d.operation === 'reboot' ? 'deployment.summaryReboot' : 'deployment.summaryRestart', { targets: d.targets.total })
						: t(d.operation === 'uninstall' ? 'deployment.summaryUninstall' : 'deployment.summary', { patches: d.patches, targets: d.targets.total })}</span>
					{d.now && <span className="tk-tag">{t('deployment.now')}</span>}
				</div>
			)}
			actions={open && may('deploy') && <Button variant="danger" onClick={() => setAsking(true)}>{t('deployment.cancel')}</Button>}>
			<Loaded query={deployment}>
				{x => (
					<>
						<div className="tk-columns tk-columns-2-1">
							<Card title={t('deployment.progress')}>
								<TargetsBar counts={x.targets} />
								<div className="tk-statechips" role="group" aria-label={t('deployment.byState')}>
									{TARGET_STATES.map(s => {
										const on = url.get('state') === s;
										return (
											<button key={s} type="button" aria-pressed={on} className={on ? 'tk-statechip tk-statechip-on' : 'tk-statechip'}
												onClick={() => url.set({ state: on ? null : s, cursor: null, tab: null })}>
												<span aria-hidden="true" className={`tk-swatch tk-tswatch-${s}`} />{t(`targetState.${s}`)}<strong>{number(x.targets[s])}</strong>
											</button>
										);
									})}
								</div>
							</Card>
							<Card title={t('deployment.facts')}>
								<Facts items={[
									...(x.aimed_at ? [[t('deployment.aimedAt'), <Aim key="a" aim={x.aimed_at} />] as [string, ReactNode]] : []),
									[t('deployment.policy'), x.policy_name[lang]],
									[t('deployment.created'), <span key="c"><Time at={x.created} /> · {x.created_by}</span>],
									[t('deployment.started'), <Time key="s" at={x.started} />],
									[t('deployment.finished'), <Time key="f" at={x.finished} />],
									...(x.description ? [[t('deployment.description'), x.description] as [string, string]] : []),
								]} />
							</Card>
						</div>
						{x.rollout && <Rollout id={id} rollout={x.rollout} open={!!open} />}
						{x.targets.failed > 0 && <FailureGroups id={id} />}
						<Tabs label={x.name} active={tab} href={k => `${url.path}${k === 'targets' ? '' : `?tab=${k}`}`}
							tabs={[{ id: 'targets', name: t('deployment.targets'), count: x.targets.total }, ...(x.operation === 'restart_services' ? [] : [{ id: 'patches', name: t('deployment.patches'), count: x.patches }, { id: 'plans', name: t('plans.title') }])]} />
						{tab === 'plans' && <Plans id={id} open={!!open} />}
						{tab === 'targets' && <Targets id={id} restarts={x.operation === 'restart_services'} />}
						{tab === 'patches' && (
							<DataTable label={t('deployment.patches')} rows={x.patch_items} rowId={p => p.id} rowName={p => p.id} empty={<Empty title={t('empty.noPatches')} why={t('empty.noPatchesWhy')} />}
								columns={[
									{ id: 'id', header: t('patch.id'), cell: p => <PatchCell i={i} id={p.id} patch={p.patch} column="id" /> },
									...['bulletin', 'title', 'severity', 'type', 'missing', 'reboot', 'size'].map(c => {
										const col = patchColumns(i).find(k => k.id === c)!;
										return { ...col, sort: undefined, title: undefined, cell: (p: (typeof x.patch_items)[number]) => <PatchCell i={i} id={p.id} patch={p.patch} column={c} /> };
									}),
								]} />
						)}
					</>
				)}
			</Loaded>
			{asking && d && (
				<Dialog tone="warning" title={t('deployment.cancelTitle', { name: d.name })} onClose={() => setAsking(false)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(false);
							cancel.mutate();
						}}>{t('deployment.cancelButton', { n: waiting })}</Button>
						<Button variant="link" data-first onClick={() => setAsking(false)}>{t('deployment.keep')}</Button>
					</>
				}>
					<p>{t('deployment.cancelText', { waiting, installing: d.targets.installing })}</p>
				</Dialog>
			)}
		</Page>
	);
}

function PatchCell({ i, id, patch, column }: { i: ReturnType<typeof useI18n>; id: string; patch: Parameters<ReturnType<typeof patchColumns>[number]['cell']>[0] | null; column: string }) {
	if (!patch)
		return column === 'id' ? <span className="tk-mono" title={i.t('deployment.patchGone')}>{id}</span> : column === 'title' ? <span className="tk-none">{i.t('deployment.patchGone')}</span> : null;
	return <>{patchColumns(i).find(c => c.id === column)?.cell(patch)}</>;
}

function Targets({ id, restarts }: { id: string; restarts: boolean }) {
	const { t, number } = useI18n();
	const url = useUrl();
	const state = (TARGET_STATES as readonly string[]).includes(url.get('state')) ? url.get('state') as Target['state'] : undefined;
	const limit = Math.min(200, Number(url.get('limit')) || 50);
	const list = useTargets(id, { limit, cursor: url.get('cursor') || undefined, state });
	const [log, setLog] = useState<Target | null>(null);
	const data = list.data;
	const columns = useColumns<Target>('targets', [
		{ id: 'hostname', header: t('system.name'), words: true, fixed: true, cell: x => <Link href={systemPath(x.system)}>{x.hostname}</Link> },
		{ id: 'state', header: t('deployment.targetState'), cell: x => <TargetState state={x.state} /> },
		{ id: 'reason', header: t('deployment.reason'), grow: true, title: x => x.detail ?? '', cell: x => <TargetReason target={x} /> },
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

/** Failed targets put together by reason, with a hint what to do. */
function FailureGroups({ id }: { id: string }) {
	const { t, maybe } = useI18n();
	const failed = useTargets(id, { state: 'failed', limit: 200 });
	const groups = useMemo(() => {
		const by = new Map<string, Target[]>();
		for (const x of failed.data?.items ?? []) {
			const key = x.reason ?? (x.exit_status === null ? 'internal' : `exit ${x.exit_status}`);
			by.set(key, [...(by.get(key) ?? []), x]);
		}
		return [...by].sort((a, b) => b[1].length - a[1].length);
	}, [failed.data]);
	if (groups.length === 0)
		return null;
	return (
		<Card title={t('failure.title')} className="tk-card-danger">
			<ul className="tk-failures">
				{groups.map(([reason, list]) => (
					<li key={reason}>
						<p><strong>{t('failure.hosts', { n: list.length })}</strong> {maybe(`reason.${reason}`) ?? reason}</p>
						{maybe(`hint.${reason}`) && <p className="tk-small">{maybe(`hint.${reason}`)}</p>}
						<p className="tk-small">
							{list.slice(0, 6).map(x => <Link key={x.system} href={systemPath(x.system, 'deployments')}>{x.hostname}</Link>)}
							{list.length > 6 && <span> {t('failure.more', { n: list.length - 6 })}</span>}
						</p>
					</li>
				))}
			</ul>
			{failed.data?.page.next_cursor && <p className="tk-small">{t('failure.first', { n: failed.data.items.length })}</p>}
		</Card>
	);
}
