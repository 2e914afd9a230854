// SPDX-License-Identifier: Apache-2.0
// Whether systems stop with their exact plan until it is approved.
import { useI18n } from '../../../i18n';
import { Checkbox } from '../../../ui/basic';
import type { SectionProps } from '../draft';

export function Approval({ draft, change }: SectionProps) {
	const { t } = useI18n();
	return (
		<Checkbox id="approval-plan" label={t('plans.ask')} description={t('plans.askText')} isChecked={draft.approval === 'plan'}
			onChange={(_, on) => change({ approval: on ? 'plan' : undefined })} />
	);
}
