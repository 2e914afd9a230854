// SPDX-License-Identifier: Apache-2.0
// What logged-in users are told before an installation, in both languages, with what they will see; and how
// often they may put it off.
import { useI18n } from '../../i18n';
import type { Schemas } from '../../api/client';
import { Card, FormGroup, Radio, TextArea, TextInput } from '../../ui/basic';

export type PolicyNotification = Schemas['PolicyNotification'];
type Postpone = NonNullable<PolicyNotification['postpone']>;
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
	const setPostpone = (part: Partial<Postpone>) => postpone && set({ postpone: { ...postpone, ...part } });
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
					{postpone && (
						<div className="tk-row" role="group" aria-label={t('notify.postpone')}>
							<label htmlFor="n-times">{t('notify.times')}</label>
							<TextInput id="n-times" type="number" min={1} max={20} className="tk-number" value={postpone.times} onChange={(_, v) => setPostpone({ times: within(v, 1, 20) })} />
							<label htmlFor="n-minutes">{t('notify.minutes')}</label>
							<TextInput id="n-minutes" type="number" min={5} max={10080} className="tk-number" value={postpone.minutes} onChange={(_, v) => setPostpone({ minutes: within(v, 5, 10080) })} />
							<label htmlFor="n-deadline">{t('notify.deadline')}</label>
							<TextInput id="n-deadline" type="number" min={1} max={720} className="tk-number" value={postpone.deadline_hours} onChange={(_, v) => setPostpone({ deadline_hours: within(v, 1, 720) })} />
						</div>
					)}
					{postpone && <p className="tk-small">{t('notify.deadlineHelp')}</p>}
					<div className="tk-notices" role="group" aria-label={t('notify.preview')}>
						<p className="tk-small">{t('notify.preview')}</p>
						{LANGS.map(lang => <Shown key={lang} lang={lang} n={value} />)}
					</div>
				</>
			)}
		</Card>
	);
}

// As src/agent/root/tell.c writes it below the message.
const REST = {
	ja: { start: '開始: 2026-11-29 13:00', postpone: (n: number, m: number) => `延期 (あと ${n} 回、1 回最大 ${m} 分): tsukuroi-agent postpone`, now: '今すぐ開始: tsukuroi-agent install-now' },
	en: { start: 'Starts at 2026-11-29 13:00.', postpone: (n: number, m: number) => `To postpone (${n} left, ${m} minutes each at most): tsukuroi-agent postpone`, now: 'To start now: tsukuroi-agent install-now' },
};

function Shown({ lang, n }: { lang: 'ja' | 'en'; n: PolicyNotification }) {
	return (
		<figure className="tk-notice" lang={lang} data-notice={lang}>
			<figcaption>{n.title[lang]}</figcaption>
			<p>{n.message[lang]}</p>
			<p>{REST[lang].start}</p>
			{n.postpone && <p>{REST[lang].postpone(n.postpone.times, n.postpone.minutes)}</p>}
			<p>{REST[lang].now}</p>
		</figure>
	);
}
