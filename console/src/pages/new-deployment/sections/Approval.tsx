// SPDX-License-Identifier: Apache-2.0
// Whether systems stop with their exact plan until it is approved, and what may have become of it since.
import { useI18n } from '../../../i18n';
import { Checkbox, Radio } from '../../../ui/basic';
import type { SectionProps } from '../draft';

export function Approval({ draft, change }: SectionProps) {
	const { t } = useI18n();
	const { drift = 'identical' } = draft;
	return (
		<>
			<Checkbox id="approval-plan" label={t('plans.ask')} description={t('plans.askText')} isChecked={draft.approval === 'plan'}
				onChange={(_, on) => change({ approval: on ? 'plan' : undefined })} />
			{draft.approval === 'plan' && (
				<fieldset className="tk-radios tk-indent">
					<legend>{t('plans.drift')}</legend>
					{(['identical', 'newer', 'dependencies'] as const).map(d => (
						<Radio key={d} id={`drift-${d}`} name="drift" label={t(`planDrift.${d}`)} description={t(`planDriftHelp.${d}`)} isChecked={drift === d} onChange={() => change({ drift: d })} />
					))}
				</fieldset>
			)}
		</>
	);
}
