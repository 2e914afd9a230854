// SPDX-License-Identifier: Apache-2.0
// The state of "new deployment", which is also what a list hands to it: kept in this tab's session
// storage, named in the address, so that reload and "back" work and a selection of any size fits.
// Every section of the form reads and changes one draft; what the server is asked is made of it here.
import type { Schemas } from '../../api/client';
import type { DeploymentDetail, Patch, Selection, System, Targets } from '../../api/queries';
import { withQuery } from '../../ui/url';

export interface Draft {
	/** Install unless it says otherwise (M-137). */
	operation?: 'uninstall';
	/** Systems stop with their exact plan until it is approved. */
	approval?: 'plan';
	/** ... from which it may have drifted so far. */
	drift?: Schemas['PlanDrift'];
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
	rollout?: RolloutChoice;
	/** The last moment at which a system may start. */
	expires?: string | null;
	retry?: Schemas['DeploymentRetry'] | null;
	distribution?: Schemas['DistributionRule'];
	/** Who is mailed how it stands. */
	notify?: Schemas['DeploymentNotify'] | null;
	/** Users install it themselves (M-143). */
	publish?: boolean;
	/** ... until then; RFC 3339. */
	deadline?: string;
}
/** A wave as it is typed; of a group, its id. */
export interface WaveRow {
	kind: 'systems' | 'percent' | 'group';
	value: string;
}
/** How it goes out: a preset, or texts as they are typed. */
export interface RolloutChoice {
	preset: 'none' | 'servers' | 'desktops' | 'own';
	/** Without the last one, all that are left, unless it was asked for before groups. */
	waves?: WaveRow[];
	failures?: string;
	soak?: string;
	halt?: string;
	/** Of a stored draft: more than the texts can say; gone as soon as one is typed. */
	plan?: Schemas['RolloutPlan'];
}
/** What every section is given; `change` replaces the named members. */
export interface SectionProps {
	draft: Draft;
	change: (part: Partial<Draft>) => void;
}
const memory = new Map<string, Draft>();
const name = (key: string) => `tk.draft.${key}`;

const PRESETS: Record<'servers' | 'desktops', Schemas['RolloutPlan']> = {
	servers: {
		waves: [{ systems: 5 }, { percent: 10 }, { percent: 50 }, { percent: 100 }],
		gate: { max_failures: 0, max_silent: 0, soak_minutes: 1440 }, halt: { percent: 5 },
	},
	desktops: {
		waves: [{ percent: 5 }, { percent: 25 }, { percent: 100 }],
		gate: { success_percent: 90, max_silent: null, soak_minutes: 120, patience_minutes: 4320 }, halt: { percent: 10 },
	},
};
const whole = (text: string | undefined) => /^\s*\d{1,7}\s*$/.test(text ?? '') ? Number(text) : undefined;

export const WAVES_MAX = 20;
export const wavesOf = (c: RolloutChoice): WaveRow[] => c.waves ?? [{ kind: 'systems', value: '5' }];
/** Is everyone in a wave already? */
export const hasAll = (rows: WaveRow[]) => rows.some(r => r.kind === 'percent' && whole(r.value) === 100);

/** What the server would refuse. */
export function isWrongWave(rows: WaveRow[], n: number): boolean {
	const row = rows[n]!, before = rows.slice(0, n);
	if (row.kind === 'group')
		return !row.value || before.some(r => r.kind === 'group' && r.value === row.value);
	const value = whole(row.value), above = Math.max(0, ...before.map(r => r.kind === 'percent' ? whole(r.value) ?? 0 : 0));
	return !value || above === 100 || (row.kind === 'percent' && (value <= above || value > 100));
}

/** The plan that is chosen; undefined for all at once, and for waves that cannot be read. */
export function rolloutOf(c: RolloutChoice | undefined): Schemas['RolloutPlan'] | undefined {
	if (!c || c.preset === 'none')
		return undefined;
	if (c.preset !== 'own')
		return PRESETS[c.preset];
	if (c.plan)
		return c.plan;
	const rows = wavesOf(c), wrong = rows.some((_, n) => isWrongWave(rows, n));
	if (wrong || rows.length === 0 || rows.length >= WAVES_MAX)
		return undefined;
	const waves: Schemas['RolloutPlan']['waves'] = rows.map(r => r.kind === 'group' ? { group: r.value } : { [r.kind]: whole(r.value) });
	return {
		waves: hasAll(rows) ? waves : [...waves, { percent: 100 }],
		gate: { max_failures: whole(c.failures), soak_minutes: whole(c.soak) }, halt: { percent: whole(c.halt) },
	};
}
/** Is it published to users instead of deployed? */
export const published = (d: Draft) => !!d.publish && !d.operation;

const same = (a: unknown, b: unknown): boolean => a === b || (!!a && !!b && typeof a === 'object' && typeof b === 'object'
	&& Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([k, v]) => same(v, (b as Record<string, unknown>)[k])));
const typed = (n: number | null | undefined) => n === null || n === undefined ? undefined : String(n);

/** The last wave of all is not written down. */
function rowsOf(plan: Schemas['RolloutPlan']): WaveRow[] {
	const rows = plan.waves.map((w): WaveRow => w.group ? { kind: 'group', value: w.group } : w.percent ? { kind: 'percent', value: String(w.percent) } : { kind: 'systems', value: String(w.systems) });
	return rows.length > 1 && rows.at(-1)?.kind === 'percent' ? rows.slice(0, -1) : rows;
}

/** A stored plan as the form has it. */
export function rolloutChoice(plan: Schemas['RolloutPlan'] | undefined): RolloutChoice | undefined {
	const preset = (['servers', 'desktops'] as const).find(k => same(PRESETS[k], plan));
	if (!plan || preset)
		return preset && { preset };
	return {
		preset: 'own', plan, waves: rowsOf(plan),
		failures: typed(plan.gate?.max_failures), soak: typed(plan.gate?.soak_minutes), halt: typed(plan.halt?.percent),
	};
}

/** How it is carried out. */
export function termsOf(d: Draft) {
	return { expires: d.expires ?? null, retry: d.retry ?? null, distribution: d.distribution ?? 'deploy_rest', notify: d.notify ?? null } as const;
}

/** What is chosen: what the preview shows depends on nothing else. */
export function chosenOf(d: Draft) {
	const targets = targetsOf(d);
	return {
		operation: d.operation, approval: published(d) ? undefined : d.approval, drift: published(d) || !d.approval ? undefined : d.drift, patches: d.patches, systems: targets ? undefined : d.systems, targets,
		only_approved: d.onlyApproved ?? false, rollout: d.operation || published(d) ? undefined : rolloutOf(d.rollout),
		...published(d) ? { option: 'publish' as const, deadline: d.deadline } : {},
	};
}

/** What the creation and a stored draft ask alike. */
export function requestOf(d: Draft) {
	return { ...chosenOf(d), policy: d.policy ?? 'anytime', ...termsOf(d) };
}

/** A stored draft as the form has it. */
export function fromStored(d: DeploymentDetail): Draft {
	const { operation, approval, drift, patches, targets, rollout, ...r } = (d.request ?? {}) as Schemas['DeploymentRequest'];
	// Systems among targets are shown as systems.
	const systems = r.systems ?? (targets?.systems ? { ids: targets.systems } : undefined);
	return {
		operation: operation === 'uninstall' ? operation : undefined, approval: approval === 'plan' ? approval : undefined, drift, patches, systems, targets,
		onlyApproved: r.only_approved, rollout: rolloutChoice(rollout ?? undefined), name: d.name, description: d.description,
		publish: r.option === 'publish' || undefined, deadline: r.deadline ?? undefined, policy: d.policy, expires: d.expires, retry: d.retry, distribution: d.distribution, notify: d.notify,
	};
}

const says = (t: Omit<Targets, 'exclude' | 'mode'> | undefined) => !!t && [t.systems, t.offices, t.groups, t.ip_ranges, t.filter].some(x => !!x && x.length > 0);

/** Undefined when nothing but systems is chosen. */
export function targetsOf(d: Draft): Targets | undefined {
	const t = d.targets;
	if (!t || (d.systems && !d.systems.ids) || (!says(t) && !says(t.exclude) && t.mode !== 'dynamic'))
		return undefined;
	return { ...t, systems: d.systems?.ids, mode: d.operation ? 'frozen' : t.mode };
}

const rolloutReads = (d: Draft) => !!d.operation || published(d) || d.rollout?.preset !== 'own' || !!rolloutOf(d.rollout);
/** Is there anything to preview? */
export const hasSomething = (d: Draft) => rolloutReads(d) && (!!d.patches || ((!!d.systems || says(targetsOf(d))) && !d.operation));

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
