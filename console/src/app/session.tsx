// SPDX-License-Identifier: Apache-2.0
// Who is signed in and what they may do. The cookie itself is invisible to scripts; a remembered hint
// only saves asking the server for a session that cannot exist.
import { createContext, useContext } from 'react';
import type { Schemas } from '../api/client';

export type Session = Schemas['Session'];
export type Permission = Schemas['Permission'];

export const SessionContext = createContext<{ session: Session; signOut: () => void; refresh: () => void } | null>(null);

export function useSession() {
	const v = useContext(SessionContext);
	if (!v)
		throw new Error('useSession() outside of a session');
	return { ...v, may: (p: Permission) => v.session.permissions.includes(p) };
}

const HINT = 'tk.session';
export function mayBeSignedIn(): boolean {
	try {
		return localStorage.getItem(HINT) === '1';
	} catch {
		return true;
	}
}
export function rememberSignedIn(on: boolean) {
	try {
		if (on)
			localStorage.setItem(HINT, '1');
		else
			localStorage.removeItem(HINT);
	} catch {
		return;
	}
}
