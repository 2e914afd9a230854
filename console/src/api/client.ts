// SPDX-License-Identifier: Apache-2.0
// The typed client. Every failure becomes an ApiError with the server's stable code and request id;
// a reply that never came is code "network". The CSRF word of the session goes with every write.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];

export class ApiError extends Error {
	constructor(
		readonly code: string, readonly status: number, readonly detail: string, readonly requestId: string,
		readonly params: Record<string, unknown> = {}, readonly errors: NonNullable<Problem['errors']> = [],
		readonly retryAfter?: number,
	) {
		super(`${code}: ${detail}`);
	}
}

let csrf: string | null = null;
export function setCsrf(value: string | null) {
	csrf = value;
}
let onSignedOut: () => void = () => undefined;
/** Called when a reply says that the session is over. */
export function setSignedOutHandler(fn: () => void) {
	onSignedOut = fn;
}

export const api = createClient<paths>({
	baseUrl: '/api/v1',
	credentials: 'same-origin',
	querySerializer: { array: { style: 'form', explode: false } },
});
api.use({
	onRequest({ request }) {
		if (csrf && request.method !== 'GET')
			request.headers.set('X-CSRF', csrf);
		return request;
	},
});

interface Answer<T> {
	data?: T;
	error?: unknown;
	response: Response;
}
/** The reply's body, or ApiError. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
	let a: Answer<T>;
	try {
		a = await call;
	} catch (e) {
		if (e instanceof DOMException && e.name === 'AbortError')
			throw e;
		throw new ApiError('network', 0, e instanceof Error ? e.message : String(e), '');
	}
	if (a.response.ok)
		return a.data as T;
	const p = (typeof a.error === 'object' && a.error !== null ? a.error : {}) as Partial<Problem>;
	const retry = Number(a.response.headers.get('Retry-After'));
	const code = p.code ?? `http_${a.response.status}`;
	if (a.response.status === 401 && code !== 'sign_in_failed')
		onSignedOut();
	throw new ApiError(code, a.response.status, p.detail ?? p.title ?? '', p.request_id ?? '',
		p.params, p.errors, Number.isFinite(retry) && retry > 0 ? retry : undefined);
}

/** What stands on all pages of a list. */
export async function takeAll<T>(page: (cursor: string | undefined) => Promise<{ items: T[]; page: Schemas['Page'] }>): Promise<T[]> {
	const all: T[] = [];
	let cursor: string | undefined;
	do {
		const d = await page(cursor);
		all.push(...d.items);
		cursor = d.page.next_cursor ?? undefined;
	} while (cursor);
	return all;
}

/** The reply's body with its ETag, which a change names. */
export async function takeVersioned<T extends object>(call: Promise<Answer<T>>): Promise<T & { etag: string }> {
	const body = await take(call);
	return { ...body, etag: (await call).response.headers.get('ETag') ?? '' };
}

export function newKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
}
