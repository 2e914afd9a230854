// SPDX-License-Identifier: Apache-2.0
// The settings of the patch database, as the server describes them: type, range, default, help.
import { useI18n } from '../../i18n';
import { Card, Form, FormGroup, TextArea, TextInput } from '../../ui/basic';
import { DurationInput, durationText } from '../../ui/Duration';
import { ScopeMatrix, SourceKinds } from './Scope';
import { isNumber, LoadedSettings, SaveRow, show, useEdit, validNumber, type Setting } from './useSettings';

export function Settings({ match = /^(feed|scope|notify|store|ledger)\./, title }: { match?: RegExp; title?: string }) {
	const { t } = useI18n();
	return (
		<LoadedSettings match={match}>
			{(items, etag) => <Card title={title ?? t('settings.title')}><Edit items={items} etag={etag} /></Card>}
		</LoadedSettings>
	);
}

/** The parts of the form, in this order; what no other part takes stands last, without a heading. */
const PARTS = ['schedule', 'scope', 'notify', 'sources', 'mailServer', 'mailAuth', 'mailSender', 'other'] as const;
const partOf = (key: string): typeof PARTS[number] =>
	/^feed\.(sync_|stale_s)/.test(key) ? 'schedule' : key === 'feed.off' || key === 'scope.off' ? 'scope' : key.startsWith('notify.') ? 'notify' : key.startsWith('feed.') ? 'sources'
		: /^mail\.(server|port|security|ca_file)$/.test(key) ? 'mailServer' : /^mail\.(auth|user|secret)$/.test(key) ? 'mailAuth' : key.startsWith('mail.') ? 'mailSender' : 'other';
/** Settings that are a table of their own. */
const TABLES: Record<string, typeof ScopeMatrix> = { 'feed.off': SourceKinds, 'scope.off': ScopeMatrix };

function Edit({ items, etag }: { items: Setting[]; etag: string }) {
	const { t, maybe } = useI18n();
	const edit = useEdit(items, etag);
	const field = (s: Setting) => {
		const id = `set-${s.key}`;
		const value = edit.text(s);
		const put = (v: string) => edit.put(s, v);
		const Table = TABLES[s.key];
		if (Table)
			return <Table value={value} put={put} />;
		if (s.type === 'boolean' || s.type === 'choice')
			return (
				<select id={id} className="tk-select" value={value} onChange={e => put(e.target.value)}>
					{(s.type === 'boolean' ? ['true', 'false'] : s.choices ?? []).map(c => <option key={c} value={c}>{s.type === 'boolean' ? t(c === 'true' ? 'yesno.true' : 'yesno.false') : maybe(`choice.${s.key}.${c}`) ?? c}</option>)}
				</select>
			);
		if (s.type === 'duration_s')
			return <DurationInput id={id} value={value} invalid={!validNumber(s, value)} onChange={put} />;
		if (s.type === 'list')
			return <TextArea id={id} value={value} rows={Math.min(8, Math.max(2, value.split('\n').length))} resizeOrientation="vertical" onChange={(_, v) => put(v)} spellCheck={false} />;
		return (
			<TextInput id={id} type={isNumber(s) ? 'number' : s.secret ? 'password' : 'text'} value={value} min={s.min} max={s.max} autoComplete="off"
				placeholder={s.secret && s.is_set ? t('settings.secretSet') : undefined} validated={isNumber(s) && !validNumber(s, value) ? 'error' : 'default'} onChange={(_, v) => put(v)} />
		);
	};
	const said = (s: Setting, v: Setting['value']) => s.type === 'duration_s' ? durationText(t, Number(v)) : s.type === 'boolean' ? t(v === true ? 'yesno.true' : 'yesno.false') : maybe(`choice.${s.key}.${show(v)}`) ?? (show(v) || '–');
	const limit = (s: Setting, n: number) => s.type === 'duration_s' ? durationText(t, n) : String(n);
	return (
		<Form onSubmit={e => {
			e.preventDefault();
			edit.submit();
		}}>
			{PARTS.filter(part => items.some(s => partOf(s.key) === part)).map(part => (
				<fieldset key={part} className="tk-part">
					{part !== 'other' && <legend>{t(`settingPart.${part}`)}</legend>}
					{items.filter(s => partOf(s.key) === part).map(s => (
						<FormGroup key={s.key} fieldId={s.key in TABLES ? undefined : `set-${s.key}`} label={s.key in TABLES ? undefined : maybe(`setting.${s.key}`) ?? s.key}>
							{field(s)}
							<p className="tk-small">
								{maybe(`settingHelp.${s.key}`) ?? (s.help && <span lang="en">{s.help}</span>)}
								{' '}{!(s.key in TABLES) && <>{t('settings.default')}: <code>{said(s, s.default)}</code></>}
								{isNumber(s) && s.min !== undefined && s.max !== undefined && <> · {t('settings.range', { min: limit(s, s.min), max: limit(s, s.max) })}</>}
							</p>
						</FormGroup>
					))}
				</fieldset>
			))}
			<SaveRow edit={edit} />
		</Form>
	);
}
