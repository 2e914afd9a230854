// SPDX-License-Identifier: Apache-2.0
// The live status of a deployment: counts, failures by cause, every target with its state and why.
import type { ReactNode } from 'react';
import { useDeployment, type DeploymentDetail } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Card, Facts, Loaded, Note } from '../../ui/basic';
import { useEvery } from '../../ui/NotifyField';
import { Page, Tabs } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { DeploymentState, TARGET_STATES, TargetsBar } from '../deployments/state';
import { Actions, isOpen, useRetry } from './actions';
import { Aim } from './Aim';
import { Failures } from './Failures';
import { Patches } from './Patches';
import { Plans } from './Plans';
import { Rollout } from './Rollout';
import { Targets } from './Targets';

export default function DeploymentPage({ id }: { id: string }) {
	const { t } = useI18n();
	const { may } = useSession();
	const deployment = useDeployment(id);
	const d = deployment.data;
	return (
		<Page title={d?.name ?? t('deployment.title')} ready={!deployment.isPending} crumbs={[{ name: t('deploy.tasks'), to: '/deploy/tasks' }]}
			sub={d && (
				<div className="tk-headline">
					<DeploymentState state={d.state} />
					{d.state !== 'draft' && <span>{d.operation === 'restart_services' || d.operation === 'reboot'
						? t(d.operation === 'reboot' ? 'deployment.summaryReboot' : 'deployment.summaryRestart', { targets: d.targets.total })
						: t(d.operation === 'uninstall' ? 'deployment.summaryUninstall' : 'deployment.summary', { patches: d.patches, targets: d.targets.total })}</span>}
					{d.now && <span className="tk-tag">{t('deployment.now')}</span>}
				</div>
			)}
			actions={d && may('deploy') && <Actions d={d} />}>
			<Loaded query={deployment}>{x => <Status d={x} />}</Loaded>
		</Page>
	);
}

function Status({ d: x }: { d: DeploymentDetail }) {
	const { t } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const retry = useRetry(x.id);
	const mayRetry = may('deploy') && !x.removed ? retry : undefined;
	const installs = x.operation === 'install' || x.operation === 'uninstall';
	const asked = url.get('tab');
	// nobody is asked for the plan of what is published: it is told with the first installation
	const plans = installs && (x.option !== 'publish' || x.targets.succeeded + x.targets.failed > 0);
	const tab = (asked === 'patches' && installs) || (asked === 'plans' && plans) ? asked : 'targets';
	return (
		<>
			{x.removed && <Note tone="warning" title={t('deployment.inTrash')} />}
			{x.state === 'suspended' && <Note tone="warning" title={t('deployment.isSuspended')} />}
			<div className="tk-columns tk-columns-2-1">
				<Progress d={x} />
				<Card title={t('deployment.facts')}><FactsOf d={x} /></Card>
			</div>
			{x.rollout && <Rollout id={x.id} rollout={x.rollout} open={isOpen(x)} />}
			{x.targets.failed > 0 && <Failures id={x.id} retry={mayRetry} />}
			{x.state !== 'draft' && (
				<>
					<Tabs label={x.name} active={tab} href={k => `${url.path}${k === 'targets' ? '' : `?tab=${k}`}`}
						tabs={[{ id: 'targets', name: t('deployment.targets'), count: x.targets.total }, ...(installs ? [{ id: 'patches', name: t('deployment.patches'), count: x.patches }] : []), ...(plans ? [{ id: 'plans', name: t('plans.title') }] : [])]} />
					{tab === 'plans' && <Plans id={x.id} open={isOpen(x)} />}
					{tab === 'targets' && <Targets id={x.id} restarts={x.operation === 'restart_services'} installs={installs} retry={x.targets.failed > 0 ? mayRetry : undefined} />}
					{tab === 'patches' && <Patches id={x.id} />}
				</>
			)}
		</>
	);
}

function Progress({ d: x }: { d: DeploymentDetail }) {
	const { t, number } = useI18n();
	const url = useUrl();
	return (
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
	);
}

function FactsOf({ d: x }: { d: DeploymentDetail }) {
	const { t, lang } = useI18n();
	const every = useEvery();
	const install = x.operation === 'install';
	return (
		<Facts items={[
			...(x.aimed_at ? [[t('deployment.aimedAt'), <Aim key="a" aim={x.aimed_at} />] as [string, ReactNode]] : []),
			[t('deployment.policy'), x.policy_name[lang]],
			[t('deployment.created'), <span key="c"><Time at={x.created} /> · {x.created_by}</span>],
			[t('deployment.started'), <Time key="s" at={x.started} />],
			[t('deployment.finished'), <Time key="f" at={x.finished} />],
			...(x.option === 'publish' ? [
				[t('portal.option'), t('portal.publish')], [t('portal.deadline'), <Time key="d" at={x.deadline} none={t('portal.noDeadline')} />],
			] as [string, ReactNode][] : []),
			...(x.expires ? [[t('terms.expires'), <Time key="e" at={x.expires} />] as [string, ReactNode]] : []),
			...(install ? [
				[t('terms.retry'), x.retry ? t('terms.retryFact', { refresh: x.retry.refresh, startUp: x.retry.start_up }) : t('terms.retryUsual')],
				[t('terms.distribution'), t(`terms.${x.distribution}`)],
			] as [string, string][] : []),
			...(x.notify ? [[t('mailing.title'), t('mailing.fact', { to: x.notify.to.join(', '), every: every(x.notify.every_minutes) })] as [string, string]] : []),
			...(x.description ? [[t('deployment.description'), x.description] as [string, string]] : []),
		]} />
	);
}
