// SPDX-License-Identifier: Apache-2.0
// What a deployment policy does before and after an installation.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Card, Checkbox, FormGroup, Radio, TextInput } from '../../ui/basic';
import { Budget, POSTPONE_LINE, Shown, type Postpone } from './Notification';
import { ScriptChoice } from './Script';

export type Before = Schemas['PolicyBefore'];
export type After = Schemas['PolicyAfter'];
const POWERS = ['none', 'reboot_if_needed', 'reboot', 'shutdown'] as const;

export function BeforeActions({ before, put }: { before: Before; put: (b: Before) => void }) {
	const { t } = useI18n();
	return (
		<Card title={t('policy.before')}>
			<Checkbox id="p-wake" label={t('policy.before.wake')} description={t('policy.before.wakeHelp')} isChecked={before.wake ?? false}
				onChange={(_, wake) => put({ ...before, wake })} />
			<Checkbox id="p-reboot-before" label={t('policy.before.reboot')} description={t('policy.before.rebootHelp')} isChecked={before.reboot ?? false}
				onChange={(_, reboot) => put({ ...before, reboot })} />
			<ScriptChoice stage="before" value={before.script ?? null} put={script => put({ ...before, script })} />
		</Card>
	);
}

export function AfterActions({ after, put }: { after: After; put: (a: After) => void }) {
	const { t } = useI18n();
	const power = after.power ?? 'none';
	return (
		<Card title={t('policy.after')}>
			<fieldset className="tk-radios">
				<legend>{t('policy.after.power')}</legend>
				{POWERS.map(p => (
					<Radio key={p} id={`p-power-${p}`} name="power" label={t(`policy.after.${p}`)} description={p === 'none' || p === 'reboot' ? undefined : t(`policy.after.${p}Help`)}
						isChecked={power === p} onChange={() => put({ ...after, power: p })} />
				))}
			</fieldset>
			<Countdown after={after} put={put} />
			<ScriptChoice stage="after" value={after.script ?? null} put={script => put({ ...after, script })} />
		</Card>
	);
}

const FRESH = { times: 3, minutes: 60 };

function Countdown({ after, put }: { after: After; put: (a: After) => void }) {
	const { t } = useI18n();
	const wait = after.wait_minutes ?? 0;
	const postpone = after.postpone ?? null;
	return (
		<>
			<FormGroup label={t('policy.after.wait')} fieldId="p-wait">
				<TextInput id="p-wait" type="number" min={0} max={1440} className="tk-number" value={wait} onChange={(_, v) => {
					const minutes = Math.max(0, Math.min(1440, Math.trunc(Number(v)) || 0));
					put({ ...after, wait_minutes: minutes, postpone: minutes ? postpone : null });
				}} />
				<p className="tk-small">{t('policy.after.waitHelp')}</p>
			</FormGroup>
			{wait > 0 && (
				<>
					<label className="tk-box"><input type="checkbox" checked={!!postpone} onChange={e => put({ ...after, postpone: e.target.checked ? { ...FRESH, deadline_hours: Math.min(24, Math.max(8, Math.floor(wait / 60) + 1)) } : null })} />{t('policy.after.postpone')}</label>
					{postpone && <Budget id="a" value={postpone} most={{ minutes: 1440, deadline_hours: 24 }} put={p => put({ ...after, postpone: p })} />}
					<Shown text={shown(after.power === 'shutdown', wait, postpone)} />
				</>
			)}
		</>
	);
}

// As src/agent/root/leave.c writes it when the countdown begins.
const shown = (off: boolean, minutes: number, p: Postpone | null) => ({
	ja: {
		title: off ? 'まもなくシャットダウンします' : 'まもなく再起動します',
		lines: [`あと ${minutes} 分で${off ? 'シャットダウン' : '再起動'}します (2026-11-29 13:00)。作業を保存してください。`, ...(p ? [POSTPONE_LINE.ja(p)] : [])],
	},
	en: {
		title: off ? 'This computer is about to be switched off' : 'This computer is about to restart',
		lines: [`This computer ${off ? 'is switched off' : 'restarts'} in ${minutes} minute${minutes === 1 ? '' : 's'}, at 2026-11-29 13:00. Please save your work.`, ...(p ? [POSTPONE_LINE.en(p)] : [])],
	},
});
