// SPDX-License-Identifier: Apache-2.0
// Real windows laid on the days of a calendar, by the clocks of one time zone. A day is "2026-11-22", a
// time of day is minutes after midnight as the clock shows them; a window past midnight is a block on each day.

export interface RealWindow {
	start: string;
	/** Null = no end. */
	end: string | null;
}
export interface Block {
	/** Which of the windows. */
	window: number;
	/** Minutes after midnight on the clock, 0..1440; never empty. */
	from: number;
	to: number;
}
export type View = 'week' | 'month';

const DAY_MS = 86_400_000;
/** A window without an end is drawn as far as a year. */
const MAX_DAYS = 366;
const utc = (day: string) => Date.parse(`${day}T00:00:00Z`);
export const addDays = (day: string, n: number) => new Date(utc(day) + n * DAY_MS).toISOString().slice(0, 10);
/** 0 = Monday. */
const weekday = (day: string) => (new Date(utc(day)).getUTCDay() + 6) % 7;

/** The day and the minute on the clocks of `zone`. */
export function onClock(iso: string, zone: string): { day: string; minute: number } {
	const [day, time] = new Intl.DateTimeFormat('sv-SE', {
		year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', timeZone: zone,
	}).format(new Date(iso)).split(' ') as [string, string];
	return { day, minute: Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) };
}

export function blocksByDay(windows: RealWindow[], zone: string): Map<string, Block[]> {
	const days = new Map<string, Block[]>();
	windows.forEach((w, window) => {
		const start = onClock(w.start, zone);
		const end = w.end ? onClock(w.end, zone) : { day: addDays(start.day, MAX_DAYS), minute: 0 };
		let day = start.day;
		for (let n = 0; day <= end.day && n <= MAX_DAYS; n++, day = addDays(day, 1)) {
			const from = day === start.day ? start.minute : 0;
			const to = day === end.day ? end.minute : 1440;
			// Where clocks go back in a window, it may end at an earlier time of day than it began.
			if (to > from || day === start.day && day === end.day)
				days.set(day, [...(days.get(day) ?? []), { window, from, to: Math.max(to, Math.min(1440, from + 1)) }]);
		}
	});
	return days;
}

/** The days shown together with `day`: its week, or the whole weeks of its month. Weeks begin on Monday. */
export function daysOf(view: View, day: string): string[] {
	const monday = (d: string) => addDays(d, -weekday(d));
	if (view === 'week')
		return [0, 1, 2, 3, 4, 5, 6].map(n => addDays(monday(day), n));
	const first = monday(`${day.slice(0, 7)}-01`);
	const days: string[] = [];
	for (let d = first; d.slice(0, 7) <= day.slice(0, 7) || days.length % 7 !== 0; d = addDays(d, 1))
		days.push(d);
	return days;
}

/** A day of the period before (-1) or after (1). */
export function turn(view: View, day: string, by: 1 | -1): string {
	if (view === 'week')
		return addDays(day, 7 * by);
	const first = `${day.slice(0, 7)}-01`;
	return by < 0 ? `${addDays(first, -1).slice(0, 7)}-01` : `${addDays(first, 31).slice(0, 7)}-01`;
}

/** "13:00"; 1440 is "24:00". */
export const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
