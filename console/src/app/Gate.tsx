// SPDX-License-Identifier: Apache-2.0
// Decides what may be seen: first-run set-up, sign-in, or the shell with a session. The address stays,
// so a deep link survives signing in.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { api, ApiError, setCsrf, setSignedOutHandler, take } from '../api/client';
import { useI18n } from '../i18n';
import { Failure, Loading } from '../ui/basic';
import { applyTheme } from './theme';
import { mayBeSignedIn, rememberSignedIn, SessionContext, type Session } from './session';

const Setup = lazy(() => import('../pages/setup'));
const SignIn = lazy(() => import('../pages/signin'));
const Shell = lazy(() => import('./Shell'));

type State = { kind: 'loading' } | { kind: 'failed'; error: unknown } | { kind: 'setup' } | { kind: 'signin'; ended?: boolean } | { kind: 'in'; session: Session };

/** Tries a read again when the network failed: a laptop that wakes up is not a server that is down. */
async function patiently<T>(read: () => Promise<T>): Promise<T> {
	for (let n = 1; ; n++)
		try {
			return await read();
		} catch (e) {
			if (n === 3 || !(e instanceof ApiError) || e.code !== 'network')
				throw e;
			await new Promise(done => setTimeout(done, 700 * n));
		}
}

export function Gate() {
	const [state, setState] = useState<State>({ kind: 'loading' });
	const { setLang, setZone } = useI18n();
	const client = useQueryClient();

	const enter = useCallback((session: Session) => {
		setCsrf(session.csrf);
		rememberSignedIn(true);
		setLang(session.user.language);
		setZone(session.user.timezone || undefined);
		applyTheme(session.user.theme);
		setState({ kind: 'in', session });
	}, [setLang, setZone]);
	const leave = useCallback((ended: boolean) => {
		setCsrf(null);
		rememberSignedIn(false);
		client.clear();
		setState({ kind: 'signin', ended });
	}, [client]);
	const look = useCallback(async () => {
		try {
			if (mayBeSignedIn()) {
				try {
					enter(await patiently(() => take(api.GET('/session'))));
					return;
				} catch (e) {
					if (!(e instanceof ApiError) || e.status !== 401)
						throw e;
					rememberSignedIn(false);
				}
			}
			const setup = await patiently(() => take(api.GET('/setup')));
			setState(setup.needed ? { kind: 'setup' } : { kind: 'signin' });
		} catch (error) {
			setState({ kind: 'failed', error });
		}
	}, [enter]);

	useEffect(() => {
		setSignedOutHandler(() => setState(s => {
			if (s.kind !== 'in')
				return s;
			setCsrf(null);
			rememberSignedIn(false);
			return { kind: 'signin', ended: true };
		}));
		void look();
	}, [look]);

	const session = state.kind === 'in' ? state.session : null;
	const context = useMemo(() => session && ({
		session,
		signOut: () => {
			take(api.DELETE('/session')).then(() => leave(false), () => leave(false));
		},
		refresh: () => void look(),
	}), [session, leave, look]);

	return (
		<Suspense fallback={<Loading />}>
			{state.kind === 'loading' && <Loading />}
			{state.kind === 'failed' && <div className="tk-crash"><Failure error={state.error} retry={() => void look()} /></div>}
			{state.kind === 'setup' && <Setup onDone={() => setState({ kind: 'signin' })} />}
			{state.kind === 'signin' && <SignIn ended={state.ended ?? false} onIn={enter} />}
			{context && <SessionContext.Provider value={context}><Shell /></SessionContext.Provider>}
		</Suspense>
	);
}
