// SPDX-License-Identifier: Apache-2.0
// The blast radius in numbers and in sentences.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Facts, Note } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
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
		nothing_to_do: 0, offline: p.offline, unknown: p.unknown, superseded: p.superseded, held: p.held, reboots: p.reboots,
	};
	return (
		<div className="tk-notes">
			{p.warnings.map((w, n) => (
				<Note key={n} tone={w.code === 'nothing_to_do' ? 'danger' : 'warning'}
					title={maybe(`warning.${w.code}`, { n: params[w.code] ?? 0, ...(w.params as Record<string, number>) }) ?? w.code} />
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
				[t('preview.pairs'), number(p.pairs)],
				[t('preview.download'), bytes(p.download_bytes)],
				[t('preview.stored'), bytes(p.stored_bytes)],
				[t('preview.held'), number(p.held)],
				[t('preview.superseded'), number(p.superseded)],
				[t('preview.unknown'), number(p.unknown)],
			]} />
		</div>
	);
}
