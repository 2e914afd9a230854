// SPDX-License-Identifier: Apache-2.0
// Addresses of things. Ids are percent-encoded; the last part is always a word without a dot, since the
// server takes a last part with a dot for a file.
const enc = (id: string) => encodeURIComponent(id).replace(/%3A/g, ':');

export const patchPath = (id: string, tab = 'overview') => `/patches/${enc(id)}/${tab}`;
export const systemPath = (id: string, tab = 'overview') => `/systems/${enc(id)}/${tab}`;
export const deploymentPath = (id: string) => `/deploy/tasks/${enc(id)}`;
export const groupPath = (id: string) => `/agents/groups/${enc(id)}`;
/** The form, with a stored draft. */
export const draftPath = (id: string) => `${deploymentPath(id)}/edit`;
/** Query parameter that opens the explanation drawer on any screen. */
export const whyParam = (system: string, patch: string) => `${system}.${patch}`;
export function parseWhy(value: string): { system: string; patch: string } | null {
	const dot = value.indexOf('.');
	return dot > 0 && dot < value.length - 1 ? { system: value.slice(0, dot), patch: value.slice(dot + 1) } : null;
}
/** A file the browser downloads by itself, with the session's cookie. */
export const exportPath = (list: string, query: Record<string, string>) => `/api/v1${list}:export?${new URLSearchParams(query)}`;
export function decodeId(param: string | undefined): string {
	try {
		return decodeURIComponent(param ?? '');
	} catch {
		return param ?? '';
	}
}
