// SPDX-License-Identifier: Apache-2.0
// What the deployment is called, and what it is for (M-138).
import { useI18n } from '../../../i18n';
import { FormGroup, TextArea, TextInput } from '../../../ui/basic';
import type { Draft, SectionProps } from '../draft';

/** What it is called when nobody names it: when, in the person's zone, and what. */
export function useUnnamed() {
	const { t, dateTime } = useI18n();
	return ({ patchRows: rows = [] }: Draft) => {
		const label = rows[0] ? rows[0].title + (rows.length > 1 ? ` +${rows.length - 1}` : '') : '';
		return `${dateTime(new Date().toISOString())} ${label || t('deploy.allMissing')}`.slice(0, 100);
	};
}

export function Name({ draft, change }: SectionProps) {
	const { t } = useI18n();
	const unnamed = useUnnamed();
	const { name = '', description = '' } = draft;
	return (
		<>
			<FormGroup label={t('deployment.name')} fieldId="d-name">
				<TextInput id="d-name" value={name} maxLength={100} onChange={(_, v) => change({ name: v })} placeholder={unnamed(draft)} translate="no" />
				<p className="tk-small">{t('deploy.nameHelp', { n: name.length })}</p>
			</FormGroup>
			<FormGroup label={t('deployment.description')} fieldId="d-desc">
				<TextArea id="d-desc" value={description} maxLength={1000} rows={2} onChange={(_, v) => change({ description: v })} resizeOrientation="vertical" />
			</FormGroup>
		</>
	);
}
