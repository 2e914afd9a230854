// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes, times for people. Times come as RFC 3339 UTC and are shown in the given zone.
import type { Lang } from './message';

const cache = new Map<string, Intl.DateTimeFormat>();
function dtf(key: string, make: () => Intl.DateTimeFormat): Intl.DateTimeFormat {
	let f = cache.get(key);
	if (!f)
		cache.set(key, (f = make()));
	return f;
}

export function formatNumber(lang: Lang, n: number): string {
	return n.toLocaleString(lang);
}

/** "A、B" / "A, B, and C". */
export function formatList(lang: Lang, names: string[]): string {
	return new Intl.ListFormat(lang).format(names);
}

/** "2026-11-22 17:41" in `zone`. */
export function formatDateTime(iso: string, zone?: string): string {
	return dtf(`t ${zone}`, () => new Intl.DateTimeFormat('sv-SE', {
		year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', timeZone: zone,
	})).format(new Date(iso));
}

/** With seconds and the zone's short name, for tooltips and logs. */
export function formatExact(lang: Lang, iso: string, zone?: string): string {
	const time = dtf(`x ${zone}`, () => new Intl.DateTimeFormat('sv-SE', {
		year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: zone,
	})).format(new Date(iso));
	const name = dtf(`z ${lang} ${zone}`, () => new Intl.DateTimeFormat(lang, { timeZone: zone, timeZoneName: 'short' }))
		.formatToParts(new Date(iso)).find(p => p.type === 'timeZoneName')?.value;
	return name ? `${time} ${name}` : time;
}

export function formatDate(iso: string, zone?: string): string {
	return dtf(`d ${zone}`, () => new Intl.DateTimeFormat('sv-SE', {
		year: 'numeric', month: '2-digit', day: '2-digit', timeZone: zone,
	})).format(new Date(iso));
}

const clocks = (zone?: string) => dtf(`e ${zone}`, () => new Intl.DateTimeFormat('en', {
	year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: zone,
}));

/** What the clocks of `zone` show, as if they were those of UTC. */
function shown(ms: number, zone?: string): number {
	const p = Object.fromEntries(clocks(zone).formatToParts(new Date(ms)).map(x => [x.type, Number(x.value)]));
	return Date.UTC(p.year!, p.month! - 1, p.day, p.hour, p.minute, p.second);
}

/** "2026-11-22T09:00" (seconds may follow) on the clocks of `zone`, as RFC 3339 UTC; undefined for what is no time. */
export function instantOf(local: string, zone?: string): string | undefined {
	const wanted = Date.parse(`${local}Z`);
	if (Number.isNaN(wanted))
		return undefined;
	// Twice, since the first guess may lie on the other side of a change of clocks.
	let ms = wanted;
	for (let n = 0; n < 2; n++)
		ms += wanted - shown(ms, zone);
	return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** The same back, to the minute. */
export function localOf(iso: string, zone?: string): string {
	return new Date(shown(Date.parse(iso), zone)).toISOString().slice(0, 16);
}

/** The last second of the day "2026-11-22" on the clocks of `zone`, as RFC 3339 UTC. */
export function endOfDay(day: string, zone?: string): string {
	return instantOf(`${day}T23:59:59`, zone)!;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3_600], ['minute', 60],
];
/** "2 分前", "in 3 hr."; below a minute: "今" / "now". */
export function formatRelative(lang: Lang, iso: string, nowMs: number): string {
	const s = (Date.parse(iso) - nowMs) / 1000;
	const rtf = new Intl.RelativeTimeFormat(lang, { numeric: 'auto', style: lang === 'ja' ? 'long' : 'short' });
	for (const [unit, len] of UNITS)
		if (Math.abs(s) >= len)
			return rtf.format(Math.trunc(s / len), unit);
	return rtf.format(0, 'second');
}

const SIZES = ['B', 'KB', 'MB', 'GB', 'TB'];
/** 1024-based, one decimal below 10: "2.4 GB". */
export function formatBytes(lang: Lang, n: number): string {
	let i = 0;
	while (n >= 1024 && i < SIZES.length - 1) {
		n /= 1024;
		i++;
	}
	return `${n.toLocaleString(lang, { maximumFractionDigits: i > 0 && n < 10 ? 1 : 0 })} ${SIZES[i]}`;
}

/** "1:05:09" or "0:42". */
export function formatSpan(ms: number): string {
	const s = Math.max(0, Math.round(ms / 1000));
	const two = (n: number) => String(n).padStart(2, '0');
	const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
	return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
