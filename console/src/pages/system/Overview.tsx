// SPDX-License-Identifier: Apache-2.0
// What a system is, how it fares, and what its agent found out about reboot and restarts.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { useSystemDeployments } from '../../api/queries';
import { deploymentPath, systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Card, Facts, Note } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import { CopyButton } from '../../ui/Copy';
import { DataTable } from '../../ui/DataTable';
import { LifecycleFacts } from '../../ui/Enriched';
import { GLYPH, Health, SEVERITIES } from '../../ui/Severity';
import { Time } from '../../ui/Time';
import { countsDown, TargetReason } from '../deployments/state';
import { Reboot } from './Reboot';
import { RestartServices } from './RestartServices';

type Detail = Schemas['SystemDetail'];

export function Overview({ s }: { s: Detail }) {
	const { t, word, number } = useI18n();
	return (
		<>
			{s.scan_status === 'failed' && <Note tone="danger" title={t('system.scanFailed')}><p lang="en">{s.scan_error}</p></Note>}
			{s.lifecycle.state === 'end_of_life' && <Note tone="warning" title={t('lifecycle.ended')}><p>{t(s.lifecycle.extended_end ? 'lifecycle.endedExtended' : 'lifecycle.endedWhy')}</p></Note>}
			<div className="tk-columns">
				<Card title={t('system.patchState')}>
					<div className="tk-row"><Health value={s.health} /></div>
					<StackedBar label={SEVERITIES.map(v => `${word('severity', v)} ${number(s.missing[v])}`).join(', ')}
						segments={SEVERITIES.map(v => ({ id: v, label: v, value: s.missing[v], className: `tk-fill-${v}` }))} />
					<ul className="tk-legend">
						{SEVERITIES.map(v => (
							<li key={v}>
								<Link href={`${systemPath(s.id, 'missing')}?severity=${v}`}>
									<span aria-hidden="true" className={`tk-glyph tk-sevtext-${v}`}>{GLYPH[v]}</span>{word('severity', v)} <strong>{number(s.missing[v])}</strong>
								</Link>
							</li>
						))}
					</ul>
					<Facts items={[
						[t('system.missing'), <Link key="m" href={systemPath(s.id, 'missing')}>{number(s.missing.total)}</Link>],
						...(s.unknown > 0 ? [[t('system.unknown'), <Link key="u" href={systemPath(s.id, 'installed')}>{number(s.unknown)}</Link>] as [string, ReactNode]] : []),
						[t('system.installed'), <Link key="i" href={systemPath(s.id, 'installed')}>{number(s.installed)}</Link>],
						[t('system.held'), number(s.held)],
						...(['kept_back', 'phased', 'needs_subscription', 'declined'] as const).filter(x => s[x] > 0).map(x => [t(`verdict.${x}`), <Link key={x} href={`${systemPath(s.id, 'missing')}?state=${x}`}>{number(s[x])}</Link>] as [string, React.ReactNode]),
						...(s.flags.length ? [[t('system.flags'), <span key="f">{s.flags.map(f => <span key={f} className="tk-tag tk-tag-warn">{word('systemFlag', f)}</span>)}</span>] as [string, React.ReactNode]] : []),
						[t('system.failed'), <Link key="f" href={systemPath(s.id, 'deployments')}>{number(s.failed)}</Link>],
						[t('scan.last'), <Time key="t" at={s.last_scan} none={t('scan.never')} />],
						[t('scan.lastStatus'), t(`scan.${s.scan_status}`)],
					]} />
				</Card>
				<Card title={t('system.identity')}>
					<Facts items={[
						[t('system.name'), s.hostname],
						[t('system.os'), s.os_name],
						[t('system.osId'), s.os],
						[t('system.lifecycle'), <LifecycleFacts key="l" l={s.lifecycle} />],
						[t('system.arch'), s.arch],
						[t('system.kernel'), <span key="k" className="tk-mono">{s.kernel}</span>],
						[t('system.address'), <span key="a" className="tk-mono">{s.address}</span>],
						...(s.lan?.interfaces.length ? [[t('lan.interfaces'), <Interfaces key="n" lan={s.lan} />] as [string, ReactNode]] : []),
						[t('system.user'), s.logged_in_user ?? ''],
						[t('system.boot'), <Time key="b" at={s.boot_time} />],
						[t('system.office'), word('office', s.office)],
					]} />
				</Card>
			</div>
			<Evidence s={s} />
		</>
	);
}

/** What is needed to wake it. */
function Interfaces({ lan }: { lan: NonNullable<Detail['lan']> }) {
	const { t } = useI18n();
	return lan.interfaces.map(i => (
		<div key={i.name}>{i.name} <span className="tk-mono">{i.mac}</span> <span className="tk-mono">{i.subnets.join(', ')}</span> <span className="tk-small">{t(`lan.${i.wake}`)}</span></div>
	));
}

/** Its users see it count down to a restart, which a deployment has ordered. */
function Countdown({ id }: { id: string }) {
	const list = useSystemDeployments(id, {});
	return (list.data?.items ?? []).filter(x => countsDown(x.target)).map(x => (
		<Note key={x.deployment.id} tone="info" title={<Link href={deploymentPath(x.deployment.id)}>{x.deployment.name}</Link>}><TargetReason target={x.target} /></Note>
	));
}

function Evidence({ s }: { s: Detail }) {
	const { t, number } = useI18n();
	const e = s.evidence;
	if (!e)
		return <Card title={t('evidence.reboot')} extra={<Reboot s={s} />}><Countdown id={s.id} /><p className="tk-none">{t('evidence.none')}</p></Card>;
	const r = e.reboot;
	const restart = e.restart ?? [];
	return (
		<div className="tk-columns">
			<Card title={t('evidence.reboot')} extra={<Reboot s={s} />}>
				<Countdown id={s.id} />
				{r
					? (
						<>
							<p className={r.needed ? 'tk-warn-text' : 'tk-ok-text'}>
								<strong>{t(r.needed ? 'evidence.needed' : 'evidence.notNeeded')}</strong>
							</p>
							<p>{t(`evidence.why.${r.why ?? 'unknown'}`)}</p>
							<Facts items={[
								[t('evidence.running'), r.running_kernel ? <span key="r" className="tk-mono">{r.running_kernel}</span> : ''],
								[t('evidence.newest'), r.newest_kernel ? <span key="n" className="tk-mono">{r.newest_kernel}</span> : ''],
								...(r.packages?.length ? [[t('evidence.packages'), r.packages.join(', ')] as [string, string]] : []),
							]} />
						</>
					)
					: <p className="tk-none">{t('evidence.none')}</p>}
			</Card>
			<Card title={t('evidence.restart')} extra={restart.length > 0 && <><span className="tk-small">{t('evidence.restartCount', { n: restart.length })}</span> <RestartServices s={s} /></>}>
				{restart.length === 0
					? <p className="tk-ok-text">✓ {t('evidence.noRestart')}</p>
					: (
						<DataTable label={t('evidence.restart')} keyboard={false} rows={restart} rowId={x => `${x.pid} ${x.unit}`} rowName={x => x.unit ?? ''} empty={null}
							columns={[
								{ id: 'unit', header: t('evidence.unit'), cell: x => x.unit || <span className="tk-none">–</span> },
								{ id: 'remedy', header: t('evidence.remedy'), cell: x => t(`evidence.remedy.${x.remedy ?? 'none'}`) },
								{ id: 'pid', header: t('evidence.pid'), numeric: true, cell: x => x.pid === undefined ? '' : number(x.pid).replace(/,/g, '') },
								{ id: 'exe', header: t('evidence.exe'), cell: x => <span className="tk-mono">{x.exe}</span> },
								{ id: 'libs', header: t('evidence.libraries'), grow: true, title: x => (x.libraries ?? []).join('\n'), cell: x => <span className="tk-mono">{(x.libraries ?? []).join(', ')}</span> },
							]} />
					)}
			</Card>
		</div>
	);
}

export function AgentTab({ s }: { s: Detail }) {
	const { t, number } = useI18n();
	return (
		<Card title={t('system.tab.agent')}>
			<Facts items={[
				[t('agent.id'), <span key="i" className="tk-mono">{s.id} <CopyButton text={s.id} what={t('agent.id')} /></span>],
				[t('agent.version'), s.agent_version],
				[t('agent.state'), t(`systemState.${s.state}`)],
				[t('system.connection'), t(s.online ? 'system.online' : 'system.offline')],
				[t('system.lastContact'), <Time key="c" at={s.last_contact} />],
				[t('agent.enrolled'), <Time key="e" at={s.enrolled} />],
				[t('agent.certificate'), <span key="f" className="tk-mono tk-break">{s.certificate_fingerprint}</span>],
				[t('agent.facts'), number(s.facts)],
				[t('why.inventory'), s.inventory_digest ? <span key="d" className="tk-mono tk-break">{s.inventory_digest}</span> : ''],
			]} />
		</Card>
	);
}
