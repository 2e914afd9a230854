// SPDX-License-Identifier: Apache-2.0
// Which systems something is for, in the words of the filter language: those it describes, less those it excludes. What else
// a selector names (by the command line, say) is kept.
import { useI18n } from '../../i18n';
import { FormGroup, TextInput } from '../../ui/basic';

export interface Selector {
	filter?: string;
	exclude?: { filter?: string; [k: string]: unknown };
	[k: string]: unknown;
}

function without<T extends Record<string, unknown>>(o: T, key: string, value: unknown): T {
	const { [key]: _, ...rest } = o;
	return (value === undefined || value === '' ? rest : { ...rest, [key]: value }) as T;
}

export function SelectorField({ id, label, help, value, onChange }: { id: string; label: string; help: string; value: Selector | null; onChange: (s: Selector | null) => void }) {
	const { t } = useI18n();
	const s = value ?? {};
	const put = (next: Selector) => onChange(Object.keys(next).length ? next : null);
	const except = s.exclude ?? {};
	return (
		<>
			<FormGroup label={label} fieldId={`${id}-in`}>
				<TextInput id={`${id}-in`} value={s.filter ?? ''} maxLength={4000} placeholder={t('auto.filterExample')} onChange={(_, v) => put(without(s, 'filter', v))} />
				<p className="tk-small">{help}</p>
			</FormGroup>
			<FormGroup label={t('auto.except')} fieldId={`${id}-out`}>
				<TextInput id={`${id}-out`} value={except.filter ?? ''} maxLength={4000} onChange={(_, v) => {
					const left = without(except, 'filter', v);
					put(without(s, 'exclude', Object.keys(left).length ? left : undefined));
				}} />
			</FormGroup>
		</>
	);
}
