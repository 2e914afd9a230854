// SPDX-License-Identifier: Apache-2.0
// Home: every number is counted by the server at the moment of change, arrives live, and links to the
// list behind it.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { useDashboard } from '../../api/queries';
import { deploymentPath, patchPath, systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Card, Empty, Loaded } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import { Page } from '../../ui/Page';
import { GLYPH, Health, Severity, SEVERITIES } from '../../ui/Severity';
import { Time } from '../../ui/Time';
import { withQuery } from '../../ui/url';
import { DeploymentState, TargetsBar } from '../deployments/state';
import { MissingBar } from '../systems/columns';

type D = Schemas['Dashboard'];
const HEALTHS = ['highly_vulnerable', 'vulnerable', 'healthy', 'unknown'] as const;

export default function Dashboard() {
	const { t } = useI18n();
	const d = useDashboard();
	return (
		<Page title={t('nav.home')} heading={t('dashboard.title')} ready={!d.isPending}
			sub={d.data && <p className="tk-small">{t('dashboard.asOf')} <Time at={d.data.as_of} /></p>}>
			<Loaded query={d}>
				{x => (
					<>
						{x.systems.total === 0 && <Start d={x} />}
						{x.systems.total > 0 && <Kpis d={x} />}
						{x.systems.total > 0 && <Numbers d={x} />}
						<div className="tk-columns">
							{x.systems.total > 0 && <TopPatches d={x} />}
							{x.systems.total > 0 && <TopSystems d={x} />}
							<Running d={x} />
							<PatchDb d={x} />
							{x.by_os.length > 0 && <ByOs d={x} />}
						</div>
					</>
				)}
			</Loaded>
		</Page>
	);
}

function Start({ d }: { d: D }) {
	const { t } = useI18n();
	const synced = d.feeds.last_success !== null;
	return (
		<Card className="tk-start">
			<h2>{t('start.title')}</h2>
			<ol>
				<li className={synced ? 'tk-done' : ''}>
					<strong>{t('start.sync')}</strong> {synced ? <span className="tk-ok-text">✓ {t('start.done')}</span> : <Link href="/admin/patch-db">{t('empty.toPatchDb')}</Link>}
					<p className="tk-small">{t('start.syncText')}</p>
				</li>
				<li>
					<strong>{t('start.install')}</strong> <Link href="/agents/install">{t('empty.toInstall')}</Link>
					<p className="tk-small">{t('start.installText')}</p>
				</li>
				<li><strong>{t('start.deploy')}</strong><p className="tk-small">{t('start.deployText')}</p></li>
			</ol>
		</Card>
	);
}

function Kpi({ name, n, to, tone, note }: { name: string; n: number; to: string; tone?: 'danger' | 'warn'; note?: ReactNode }) {
	const { number } = useI18n();
	return (
		<Link href={to} className={`tk-kpi tk-kpi-link${tone && n > 0 ? ` tk-kpi-${tone}` : ''}`}>
			<span>{name}</span>
			<strong>{number(n)}</strong>
			{note && <small>{note}</small>}
		</Link>
	);
}

function Kpis({ d }: { d: D }) {
	const { t } = useI18n();
	const s = d.systems;
	return (
		<div className="tk-kpis">
			<Kpi name={t('kpi.systems')} n={s.total} to="/systems" note={t('kpi.online', { n: s.online })} />
			<Kpi name={t('kpi.missing')} n={d.patches.missing} to="/patches/missing" note={t('kpi.pairs', { n: d.patches.missing_pairs })} />
			<Kpi name={t('kpi.security')} n={d.patches.security_missing} to="/patches/missing?type=security" tone="danger" />
			{d.kev && <Kpi name={t('kpi.kev')} n={d.kev.patches} to="/patches/critical" tone="danger" note={t('kpi.kevSystems', { n: d.kev.systems })} />}
			{d.end_of_life_systems > 0 && <Kpi name={t('kpi.endOfLife')} n={d.end_of_life_systems} to="/systems?lifecycle=end_of_life" tone="warn" />}
			<Kpi name={t('kpi.reboot')} n={s.reboot_needed} to="/systems?reboot=true" tone="warn" />
			<Kpi name={t('kpi.stale')} n={s.stale_scans + s.never_scanned} to="/systems?stale=true" tone="warn" note={t('kpi.never', { n: s.never_scanned })} />
			<Kpi name={t('kpi.scanFailed')} n={s.scan_failed} to="/systems/scan?scan=failed" tone="danger" />
		</div>
	);
}

function Numbers({ d }: { d: D }) {
	const { t, number, word } = useI18n();
	const h = d.systems.health, m = d.patches.missing_by_severity;
	return (
		<div className="tk-columns">
			<Card title={t('dashboard.health')}>
				<StackedBar label={HEALTHS.map(k => `${word('health', k)} ${number(h[k])}`).join(', ')} segments={HEALTHS.map(k => ({ id: k, label: k, value: h[k], className: `tk-hfill-${k}` }))} />
				<ul className="tk-legend">
					{HEALTHS.map(k => <li key={k}><Link href={`/systems?health=${k}`}><Health value={k} /> <strong>{number(h[k])}</strong></Link></li>)}
				</ul>
			</Card>
			<Card title={t('dashboard.bySeverity')}>
				<StackedBar label={SEVERITIES.map(k => `${word('severity', k)} ${number(m[k])}`).join(', ')} segments={SEVERITIES.map(k => ({ id: k, label: k, value: m[k], className: `tk-fill-${k}` }))} />
				<ul className="tk-legend">
					{SEVERITIES.map(k => (
						<li key={k}>
							<Link href={`/patches/missing?severity=${k}`}><span aria-hidden="true" className={`tk-glyph tk-sevtext-${k}`}>{GLYPH[k]}</span>{word('severity', k)} <strong>{number(m[k])}</strong></Link>
						</li>
					))}
				</ul>
			</Card>
		</div>
	);
}

function TopPatches({ d }: { d: D }) {
	const { t, number } = useI18n();
	return (
		<Card title={t('dashboard.topPatches')} extra={<Link href="/patches/missing">{t('dashboard.all')}</Link>}>
			{d.top_missing_patches.length === 0 && <p className="tk-ok-text">✓ {t('dashboard.nothingMissing')}</p>}
			<ul className="tk-rows">
				{d.top_missing_patches.map(p => (
					<li key={p.id}>
						<Severity value={p.severity} raw={p.severity_raw} derived={p.severity_derived} />
						<Link href={patchPath(p.id)} className="tk-rows-name" title={p.id}>{p.title || p.id}</Link>
						<Link href={patchPath(p.id, 'missing')} className="tk-num">{t('dashboard.systems', { n: number(p.missing_systems) })}</Link>
					</li>
				))}
			</ul>
		</Card>
	);
}

function TopSystems({ d }: { d: D }) {
	const i = useI18n();
	const { t } = i;
	return (
		<Card title={t('dashboard.topSystems')} extra={<Link href="/systems?sort=-missing_critical">{t('dashboard.all')}</Link>}>
			{d.top_vulnerable_systems.length === 0 && <p className="tk-ok-text">✓ {t('dashboard.noRisk')}</p>}
			<ul className="tk-rows">
				{d.top_vulnerable_systems.map(s => (
					<li key={s.id}>
						<Health value={s.health} />
						<Link href={systemPath(s.id)} className="tk-rows-name">{s.hostname}</Link>
						<MissingBar missing={s.missing} id={s.id} i={i} />
					</li>
				))}
			</ul>
		</Card>
	);
}

function Running({ d }: { d: D }) {
	const { t, number } = useI18n();
	return (
		<Card title={t('dashboard.running')} extra={<Link href="/deploy/tasks">{t('dashboard.all')}</Link>}>
			{d.running_deployments.length === 0 && <p className="tk-none">{t('dashboard.noneRunning')}</p>}
			<ul className="tk-rows">
				{d.running_deployments.map(x => (
					<li key={x.id}>
						<DeploymentState state={x.state} />
						<Link href={deploymentPath(x.id)} className="tk-rows-name">{x.name}</Link>
						<span className="tk-progresscell"><TargetsBar thin counts={x.targets} /><span className="tk-num">{number(x.targets.succeeded)} / {number(x.targets.total)}</span></span>
					</li>
				))}
			</ul>
		</Card>
	);
}

function PatchDb({ d }: { d: D }) {
	const { t, number } = useI18n();
	const f = d.feeds;
	return (
		<Card title={t('sync.title')} extra={<Link href="/admin/patch-db">{t('sync.details')}</Link>}>
			{f.last_success === null
				? <Empty title={t('sync.never')} why={t('start.syncText')} action={t('empty.toPatchDb')} to="/admin/patch-db" />
				: (
					<ul className="tk-plain">
						<li>{t('sync.last')}: <Time at={f.last_success} /></li>
						<li>{t('sync.sources')}: <span className={f.failing ? 'tk-danger-text' : ''}>{t('sync.sourcesValue', { n: f.total, failing: f.failing })}</span></li>
						<li>{t('dashboard.supported')}: <Link href="/patches/supported">{number(d.patches.supported)}</Link></li>
						<li>{t('dashboard.installed')}: <Link href="/patches/installed">{number(d.patches.installed)}</Link></li>
						{!f.advisories_present && <li className="tk-warn-text">{t('sync.noAdvisories')}</li>}
					</ul>
				)}
		</Card>
	);
}

function ByOs({ d }: { d: D }) {
	const { t, number, word } = useI18n();
	return (
		<Card title={t('dashboard.byOs')}>
			<ul className="tk-rows">
				{d.by_os.map(o => (
					<li key={o.os}>
						<Link href={withQuery('/systems', { os: o.os })} className="tk-rows-name">{o.os_name || o.os}</Link>
						<span className="tk-rows-bar"><StackedBar thin label={HEALTHS.map(k => `${word('health', k)} ${number(o.health[k])}`).join(', ')} segments={HEALTHS.map(k => ({ id: k, label: k, value: o.health[k], className: `tk-hfill-${k}` }))} /></span>
						<span className="tk-num">{t('dashboard.systems', { n: number(o.systems) })}</span>
					</li>
				))}
			</ul>
		</Card>
	);
}
