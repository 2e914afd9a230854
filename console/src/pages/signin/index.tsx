// SPDX-License-Identifier: Apache-2.0
// Sign in with name and password. Nothing says which of the two was wrong.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import type { Session } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Failure, Form, FormGroup, Note, TextInput } from '../../ui/basic';
import { Front } from './Front';

export default function SignIn({ ended, onIn }: { ended: boolean; onIn: (s: Session) => void }) {
	const { t } = useI18n();
	const [name, setName] = useState('');
	const [password, setPassword] = useState('');
	const go = useMutation({
		mutationFn: () => take(api.POST('/session', { body: { name: name.trim(), password, kind: 'cookie' } })),
		onSuccess: s => {
			if ('csrf' in s)
				onIn(s);
		},
		onError: () => setPassword(''),
	});
	return (
		<Front title={t('session.signIn')}>
			{ended && !go.error && <Note tone="info" title={t('session.ended')} />}
			{!!go.error && <Failure error={go.error} />}
			<Form onSubmit={e => {
				e.preventDefault();
				if (name.trim() && password)
					go.mutate();
			}}>
				<FormGroup label={t('session.name')} fieldId="name">
					<TextInput id="name" value={name} maxLength={63} autoComplete="username" spellCheck={false} autoFocus onChange={(_, v) => setName(v)} />
				</FormGroup>
				<FormGroup label={t('session.password')} fieldId="password">
					<TextInput id="password" type="password" value={password} maxLength={256} autoComplete="current-password" onChange={(_, v) => setPassword(v)} />
				</FormGroup>
				<Button type="submit" variant="primary" isBlock isDisabled={!name.trim() || !password || go.isPending}>{t('session.signIn')}</Button>
			</Form>
		</Front>
	);
}
