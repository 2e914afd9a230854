// SPDX-License-Identifier: Apache-2.0
// The cluster rule of a group: of its members never more than so many unavailable at once.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { FormGroup, Note, Radio, TextInput } from '../../ui/basic';

type Max = Schemas['GroupLimit'] | null;
const KINDS = ['none', 'systems', 'percent'] as const;
export interface LimitChoice {
	kind: (typeof KINDS)[number];
	amount: string;
}

/** As the API takes it; undefined while the number cannot be read. */
export function limitOf(c: LimitChoice): Max | undefined {
	const n = /^[0-9]{1,7}$/.test(c.amount) ? Number(c.amount) : 0;
	if (c.kind === 'none')
		return null;
	if (n < 1 || n > (c.kind === 'percent' ? 100 : 1000000))
		return undefined;
	return c.kind === 'percent' ? { percent: n } : { systems: n };
}

export function limitText(max: Max, t: ReturnType<typeof useI18n>['t']): string {
	if (max?.percent)
		return t('groups.limit.ofPercent', { n: max.percent });
	return max?.systems ? t('groups.limit.ofSystems', { n: max.systems }) : t('groups.limit.none');
}

export function Limit({ value, onChange }: { value: LimitChoice; onChange: (c: LimitChoice) => void }) {
	const { t } = useI18n();
	return (
		<>
			<fieldset className="tk-radios">
				<legend>{t('groups.limit')}</legend>
				{KINDS.map(k => <Radio key={k} id={`g-limit-${k}`} name="limit" label={t(`groups.limit.${k}`)} description={t(`groups.limitHelp.${k}`)} isChecked={value.kind === k} onChange={() => onChange({ ...value, kind: k })} />)}
			</fieldset>
			{value.kind !== 'none' && (
				<FormGroup label={t('groups.limit.amount')} fieldId="g-limit" isRequired>
					<TextInput id="g-limit" className="tk-clock" inputMode="numeric" value={value.amount} validated={limitOf(value) === undefined ? 'error' : 'default'} onChange={(_, v) => onChange({ ...value, amount: v })} />
					<Note tone="info" title={t('groups.limitServer')}>{t('groups.limitServerText')}</Note>
				</FormGroup>
			)}
		</>
	);
}
