// SPDX-License-Identifier: Apache-2.0
// The query string as state: every filter, sort, tab and cursor lives there, so that a link or "back"
// brings the same screen again.
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

export type Patch = Record<string, string | string[] | null | undefined>;

export function withQuery(path: string, query: Patch): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(query))
		if (v !== null && v !== undefined && v !== '' && !(Array.isArray(v) && v.length === 0))
			q.set(k, Array.isArray(v) ? v.join(',') : v);
	const s = q.toString().replace(/%2C/g, ',');
	return s ? `${path}?${s}` : path;
}

export function useUrl() {
	const search = useSearch();
	const [path, navigate] = useLocation();
	const query = useMemo(() => new URLSearchParams(search), [search]);
	const set = useCallback((patch: Patch, options?: { replace?: boolean }) => {
		const next: Patch = Object.fromEntries(new URLSearchParams(location.search));
		Object.assign(next, patch);
		navigate(withQuery(location.pathname, next), { replace: options?.replace });
	}, [navigate]);
	const list = useCallback((name: string) => (query.get(name) ?? '').split(',').filter(Boolean), [query]);
	return { path, query, get: (n: string) => query.get(n) ?? '', list, set, navigate };
}
