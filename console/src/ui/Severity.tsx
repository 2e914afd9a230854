// SPDX-License-Identifier: Apache-2.0
// Severity and health, always as glyph + word + colour, never colour alone.
import { useI18n } from '../i18n';

export const SEVERITIES = ['critical', 'important', 'moderate', 'low', 'unrated'] as const;
export type SeverityName = (typeof SEVERITIES)[number];
export const GLYPH: Record<SeverityName, string> = { critical: '▲▲', important: '▲', moderate: '■', low: '▽', unrated: '–' };

export function Severity({ value, raw, derived }: { value: SeverityName; raw?: string | null; derived?: boolean }) {
	const { t, word } = useI18n();
	const hint = [raw ? t('severity.raw', { word: raw }) : '', derived ? t('severity.derived') : ''].filter(Boolean).join(' ');
	return (
		<span className={`tk-pill tk-sev-${value}`} title={hint || undefined}>
			<span aria-hidden="true" className="tk-glyph">{GLYPH[value]}</span>
			{word('severity', value)}
			{derived && <span className="tk-derived" aria-label={t('severity.derived')} role="img">*</span>}
		</span>
	);
}

const HEALTH_GLYPH: Record<string, string> = { healthy: '✓', vulnerable: '!', highly_vulnerable: '!!', unknown: '?' };
export function Health({ value }: { value: string }) {
	const { word } = useI18n();
	return (
		<span className={`tk-health tk-health-${value}`}>
			<span aria-hidden="true" className="tk-health-glyph">{HEALTH_GLYPH[value] ?? '?'}</span>
			{word('health', value)}
		</span>
	);
}
