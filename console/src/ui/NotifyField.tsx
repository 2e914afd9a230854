// SPDX-License-Identifier: Apache-2.0
// Who is mailed how a deployment stands, and how often (M-146). Null: nobody.
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { useI18n } from '../i18n';
import { Checkbox, FormGroup, FormSelect, FormSelectOption, TextArea } from './basic';

export type Notify = Schemas['DeploymentNotify'];
const USUAL = 60;
const CHOICES = [15, 30, 60, 120, 240, 720, 1440];

export function useEvery() {
	const { t } = useI18n();
	return (minutes = USUAL) => minutes % 60 ? t('mailing.minutes', { n: minutes }) : t('mailing.hours', { n: minutes / 60 });
}

export function NotifyField({ id, label, value, onChange }: { id: string; label: string; value: Notify | null | undefined; onChange: (v: Notify | null) => void }) {
	const { t } = useI18n();
	const every = useEvery();
	const [text, setText] = useState((value?.to ?? []).join('\n'));
	const [on, setOn] = useState(!!value);
	const minutes = value?.every_minutes ?? USUAL;
	const put = (typed: string, every_minutes: number) => {
		const to = typed.split(/[\s,、]+/).filter(Boolean);
		onChange(to.length ? { to, every_minutes } : null);
	};
	return (
		<FormGroup label={label} fieldId={id} role="group">
			<Checkbox id={`${id}-on`} label={t('mailing.on')} description={t('mailing.help')} isChecked={on} onChange={(_, v) => {
				setOn(v);
				if (v)
					put(text, minutes);
				else
					onChange(null);
			}} />
			{on && (
				<div className="tk-indent">
					<label htmlFor={id}>{t('mailing.to')}</label>
					<TextArea id={id} rows={2} resizeOrientation="vertical" value={text} onChange={(_, v) => {
						setText(v);
						put(v, minutes);
					}} />
					<p className="tk-small">{t('mailing.toHelp')}</p>
					<label htmlFor={`${id}-every`}>{t('mailing.every')}</label>
					<FormSelect id={`${id}-every`} value={String(minutes)} onChange={(_, v) => put(text, Number(v))} isDisabled={!value}>
						{[...new Set([...CHOICES, minutes])].sort((a, b) => a - b).map(m => <FormSelectOption key={m} value={String(m)} label={every(m)} />)}
					</FormSelect>
				</div>
			)}
		</FormGroup>
	);
}
