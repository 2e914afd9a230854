// SPDX-License-Identifier: Apache-2.0
// What a list hands to "new deployment": kept in this tab's session storage, named in the address, so
// that reload and "back" work and a selection of any size fits.
import type { Patch, Selection, System } from '../../api/queries';
import { withQuery } from '../../ui/url';

export interface Draft {
	patches?: Selection;
	/** Rows already seen, to show them at once; only with `patches.ids`. */
	patchRows?: Patch[];
	patchCount?: number;
	systems?: Selection;
	systemRows?: System[];
	systemCount?: number;
}
const memory = new Map<string, Draft>();
const name = (key: string) => `tk.draft.${key}`;

/** Stores the draft; returns the address of the form. */
export function startDraft(draft: Draft): string {
	const key = Date.now().toString(36) + Math.floor(Math.random() * 1e6).toString(36);
	memory.set(key, draft);
	try {
		sessionStorage.setItem(name(key), JSON.stringify(draft));
	} catch {
		// Refused or full: the draft still works until the tab is reloaded.
	}
	return withQuery('/deploy/tasks/new', { draft: key });
}

export function readDraft(key: string): Draft | null {
	const held = memory.get(key);
	if (held)
		return held;
	try {
		const text = sessionStorage.getItem(name(key));
		return text ? JSON.parse(text) as Draft : null;
	} catch {
		return null;
	}
}
