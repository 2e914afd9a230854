// SPDX-License-Identifier: Apache-2.0
// What logged-in users are told before an installation, in both languages, with what they will see; and how
// often they may put it off.
import { useI18n } from '../../i18n';
import type { Schemas } from '../../api/client';
import { Card, FormGroup, Radio, TextArea, TextInput } from '../../ui/basic';

export type PolicyNotification = Schemas['PolicyNotification'];
export type Postpone = NonNullable<PolicyNotification['postpone']>;
const LANGS = ['ja', 'en'] as const;
const FRESH: PolicyNotification = {
	title: { ja: 'セキュリティ更新のお知らせ', en: 'Security updates' },
	message: { ja: 'このコンピューターに更新をインストールします。作業中のファイルを保存してください。', en: 'Updates will be installed on this computer. Please save your work.' },
	countdown_minutes: 15, postpone: { times: 3, minutes: 240, deadline_hours: 72 },
};

const within = (v: string, min: number, max: number) => Math.max(min, Math.min(max, Math.trunc(Number(v)) || min));

export function Notification({ value, put }: { value: PolicyNotification | null; put: (n: PolicyNotification | null) => void }) {
	const { t } = useI18n();
	const set = (part: Partial<PolicyNotification>) => value && put({ ...value, ...part });
	const postpone = value?.postpone ?? null;
	return (
		<Card title={t('notify.title')}>
			<fieldset className="tk-radios">
				<legend>{t('notify.who')}</legend>
				<Radio id="n-off" name="notify" label={t('notify.off')} description={t('notify.offHelp')} isChecked={!value} onChange={() => put(null)} />
				<Radio id="n-on" name="notify" label={t('notify.on')} description={t('notify.onHelp')} isChecked={!!value} onChange={() => put(value ?? FRESH)} />
			</fieldset>
			{value && (
				<>
					{LANGS.map(lang => (
						<fieldset key={lang} className="tk-part">
							<legend>{t(`notify.lang.${lang}`)}</legend>
							<FormGroup label={t('notify.subject')} fieldId={`n-title-${lang}`} isRequired>
								<TextInput id={`n-title-${lang}`} lang={lang} maxLength={100} value={value.title[lang]} validated={value.title[lang].trim() ? 'default' : 'error'} onChange={(_, v) => set({ title: { ...value.title, [lang]: v } })} />
							</FormGroup>
							<FormGroup label={t('notify.message')} fieldId={`n-message-${lang}`} isRequired>
								<TextArea id={`n-message-${lang}`} lang={lang} maxLength={1000} rows={3} resizeOrientation="vertical" value={value.message[lang]} validated={value.message[lang].trim() ? 'default' : 'error'} onChange={(_, v) => set({ message: { ...value.message, [lang]: v } })} />
							</FormGroup>
						</fieldset>
					))}
					<FormGroup label={t('notify.countdown')} fieldId="n-countdown">
						<TextInput id="n-countdown" type="number" min={1} max={240} className="tk-number" value={value.countdown_minutes} onChange={(_, v) => set({ countdown_minutes: within(v, 1, 240) })} />
						<p className="tk-small">{t('notify.countdownHelp')}</p>
					</FormGroup>
					<label className="tk-box"><input type="checkbox" checked={!!postpone} onChange={e => set({ postpone: e.target.checked ? FRESH.postpone : null })} />{t('notify.postpone')}</label>
					{postpone && <Budget id="n" value={postpone} most={{ minutes: 10080, deadline_hours: 720 }} put={p => set({ postpone: p })} />}
					<Shown text={{ ja: seen(value, 'ja'), en: seen(value, 'en') }} />
				</>
			)}
		</Card>
	);
}

/** How often, how long and until when users may put something off. */
export function Budget({ id, value, most, put }: { id: string; value: Postpone; most: { minutes: number; deadline_hours: number }; put: (p: Postpone) => void }) {
	const { t } = useI18n();
	const set = (part: Partial<Postpone>) => put({ ...value, ...part });
	return (
		<>
			<div className="tk-row" role="group" aria-label={t('notify.postpone')}>
				<span className="tk-pair">
					<label htmlFor={`${id}-times`}>{t('notify.times')}</label>
					<TextInput id={`${id}-times`} type="number" min={1} max={20} className="tk-number" value={value.times} onChange={(_, v) => set({ times: within(v, 1, 20) })} />
				</span>
				<span className="tk-pair">
					<label htmlFor={`${id}-minutes`}>{t('notify.minutes')}</label>
					<TextInput id={`${id}-minutes`} type="number" min={5} max={most.minutes} className="tk-number" value={value.minutes} onChange={(_, v) => set({ minutes: within(v, 5, most.minutes) })} />
				</span>
				<span className="tk-pair">
					<label htmlFor={`${id}-deadline`}>{t('notify.deadline')}</label>
					<TextInput id={`${id}-deadline`} type="number" min={1} max={most.deadline_hours} className="tk-number" value={value.deadline_hours} onChange={(_, v) => set({ deadline_hours: within(v, 1, most.deadline_hours) })} />
				</span>
			</div>
			<p className="tk-small">{t('notify.deadlineHelp')}</p>
		</>
	);
}

// As src/agent/root/tell.c writes it below the message.
export const POSTPONE_LINE = {
	ja: (p: Postpone) => `延期 (あと ${p.times} 回、1 回最大 ${p.minutes} 分): tsukuroi-agent postpone`,
	en: (p: Postpone) => `To postpone (${p.times} left, ${p.minutes} minutes each at most): tsukuroi-agent postpone`,
};
const REST = {
	ja: { start: '開始: 2026-11-29 13:00', now: '今すぐ開始: tsukuroi-agent install-now' },
	en: { start: 'Starts at 2026-11-29 13:00.', now: 'To start now: tsukuroi-agent install-now' },
};

/** What users will see, in both languages. */
export function Shown({ text }: { text: Record<'ja' | 'en', { title: string; lines: string[] }> }) {
	const { t } = useI18n();
	return (
		<div className="tk-notices" role="group" aria-label={t('notify.preview')}>
			<p className="tk-small">{t('notify.preview')}</p>
			{LANGS.map(lang => (
				<figure key={lang} className="tk-notice" lang={lang} data-notice={lang}>
					<figcaption>{text[lang].title}</figcaption>
					{text[lang].lines.map(line => <p key={line}>{line}</p>)}
				</figure>
			))}
		</div>
	);
}

const seen = (n: PolicyNotification, lang: 'ja' | 'en') => ({
	title: n.title[lang], lines: [n.message[lang], REST[lang].start, ...(n.postpone ? [POSTPONE_LINE[lang](n.postpone)] : []), REST[lang].now],
});
