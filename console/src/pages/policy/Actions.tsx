// SPDX-License-Identifier: Apache-2.0
// What a deployment policy does before and after an installation.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Card, Checkbox, FormGroup, Radio, TextInput } from '../../ui/basic';
import { ScriptChoice } from './Script';

export type Before = Schemas['PolicyBefore'];
export type After = Schemas['PolicyAfter'];
const POWERS = ['none', 'reboot_if_needed', 'reboot', 'shutdown'] as const;

export function BeforeActions({ before, put }: { before: Before; put: (b: Before) => void }) {
	const { t } = useI18n();
	return (
		<Card title={t('policy.before')}>
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
			<FormGroup label={t('policy.after.wait')} fieldId="p-wait">
				<TextInput id="p-wait" type="number" min={0} max={1440} className="tk-number" value={after.wait_minutes ?? 0}
					onChange={(_, v) => put({ ...after, wait_minutes: Math.max(0, Math.min(1440, Math.trunc(Number(v)) || 0)) })} />
				<p className="tk-small">{t('policy.after.waitHelp')}</p>
			</FormGroup>
			<ScriptChoice stage="after" value={after.script ?? null} put={script => put({ ...after, script })} />
		</Card>
	);
}
