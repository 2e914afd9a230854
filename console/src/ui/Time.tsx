// SPDX-License-Identifier: Apache-2.0
// A moment: relative with the exact time in the tooltip, or the other way round. One clock for all.
import { useSyncExternalStore } from 'react';
import { useI18n } from '../i18n';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
function subscribe(fn: () => void) {
	listeners.add(fn);
	timer ??= setInterval(() => {
		now = Date.now();
		listeners.forEach(l => l());
	}, 15_000);
	return () => {
		listeners.delete(fn);
		if (listeners.size === 0) {
			clearInterval(timer);
			timer = undefined;
		}
	};
}
/** Milliseconds, moving every 15 s. */
export function useNow(): number {
	return useSyncExternalStore(subscribe, () => now);
}

export function Time({ at, relative, date, none }: { at: string | null | undefined; relative?: boolean; date?: boolean; none?: string }) {
	const i = useI18n();
	const nowMs = useNow();
	if (!at)
		return <span className="tk-none">{none ?? '–'}</span>;
	const rel = i.relative(at, Math.max(nowMs, Date.parse(at) < Date.now() ? Date.parse(at) : nowMs));
	const exact = i.exact(at);
	return (
		<time dateTime={at} title={relative ? exact : `${rel} (${exact})`} className="tk-time">
			{relative ? rel : <span className="tk-day">{i.date(at)}</span>}{!relative && !date && <> <span className="tk-day">{i.timeOfDay(at)}</span></>}
		</time>
	);
}
