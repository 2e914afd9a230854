// SPDX-License-Identifier: Apache-2.0
// The columns of a system, shared by every list of systems.
import { Link } from 'wouter';
import type { System } from '../../api/queries';
import { systemPath } from '../../app/paths';
import type { I18n } from '../../i18n';
import { Count } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import type { Column } from '../../ui/DataTable';
import { LifecycleState } from '../../ui/Enriched';
import { Health, SEVERITIES } from '../../ui/Severity';
import { Time } from '../../ui/Time';

export function MissingBar({ missing, id, i }: { missing: System['missing']; id: string; i: I18n }) {
	if (missing.total === 0)
		return <span className="tk-none">–</span>;
	const said = SEVERITIES.filter(s => missing[s] > 0).map(s => `${i.word('severity', s)} ${i.number(missing[s])}`).join(', ');
	return (
		<span className="tk-missingbar" title={said}>
			<Link href={systemPath(id, 'missing')} className="tk-num">{i.number(missing.total)}</Link>
			<StackedBar thin label={said} segments={SEVERITIES.map(s => ({ id: s, label: s, value: missing[s], className: `tk-fill-${s}` }))} />
		</span>
	);
}

export function Online({ on, i }: { on: boolean; i: I18n }) {
	return <span className={on ? 'tk-online tk-online-on' : 'tk-online'}><span aria-hidden="true">{on ? '●' : '○'}</span>{i.t(on ? 'system.online' : 'system.offline')}</span>;
}

export function systemColumns(i: I18n): Column<System>[] {
	const { t, word } = i;
	return [
		{ id: 'hostname', header: t('system.name'), words: true, fixed: true, sort: 'hostname', cell: s => <Link href={systemPath(s.id)}>{s.hostname}</Link> },
		{ id: 'os', header: t('system.os'), sort: 'os', grow: true, title: s => s.os_name, cell: s => s.os_name },
		{ id: 'health', header: t('system.health'), sort: 'health', cell: s => <Health value={s.health} /> },
		{ id: 'lifecycle', drop: 7, header: t('system.lifecycle'), cell: s => <LifecycleState l={s.lifecycle} /> },
		{ id: 'missing', header: t('system.missing'), sort: 'missing', numeric: true, cell: s => <MissingBar missing={s.missing} id={s.id} i={i} /> },
		{ id: 'critical', drop: 3, header: t('severity.critical'), sort: 'missing_critical', numeric: true, cell: s => <Count n={s.missing.critical} to={systemPath(s.id, 'missing') + '?severity=critical'} /> },
		{ id: 'important', drop: 3, header: t('severity.important'), sort: 'missing_important', numeric: true, cell: s => <Count n={s.missing.important} to={systemPath(s.id, 'missing') + '?severity=important'} /> },
		{ id: 'failed', drop: 1, header: t('system.failed'), numeric: true, cell: s => <Count n={s.failed} to={systemPath(s.id, 'deployments')} danger /> },
		{ id: 'installed', drop: 4, header: t('system.installed'), sort: 'installed', numeric: true, cell: s => <Count n={s.installed} to={systemPath(s.id, 'installed')} /> },
		{ id: 'held', drop: 5, header: t('system.held'), sort: 'held', numeric: true, cell: s => <Count n={s.held} to={systemPath(s.id, 'missing') + '?state=held'} /> },
		{ id: 'kept_back', drop: 5, header: t('verdict.kept_back'), numeric: true, cell: s => <Count n={s.kept_back} to={systemPath(s.id, 'missing') + '?state=kept_back'} /> },
		{ id: 'phased', drop: 5, header: t('verdict.phased'), numeric: true, cell: s => <Count n={s.phased} to={systemPath(s.id, 'missing') + '?state=phased'} /> },
		{ id: 'needs_subscription', drop: 5, header: t('verdict.needs_subscription'), numeric: true, cell: s => <Count n={s.needs_subscription} to={systemPath(s.id, 'missing') + '?state=needs_subscription'} /> },
		{ id: 'flags', drop: 6, header: t('system.flags'), cell: s => s.flags.length ? <span className="tk-nowrap">{s.flags.map(f => <span key={f} className="tk-tag tk-tag-warn">{word('systemFlag', f)}</span>)}</span> : <span className="tk-none">–</span> },
		{ id: 'reboot', drop: 2, header: t('system.reboot'), cell: s => s.reboot_needed ? <span className="tk-warn-text">{t('system.rebootNeeded')}</span> : <span className="tk-none">–</span> },
		{ id: 'scan', header: t('system.lastScan'), sort: 'last_scan', cell: s => <span className="tk-scan"><Time at={s.last_scan} none={t('scan.never')} relative />{s.scan_status === 'failed' && <span className="tk-danger-text" title={s.scan_error ?? undefined}> {t('scan.failed')}</span>}{s.scan_status === 'requested' && <span className="tk-progress-text"> {t('scan.requested')}</span>}</span> },
		{ id: 'contact', drop: 8, header: t('system.lastContact'), sort: 'last_contact', cell: s => <Time at={s.last_contact} relative /> },
		{ id: 'office', drop: 6, header: t('system.office'), words: true, sort: 'office', cell: s => word('office', s.office) },
		{ id: 'address', drop: 6, header: t('system.address'), sort: 'address', cell: s => <span className="tk-mono">{s.address}</span> },
		{ id: 'online', drop: 9, header: t('system.connection'), cell: s => <Online on={s.online} i={i} /> },
		{ id: 'user', drop: 9, header: t('system.user'), words: true, cell: s => s.logged_in_user || <span className="tk-none">–</span> },
		{ id: 'kernel', drop: 9, header: t('system.kernel'), words: true, cell: s => <span className="tk-mono">{s.kernel}</span> },
		{ id: 'arch', drop: 9, header: t('system.arch'), cell: s => s.arch },
		{ id: 'agent', drop: 6, header: t('system.agent'), sort: 'agent_version', cell: s => s.agent_version },
	];
}
