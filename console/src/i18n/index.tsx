// SPDX-License-Identifier: Apache-2.0
// The language of the session and everything that depends on it. Components call useI18n() and never
// hold a text of their own.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en } from './en';
import { ja, type Key } from './ja';
import * as f from './format';
import { fill, type Lang, type Params } from './message';

export type { Key } from './ja';
export type { Lang, Params } from './message';

const dictionaries: Record<Lang, Record<Key, string>> = { ja, en };

export interface I18n {
	lang: Lang;
	setLang: (l: Lang) => void;
	zone: string | undefined;
	setZone: (z: string | undefined) => void;
	t: (key: Key, params?: Params) => string;
	/** The text behind a key made of a prefix and an outside word ("severity.critical"); the word itself when the
	 *  dictionary does not know it (a newer server), so nothing is hidden. */
	word: (prefix: string, value: string) => string;
	/** As word(), but undefined when unknown. */
	maybe: (key: string, params?: Params) => string | undefined;
	number: (n: number) => string;
	bytes: (n: number) => string;
	dateTime: (iso: string) => string;
	timeOfDay: (iso: string) => string;
	/** In the person's zone, or in the given one. */
	exact: (iso: string, zone?: string) => string;
	date: (iso: string) => string;
	relative: (iso: string, nowMs: number) => string;
	endOfDay: (day: string) => string;
	/** A field's "2026-11-22T09:00" on the user's clocks, as RFC 3339 UTC, and back. */
	instantOf: (local: string) => string | undefined;
	localOf: (iso: string) => string;
	list: (names: string[]) => string;
}

const Context = createContext<I18n | null>(null);

function remember(key: string, value: string) {
	try {
		localStorage.setItem(key, value);
	} catch {
		// Refused storage: the choice lasts for this visit only.
	}
}

export function I18nProvider({ children }: { children: ReactNode }) {
	const [lang, setState] = useState<Lang>(document.documentElement.lang === 'ja' ? 'ja' : 'en');
	const [zone, setZone] = useState<string | undefined>(undefined);
	const setLang = useCallback((l: Lang) => {
		remember('tk.lang', l);
		setState(l);
	}, []);
	useEffect(() => {
		document.documentElement.lang = lang;
	}, [lang]);
	const value = useMemo<I18n>(() => {
		const d = dictionaries[lang];
		const maybe = (key: string, params?: Params) => {
			const text = (d as Record<string, string | undefined>)[key];
			return text === undefined ? undefined : fill(lang, text, params);
		};
		return {
			lang, setLang, zone, setZone, maybe,
			t: (key, params) => fill(lang, d[key], params),
			word: (prefix, v) => maybe(`${prefix}.${v}`) ?? v,
			number: n => f.formatNumber(lang, n),
			bytes: n => f.formatBytes(lang, n),
			dateTime: iso => f.formatDateTime(iso, zone),
			timeOfDay: iso => f.formatDateTime(iso, zone).slice(11),
			exact: (iso, other) => f.formatExact(lang, iso, other ?? zone),
			date: iso => f.formatDate(iso, zone),
			relative: (iso, now) => f.formatRelative(lang, iso, now),
			endOfDay: day => f.endOfDay(day, zone),
			instantOf: local => f.instantOf(local, zone),
			localOf: iso => f.localOf(iso, zone),
			list: names => f.formatList(lang, names),
		};
	}, [lang, setLang, zone]);
	return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
	const v = useContext(Context);
	if (!v)
		throw new Error('useI18n() outside of <I18nProvider>');
	return v;
}
