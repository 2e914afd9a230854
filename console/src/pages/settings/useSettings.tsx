// SPDX-License-Identifier: Apache-2.0
// Reading settings and changing some of them together: what is typed, what of it is wrong, saving.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api, ApiError, take, takeVersioned, type Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Button, Failure, Loaded } from '../../ui/basic';
import { useToast } from '../../ui/toast';

export type Setting = Schemas['Setting'];
type Value = Setting['value'];

/** The settings whose key matches, with the version they were read at. */
export function LoadedSettings({ match, children }: { match: RegExp; children: (items: Setting[], etag: string) => ReactNode }) {
	const query = useQuery({
		queryKey: ['settings'],
		queryFn: ({ signal }) => takeVersioned(api.GET('/settings', { signal })),
	});
	return (
		<Loaded query={query}>
			{d => {
				const mine = d.items.filter(s => match.test(s.key));
				return mine.length > 0 ? children(mine, d.etag) : null;
			}}
		</Loaded>
	);
}

export const show = (v: Value) => Array.isArray(v) ? v.join('\n') : v === null || v === undefined ? '' : String(v);
export const isNumber = (s: Setting) => s.type === 'integer' || s.type === 'duration_s';

export function validNumber(s: Setting, text: string): boolean {
	const n = Number(text);
	return text.trim() !== '' && Number.isInteger(n) && (s.min === undefined || n >= s.min) && (s.max === undefined || n <= s.max);
}

function parse(s: Setting, text: string): Value {
	switch (s.type) {
	case 'integer': case 'duration_s': return Number(text);
	case 'boolean': return text === 'true';
	case 'list': return text.split('\n').map(x => x.trim()).filter(Boolean);
	default: return text;
	}
}

export function useEdit(items: Setting[], etag: string) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const [draft, setDraft] = useState<Record<string, string>>({});
	const changed = items.filter(s => draft[s.key] !== undefined && draft[s.key] !== show(s.value));
	const bad = changed.filter(s => isNumber(s) && !validNumber(s, draft[s.key]!));
	const values = Object.fromEntries(changed.map(s => [s.key, parse(s, draft[s.key]!)]));
	const save = useMutation({
		mutationFn: () => take(api.PATCH('/settings', { params: { header: { 'If-Match': etag } }, body: { values } })),
		onSuccess: () => {
			toast.done(t('settings.saved'));
			setDraft({});
			void client.invalidateQueries();
		},
		onError: e => {
			if (e instanceof ApiError && e.status === 412)
				void client.invalidateQueries({ queryKey: ['settings'] });
		},
	});
	return {
		changed, bad, values, save,
		text: (s: Setting) => draft[s.key] ?? show(s.value),
		put: (s: Setting, v: string) => setDraft(d => ({ ...d, [s.key]: v })),
		undo: () => setDraft({}),
		submit: () => {
			if (changed.length > 0 && bad.length === 0)
				save.mutate();
		},
	};
}

/** The end of a form: what went wrong, save, undo. */
export function SaveRow({ edit }: { edit: ReturnType<typeof useEdit> }) {
	const { t } = useI18n();
	return (
		<>
			{!!edit.save.error && <Failure error={edit.save.error} />}
			<div className="tk-row">
				<Button type="submit" variant="primary" isDisabled={edit.changed.length === 0 || edit.bad.length > 0 || edit.save.isPending}>{t('settings.save', { n: edit.changed.length })}</Button>
				{edit.changed.length > 0 && <Button variant="link" onClick={edit.undo}>{t('settings.undo')}</Button>}
			</div>
		</>
	);
}
