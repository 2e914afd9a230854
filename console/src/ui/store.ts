// SPDX-License-Identifier: Apache-2.0
// Small choices this browser remembers (columns, density, theme). Refused storage only means that they
// last for this visit.
import { useCallback, useState } from 'react';

export function readStore<T>(key: string, fallback: T): T {
	try {
		const text = localStorage.getItem(key);
		return text === null ? fallback : JSON.parse(text) as T;
	} catch {
		return fallback;
	}
}

export function writeStore(key: string, value: unknown) {
	try {
		localStorage.setItem(key, JSON.stringify(value));
	} catch {
		return;
	}
}

export function useStored<T>(key: string, fallback: T): [T, (v: T) => void] {
	const [value, setValue] = useState<T>(() => readStore(key, fallback));
	const set = useCallback((v: T) => {
		writeStore(key, v);
		setValue(v);
	}, [key]);
	return [value, set];
}
