// SPDX-License-Identifier: Apache-2.0
// The state of "new deployment", which is also what a list hands to it: kept in this tab's session
// storage, named in the address, so that reload and "back" work and a selection of any size fits.
// Every section of the form reads and changes one draft; what the server is asked is made of it here.
import type { Patch, Selection, System, Targets } from '../../api/queries';
import { withQuery } from '../../ui/url';

export interface Draft {
	/** Install unless it says otherwise (M-137). */
	operation?: 'uninstall';
	/** Systems stop with their exact plan until it is approved. */
	approval?: 'plan';
	name?: string;
	description?: string;
	patches?: Selection;
	/** Rows already seen, to show them at once; only with `patches.ids`. */
	patchRows?: Patch[];
	patchCount?: number;
	systems?: Selection;
	systemRows?: System[];
	systemCount?: number;
	/** Besides `systems`, which are then among them; not with a selection by filter. */
	targets?: Targets;
	policy?: string;
	onlyApproved?: boolean;
}
/** What every section is given; `change` replaces the named members. */
export interface SectionProps {
	draft: Draft;
	change: (part: Partial<Draft>) => void;
}
const memory = new Map<string, Draft>();
const name = (key: string) => `tk.draft.${key}`;

/** What the preview and the creation ask alike. */
export function requestOf(d: Draft) {
	const targets = targetsOf(d);
	return { operation: d.operation, approval: d.approval, patches: d.patches, systems: targets ? undefined : d.systems, targets, policy: d.policy ?? 'anytime', only_approved: d.onlyApproved ?? false };
}

const says = (t: Omit<Targets, 'exclude' | 'mode'> | undefined) => !!t && [t.systems, t.offices, t.groups, t.ip_ranges, t.filter].some(x => !!x && x.length > 0);

/** Undefined when nothing but systems is chosen. */
export function targetsOf(d: Draft): Targets | undefined {
	const t = d.targets;
	if (!t || (d.systems && !d.systems.ids) || (!says(t) && !says(t.exclude) && t.mode !== 'dynamic'))
		return undefined;
	return { ...t, systems: d.systems?.ids, mode: d.operation ? 'frozen' : t.mode };
}

/** Is there anything to preview? */
export const hasSomething = (d: Draft) => !!d.patches || ((!!d.systems || says(targetsOf(d))) && !d.operation);

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

/** The draft named in the address, or ids given there. */
export function initialDraft(get: (n: string) => string, list: (n: string) => string[]): Draft {
	const held = get('draft') ? readDraft(get('draft')) : null;
	if (held)
		return held;
	const patches = list('patches'), systems = list('systems');
	return {
		patches: patches.length ? { ids: patches } : undefined, patchCount: patches.length || undefined,
		systems: systems.length ? { ids: systems } : undefined, systemCount: systems.length || undefined,
	};
}
