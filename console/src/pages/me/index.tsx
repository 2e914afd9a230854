// SPDX-License-Identifier: Apache-2.0
// The user's own things: language, time zone, theme, password, API tokens.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useTokens } from '../../api/queries';
import { useSession } from '../../app/session';
import { applyTheme, type Theme } from '../../app/theme';
import { useI18n, type Lang } from '../../i18n';
import { Button, Card, Empty, Failure, Form, FormGroup, Note, TextInput } from '../../ui/basic';
import { Copyable } from '../../ui/Copy';
import { useListQuery } from '../../ui/filters';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { ZoneSelect } from '../../ui/ZoneSelect';

export default function Me() {
	const { t } = useI18n();
	const { session } = useSession();
	return (
		<Page title={t('me.title')} sub={<p className="tk-lead">{session.user.name} · {t(`role.${session.user.role}`)}</p>}>
			<div className="tk-columns">
				<Preferences />
				<Password />
			</div>
			<Tokens />
		</Page>
	);
}

function Preferences() {
	const { t, lang, setLang, setZone } = useI18n();
	const { session, refresh } = useSession();
	const toast = useToast();
	const [zone, chooseZone] = useState(session.user.timezone || 'UTC');
	const [theme, chooseTheme] = useState<Theme>(session.user.theme);
	const [language, chooseLanguage] = useState<Lang>(lang);
	const save = useMutation({
		mutationFn: () => take(api.PATCH('/session', { body: { language, timezone: zone, theme } })),
		onSuccess: () => {
			setLang(language);
			setZone(zone);
			applyTheme(theme);
			toast.done(t('settings.saved'));
			refresh();
		},
	});
	return (
		<Card title={t('me.preferences')}>
			<Form onSubmit={e => {
				e.preventDefault();
				save.mutate();
			}}>
				<FormGroup label={t('me.language')} fieldId="lang">
					<select id="lang" className="tk-select" value={language} onChange={e => chooseLanguage(e.target.value as Lang)}>
						<option value="ja" lang="ja">日本語</option>
						<option value="en" lang="en">English</option>
					</select>
				</FormGroup>
				<FormGroup label={t('me.zone')} fieldId="zone">
					<ZoneSelect id="zone" value={zone} onChange={chooseZone} />
				</FormGroup>
				<FormGroup label={t('shell.theme')} fieldId="theme">
					<select id="theme" className="tk-select" value={theme} onChange={e => chooseTheme(e.target.value as Theme)}>
						{(['system', 'light', 'dark'] as const).map(x => <option key={x} value={x}>{t(`theme.${x}`)}</option>)}
					</select>
				</FormGroup>
				{!!save.error && <Failure error={save.error} />}
				<Button type="submit" variant="primary" isDisabled={save.isPending}>{t('me.save')}</Button>
			</Form>
		</Card>
	);
}

function Password() {
	const { t } = useI18n();
	const { session } = useSession();
	const toast = useToast();
	const [old, setOld] = useState('');
	const [next, setNext] = useState('');
	const [again, setAgain] = useState('');
	const change = useMutation({
		mutationFn: () => take(api.POST('/password', { body: { old_password: old, new_password: next } })),
		onSuccess: () => {
			setOld('');
			setNext('');
			setAgain('');
			toast.done(t('me.passwordChanged'));
		},
	});
	const bytes = new TextEncoder().encode(next).length;
	const weak = next !== '' && (bytes < 12 || bytes > 256 || next === session.user.name);
	const ready = old && next && next === again && !weak;
	return (
		<Card title={t('me.password')}>
			<Form onSubmit={e => {
				e.preventDefault();
				if (ready)
					change.mutate();
			}}>
				<FormGroup label={t('me.oldPassword')} fieldId="old"><TextInput id="old" type="password" autoComplete="current-password" value={old} onChange={(_, v) => setOld(v)} /></FormGroup>
				<FormGroup label={t('me.newPassword')} fieldId="new">
					<TextInput id="new" type="password" autoComplete="new-password" value={next} validated={weak ? 'error' : 'default'} aria-describedby="new-help" onChange={(_, v) => setNext(v)} />
					<p id="new-help" className={weak ? 'tk-danger-text tk-small' : 'tk-small'}>{t('setup.passwordHelp')}</p>
				</FormGroup>
				<FormGroup label={t('setup.again')} fieldId="again">
					<TextInput id="again" type="password" autoComplete="new-password" value={again} validated={again && again !== next ? 'error' : 'default'} onChange={(_, v) => setAgain(v)} />
				</FormGroup>
				{!!change.error && <Failure error={change.error} />}
				<Button type="submit" variant="secondary" isDisabled={!ready || change.isPending}>{t('me.changePassword')}</Button>
			</Form>
		</Card>
	);
}

function Tokens() {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const list = useTokens(useListQuery([]));
	const [label, setLabel] = useState('');
	const [made, setMade] = useState<Schemas['NewToken'] | null>(null);
	const fresh = () => void client.invalidateQueries({ queryKey: ['tokens'] });
	const make = useMutation({
		mutationFn: () => take(api.POST('/tokens', { body: { label: label.trim() } })),
		onSuccess: x => {
			setMade(x);
			setLabel('');
			fresh();
		},
	});
	const revoke = useMutation({
		mutationFn: (id: string) => take(api.DELETE('/tokens/{token_id}', { params: { path: { token_id: id } } })),
		onSuccess: () => {
			toast.done(t('me.tokenRevoked'));
			fresh();
		},
		onError: toast.failed,
	});
	return (
		<Card title={t('me.tokens')}>
			<p className="tk-small">{t('me.tokensHelp')}</p>
			{made && (
				<div className="tk-made">
					<Note tone="warning" title={t('install.once')} />
					<Copyable text={made.token} what={t('me.token')} />
				</div>
			)}
			<form className="tk-row" onSubmit={e => {
				e.preventDefault();
				if (label.trim())
					make.mutate();
			}}>
				<TextInput aria-label={t('me.tokenLabel')} placeholder={t('me.tokenLabel')} value={label} maxLength={100} onChange={(_, v) => setLabel(v)} className="tk-narrow" />
				<Button type="submit" variant="secondary" isDisabled={!label.trim() || make.isPending}>{t('me.makeToken')}</Button>
			</form>
			{!!make.error && <Failure error={make.error} />}
			<ListView label={t('me.tokens')} list={list} rowId={x => x.id} rowName={x => x.label} keyboard={false}
				columns={[
					{ id: 'label', header: t('me.tokenLabel'), grow: true, cell: x => x.label },
					{ id: 'id', header: t('install.tokenId'), cell: x => <span className="tk-mono">{x.id}</span> },
					{ id: 'created', header: t('deployment.created'), cell: x => <Time at={x.created} /> },
					{ id: 'expires', header: t('install.expires'), cell: x => <Time at={x.expires} /> },
					{ id: 'revoke', header: t('deploy.action'), cell: x => <button type="button" className="tk-link" aria-label={t('install.revokeName', { name: x.label })} onClick={() => revoke.mutate(x.id)}>{t('install.revoke')}</button> },
				]}
				empty={<Empty title={t('empty.apiTokens')} why={t('empty.apiTokensWhy')} />} />
		</Card>
	);
}
