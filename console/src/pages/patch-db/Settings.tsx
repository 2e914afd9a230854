// SPDX-License-Identifier: Apache-2.0
// The settings of the patch database, as the server describes them: type, range, default, help.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ApiError, take, type Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Button, Card, Failure, Form, FormGroup, Loaded, TextArea, TextInput } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { useToast } from '../../ui/toast';

type Setting = Schemas['Setting'];
type Value = Setting['value'];

export function Settings({ match = /^(feed|notify|store|ledger)\./, title }: { match?: RegExp; title?: string }) {
	const { t } = useI18n();
	const query = useQuery({
		queryKey: ['settings'],
		queryFn: async ({ signal }) => {
			const call = api.GET('/settings', { signal });
			const list = await take(call);
			return { list, etag: (await call).response.headers.get('ETag') ?? '' };
		},
	});
	return (
		<Loaded query={query}>
			{d => {
				const mine = d.list.items.filter(s => match.test(s.key));
				return mine.length > 0 ? <Card title={title ?? t('settings.title')}><Edit key={d.etag} items={mine} etag={d.etag} /></Card> : null;
			}}
		</Loaded>
	);
}

/** The parts of the form, in this order; what no other part takes stands last, without a heading. */
const PARTS = ['schedule', 'scope', 'notify', 'sources', 'other'] as const;
const partOf = (key: string): typeof PARTS[number] =>
	/^feed\.(sync_|stale_s)/.test(key) ? 'schedule' : key === 'feed.off' ? 'scope' : key.startsWith('notify.') ? 'notify' : key.startsWith('feed.') ? 'sources' : 'other';

/** Which kinds of sources are synced at all: the setting names those that are not. */
function Scope({ value, put }: { value: string; put: (v: string) => void }) {
	const { t, word, maybe } = useI18n();
	const name = (k: { kind: string; title: string }) => maybe(`feedKind.${k.kind}`) ?? k.title;
	const kinds = useQuery({ queryKey: ['feed-kinds'], queryFn: ({ signal }) => take(api.GET('/feed-kinds', { signal })) });
	const off = value.split('\n').map(x => x.trim()).filter(Boolean);
	const turn = (kind: string, on: boolean) => put((on ? off.filter(k => k !== kind) : [...off, kind]).join('\n'));
	return (
		<Loaded query={kinds}>
			{d => (
				<DataTable label={t('scope.title')} keyboard={false} rows={d.items} rowId={k => k.kind} rowName={k => k.title} empty={null}
					columns={[
						{ id: 'on', header: t('scope.on'), cell: k => <input type="checkbox" aria-label={name(k)} checked={!off.includes(k.kind)} onChange={e => turn(k.kind, e.target.checked)} /> },
						{ id: 'name', header: t('feed.kind'), cell: name },
						{ id: 'os', header: t('scope.platform'), cell: k => k.os.length ? k.os.join(', ') : t('scope.any') },
						{ id: 'class', header: t('scope.class'), cell: k => word('feedClass', k.class) },
						{ id: 'signed', header: t('prov.signature'), grow: true, cell: k => t(k.signed ? 'prov.signed' : 'prov.unsigned') },
					]} />
			)}
		</Loaded>
	);
}

const show = (v: Value) => Array.isArray(v) ? v.join('\n') : v === null || v === undefined ? '' : String(v);

function Edit({ items, etag }: { items: Setting[]; etag: string }) {
	const { t, maybe } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const [draft, setDraft] = useState<Record<string, string>>({});
	const parse = (s: Setting, text: string): Value => {
		switch (s.type) {
		case 'integer': case 'duration_s': return Number(text);
		case 'boolean': return text === 'true';
		case 'list': return text.split('\n').map(x => x.trim()).filter(Boolean);
		default: return text;
		}
	};
	const changed = items.filter(s => draft[s.key] !== undefined && draft[s.key] !== show(s.value));
	const bad = changed.filter(s => (s.type === 'integer' || s.type === 'duration_s') && !validNumber(s, draft[s.key]!));
	const save = useMutation({
		mutationFn: () => take(api.PATCH('/settings', {
			params: { header: { 'If-Match': etag } },
			body: { values: Object.fromEntries(changed.map(s => [s.key, parse(s, draft[s.key]!)])) },
		})),
		onSuccess: () => {
			toast.done(t('settings.saved'));
			void client.invalidateQueries({ queryKey: ['settings'] });
		},
		onError: e => {
			if (e instanceof ApiError && e.status === 412)
				void client.invalidateQueries({ queryKey: ['settings'] });
		},
	});
	const field = (s: Setting) => {
		const id = `set-${s.key}`;
		const value = draft[s.key] ?? show(s.value);
		const put = (v: string) => setDraft({ ...draft, [s.key]: v });
		if (s.type === 'boolean' || s.type === 'choice')
			return (
				<select id={id} className="tk-select" value={value} onChange={e => put(e.target.value)}>
					{(s.type === 'boolean' ? ['true', 'false'] : s.choices ?? []).map(c => <option key={c} value={c}>{s.type === 'boolean' ? t(c === 'true' ? 'yesno.true' : 'yesno.false') : maybe(`choice.${s.key}.${c}`) ?? c}</option>)}
				</select>
			);
		if (s.key === 'feed.off')
			return <Scope value={value} put={put} />;
		if (s.type === 'list')
			return <TextArea id={id} value={value} rows={Math.min(8, Math.max(2, value.split('\n').length))} resizeOrientation="vertical" onChange={(_, v) => put(v)} spellCheck={false} />;
		const number = s.type === 'integer' || s.type === 'duration_s';
		return (
			<TextInput id={id} type={number ? 'number' : s.secret ? 'password' : 'text'} value={value} min={s.min} max={s.max} autoComplete="off"
				placeholder={s.secret && s.is_set ? t('settings.secretSet') : undefined} validated={number && !validNumber(s, value) ? 'error' : 'default'} onChange={(_, v) => put(v)} />
		);
	};
	return (
		<Form onSubmit={e => {
			e.preventDefault();
			if (changed.length > 0 && bad.length === 0)
				save.mutate();
		}}>
			{PARTS.filter(part => items.some(s => partOf(s.key) === part)).map(part => (
				<fieldset key={part} className="tk-part">
					{part !== 'other' && <legend>{t(`settingPart.${part}`)}</legend>}
			{items.filter(s => partOf(s.key) === part).map(s => (
				<FormGroup key={s.key} fieldId={s.key === 'feed.off' ? undefined : `set-${s.key}`} label={s.key === 'feed.off' ? undefined : maybe(`setting.${s.key}`) ?? s.key}>
					{field(s)}
					<p className="tk-small">
						{maybe(`settingHelp.${s.key}`) ?? (s.help && <span lang="en">{s.help}</span>)}
						{' '}{s.key !== 'feed.off' && <>{t('settings.default')}: <code>{maybe(`choice.${s.key}.${show(s.default)}`) ?? (show(s.default) || '–')}</code></>}
						{(s.type === 'integer' || s.type === 'duration_s') && s.min !== undefined && s.max !== undefined && <> · {t('settings.range', { min: s.min, max: s.max })}</>}
					</p>
				</FormGroup>
			))}
				</fieldset>
			))}
			{!!save.error && <Failure error={save.error} />}
			<div className="tk-row">
				<Button type="submit" variant="primary" isDisabled={changed.length === 0 || bad.length > 0 || save.isPending}>{t('settings.save', { n: changed.length })}</Button>
				{changed.length > 0 && <Button variant="link" onClick={() => setDraft({})}>{t('settings.undo')}</Button>}
			</div>
		</Form>
	);
}

function validNumber(s: Setting, text: string): boolean {
	const n = Number(text);
	return text.trim() !== '' && Number.isInteger(n) && (s.min === undefined || n >= s.min) && (s.max === undefined || n <= s.max);
}
