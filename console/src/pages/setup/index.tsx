// SPDX-License-Identifier: Apache-2.0
// First-run set-up: the one-time token comes in the address's fragment (which no server log sees), is
// taken out of the address at once, and makes the first administrator.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import { useI18n, type Lang } from '../../i18n';
import { Button, Failure, Form, FormGroup, Note, TextInput } from '../../ui/basic';
import { Front } from '../signin/Front';
import { browserZone, ZoneSelect } from '../../ui/ZoneSelect';

/** Read once, when the page's chunk is loaded: a render may be thrown away and done again. */
const given = (() => {
	const m = /(?:^#|&)token=([^&]+)/.exec(location.hash);
	if (!m?.[1])
		return '';
	history.replaceState(null, '', location.pathname + location.search);
	return decodeURIComponent(m[1]);
})();

export default function Setup({ onDone }: { onDone: () => void }) {
	const { t, lang, setLang } = useI18n();
	const [token, setToken] = useState(given);
	const [name, setName] = useState('');
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [email, setEmail] = useState('');
	const [zone, setZone] = useState(browserZone);
	const bytes = new TextEncoder().encode(password).length;
	const weak = password !== '' && (bytes < 12 || bytes > 256 || password === name);
	const differs = again !== '' && again !== password;
	const ready = token && name.trim() && password && again === password && !weak;
	const go = useMutation({
		mutationFn: () => take(api.POST('/setup', {
			body: { token: token.trim(), name: name.trim(), password, email: email.trim() || undefined, language: lang, timezone: zone },
		})),
		onSuccess: onDone,
	});
	return (
		<Front title={t('setup.title')} lead={t('setup.lead')} wide>
			<Form onSubmit={e => {
				e.preventDefault();
				if (ready)
					go.mutate();
			}}>
				{given ? <Note tone="success" title={t('setup.tokenFound')} /> : (
					<FormGroup label={t('setup.token')} fieldId="token" isRequired>
						<TextInput id="token" value={token} autoComplete="off" spellCheck={false} onChange={(_, v) => setToken(v)} isRequired />
						<p className="tk-small">{t('setup.tokenHelp')}</p>
					</FormGroup>
				)}
				<FormGroup label={t('setup.name')} fieldId="name" isRequired>
					<TextInput id="name" value={name} maxLength={63} autoComplete="username" spellCheck={false} onChange={(_, v) => setName(v)} isRequired />
				</FormGroup>
				<FormGroup label={t('session.password')} fieldId="password" isRequired>
					<TextInput id="password" type="password" value={password} autoComplete="new-password" validated={weak ? 'error' : 'default'} aria-describedby="password-help" onChange={(_, v) => setPassword(v)} isRequired />
					<p id="password-help" className={weak ? 'tk-danger-text tk-small' : 'tk-small'}>{t('setup.passwordHelp')}</p>
				</FormGroup>
				<FormGroup label={t('setup.again')} fieldId="again" isRequired>
					<TextInput id="again" type="password" value={again} autoComplete="new-password" validated={differs ? 'error' : 'default'} aria-describedby="again-help" onChange={(_, v) => setAgain(v)} isRequired />
					<p id="again-help" className="tk-danger-text tk-small" role="status">{differs ? t('setup.differs') : ''}</p>
				</FormGroup>
				<FormGroup label={t('setup.email')} fieldId="email">
					<TextInput id="email" type="email" value={email} maxLength={254} autoComplete="email" onChange={(_, v) => setEmail(v)} />
				</FormGroup>
				<div className="tk-two">
					<FormGroup label={t('me.language')} fieldId="language">
						<select id="language" className="tk-select" value={lang} onChange={e => setLang(e.target.value as Lang)}>
							<option value="ja" lang="ja">日本語</option>
							<option value="en" lang="en">English</option>
						</select>
					</FormGroup>
					<FormGroup label={t('me.zone')} fieldId="zone">
						<ZoneSelect id="zone" value={zone} onChange={setZone} />
					</FormGroup>
				</div>
				{!!go.error && <Failure error={go.error} />}
				<Button type="submit" variant="primary" isBlock isDisabled={!ready || go.isPending}>{t('setup.create')}</Button>
			</Form>
		</Front>
	);
}
