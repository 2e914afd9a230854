// SPDX-License-Identifier: Apache-2.0
// One stream of server-sent events per browser: the tab that holds the lock reads it and tells the
// others. Events say only what became stale; the data is read again by the ordinary queries, at most
// once a second.
import type { QueryClient } from '@tanstack/react-query';
import type { Schemas } from './client';

type EventData = Schemas['EventData'];
export type Live = 'connecting' | 'open' | 'lost';
type Said = { kind: 'event'; data: EventData } | { kind: 'resync' } | { kind: 'state'; state: Live };

const STALE: Record<Schemas['Topic'], string[]> = {
	fleet: ['dashboard', 'systems', 'enrolment'],
	patches: ['patches', 'dashboard', 'systems'],
	systems: ['systems', 'dashboard', 'patches', 'enrolment'],
	deployments: ['deployments', 'dashboard', 'policies', 'auto', 'approval'],
	jobs: ['jobs'],
	feeds: ['feeds', 'dashboard', 'patches'],
	administration: ['policies', 'scripts', 'settings', 'mails', 'tokens', 'enrolment', 'auto', 'approval'],
};
// What is being edited is not read again under its form: the version it was read at says so on saving.
const FORMS = ['policies'];
const TOPICS = Object.keys(STALE);

export function startEvents(client: QueryClient, onState: (s: Live) => void): () => void {
	let source: EventSource | undefined;
	let stopped = false;
	let release: () => void = () => undefined;
	const pending = new Map<string, Set<string> | 'all'>();
	let timer: ReturnType<typeof setTimeout> | undefined;

	const flush = () => {
		timer = undefined;
		for (const [root, ids] of pending)
			void client.invalidateQueries({
				predicate: q => q.queryKey[0] === root && !(FORMS.includes(root) && q.queryKey[1] === 'one')
					&& (ids === 'all' || q.queryKey[1] !== 'one' || ids.has(String(q.queryKey[2]))),
			});
		pending.clear();
	};
	const stale = (root: string, ids: string[] | undefined) => {
		const had = pending.get(root);
		pending.set(root, !ids || had === 'all' ? 'all' : new Set([...(had ?? []), ...ids]));
		timer ??= setTimeout(flush, 1000);
	};
	const hear = (s: Said) => {
		if (s.kind === 'state')
			onState(s.state);
		else if (s.kind === 'resync')
			void client.invalidateQueries();
		else {
			const d = s.data;
			for (const root of STALE[d.topic] ?? [])
				stale(root, root === d.topic && !d.more ? d.ids : undefined);
		}
	};

	const channel = 'BroadcastChannel' in window ? new BroadcastChannel('tk.events') : undefined;
	if (channel)
		channel.onmessage = e => hear(e.data as Said);
	const say = (s: Said) => {
		hear(s);
		channel?.postMessage(s);
	};
	const lead = () => new Promise<void>(done => {
		release = done;
		if (stopped)
			return done();
		say({ kind: 'state', state: 'connecting' });
		let lost = false;
		source = new EventSource('/api/v1/events');
		source.onopen = () => {
			say({ kind: 'state', state: 'open' });
			if (lost)
				say({ kind: 'resync' });
			lost = false;
		};
		source.onerror = () => {
			lost = true;
			say({ kind: 'state', state: 'lost' });
			// The browser retries by itself unless the reply was final; then we try again, slowly.
			if (source?.readyState === EventSource.CLOSED && !stopped)
				setTimeout(() => {
					if (!stopped) {
						release();
						start();
					}
				}, 10_000);
		};
		source.addEventListener('resync', () => say({ kind: 'resync' }));
		for (const topic of TOPICS)
			source.addEventListener(topic, e => say({ kind: 'event', data: JSON.parse((e as MessageEvent<string>).data) as EventData }));
	});
	const start = () => {
		source?.close();
		if (navigator.locks)
			navigator.locks.request('tk.events', lead).catch(() => onState('lost'));
		else
			void lead();
	};
	onState('open');
	start();
	return () => {
		stopped = true;
		clearTimeout(timer);
		source?.close();
		channel?.close();
		release();
	};
}
