// SPDX-License-Identifier: Apache-2.0
// The blast radius in numbers and in sentences, and what goes back to what.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Facts, Note } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import { DataTable } from '../../ui/DataTable';
import { GLYPH, SEVERITIES } from '../../ui/Severity';

type P = Schemas['DeploymentPreview'];

export function PreviewNumbers({ p }: { p: P }) {
	const { t, number } = useI18n();
	const items: [string, number, boolean][] = [
		[t('preview.patches'), p.patches, false], [t('preview.systems'), p.systems, false],
		[t('preview.reboots'), p.reboots, p.reboots > 0], [t('preview.offline'), p.offline, p.offline > 0],
	];
	return (
		<div className="tk-kpis">
			{items.map(([name, n, warn]) => (
				<div key={name} className={warn ? 'tk-kpi tk-kpi-warn' : 'tk-kpi'}><span>{name}</span><strong>{number(n)}</strong></div>
			))}
		</div>
	);
}

export function Warnings({ p }: { p: P }) {
	const { maybe } = useI18n();
	const params: Record<string, number> = {
		nothing_to_do: 0, offline: p.offline, unknown: p.unknown, superseded: p.superseded, held: p.held, rolled_back: p.rolled_back, declined: p.declined,
		reboots: p.reboots,
	};
	return (
		<div className="tk-notes">
			{p.warnings.map((w, n) => (
				<Note key={n} tone={w.code === 'nothing_to_do' ? 'danger' : 'warning'}
					title={maybe(p.steps && w.code === 'nothing_to_do' ? 'warning.nothing_to_uninstall' : `warning.${w.code}`, { n: params[w.code] ?? 0, ...(w.params as Record<string, number>) }) ?? w.code} />
			))}
		</div>
	);
}

export function PreviewFacts({ p }: { p: P }) {
	const { t, number, bytes, word } = useI18n();
	return (
		<div aria-live="polite">
			<PreviewNumbers p={p} />
			<Warnings p={p} />
			{p.pairs > 0 && (
				<>
					<StackedBar label={SEVERITIES.map(s => `${word('severity', s)} ${number(p.by_severity[s])}`).join(', ')}
						segments={SEVERITIES.map(s => ({ id: s, label: s, value: p.by_severity[s], className: `tk-fill-${s}` }))} />
					<ul className="tk-legend">
						{SEVERITIES.filter(s => p.by_severity[s] > 0).map(s => (
							<li key={s}><span aria-hidden="true" className={`tk-glyph tk-sevtext-${s}`}>{GLYPH[s]}</span>{word('severity', s)} <strong>{number(p.by_severity[s])}</strong></li>
						))}
					</ul>
				</>
			)}
			<Facts items={[
				[t(p.steps ? 'preview.pairsBack' : 'preview.pairs'), number(p.pairs)],
				[t('preview.download'), bytes(p.download_bytes)],
				[t('preview.stored'), bytes(p.stored_bytes)],
				...(p.steps ? [] : [
					...(p.waves.length ? [[t('preview.waves'), p.waves.map(n => number(n)).join(' → ')] as [string, string]] : []),
				[t('preview.held'), number(p.held)],
					[t('preview.superseded'), number(p.superseded)],
				] as [string, string][]),
				[t('preview.unknown'), number(p.unknown)],
			]} />
			<GoingBack p={p} />
		</div>
	);
}

/** What an uninstallation does: each package with both versions; and what cannot go back. */
function GoingBack({ p }: { p: P }) {
	const { t, number, word } = useI18n();
	if (!p.steps)
		return null;
	return (
		<>
			{(p.not_applicable ?? []).map(x => (
				<Note key={x.patch + x.reason} tone="warning" title={t('uninstall.left', { n: x.systems })}>{x.patch}: {word('reason', x.reason)}</Note>
			))}
			{p.steps.some(s => !s.recorded) && <Note tone="warning" title={t('uninstall.unrecorded')}>{t('uninstall.unrecordedText')}</Note>}
			{p.steps.length > 0 && (
				<DataTable label={t('uninstall.steps')} keyboard={false} rows={p.steps} rowId={s => `${s.patch} ${s.name} ${s.arch} ${s.from} ${s.to} ${s.recorded}`} rowName={s => s.name} empty={null} columns={[
					{ id: 'name', header: t('component.name'), fixed: true, cell: s => `${s.name}:${s.arch}` },
					{ id: 'from', header: t('uninstall.from'), cell: s => <span className="tk-mono">{s.from}</span> },
					{ id: 'to', header: t('uninstall.to'), cell: s => <span className="tk-mono">{s.to}</span> },
					{ id: 'recorded', header: t('uninstall.source'), cell: s => t(s.recorded ? 'uninstall.recorded' : 'uninstall.offered') },
					{ id: 'systems', header: t('preview.systems'), numeric: true, cell: s => number(s.systems) },
				]} />
			)}
			{p.steps.length < (p.n_steps ?? 0) && <p>{t('uninstall.more', { n: p.n_steps! - p.steps.length })}</p>}
		</>
	);
}
