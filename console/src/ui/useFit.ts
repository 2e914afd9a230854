// SPDX-License-Identifier: Apache-2.0
// Makes a table fit its width: first headers and names wrap, then everything that can does, at last the
// columns that matter least go. What is shown whole is tried first whenever rows, columns or width change,
// before anything is painted. A column without a place in the order never goes; then the table scrolls.
import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

export interface Fit {
	/** 0 = as it is, 1 = headers and names wrap, 2 = all that can. */
	tight: 0 | 1 | 2;
	/** Ids of the columns that went. */
	dropped: string[];
}

const CLASSES = ['tk-tight-1', 'tk-tight-2', 'tk-fitted'];
const overflow = (e: HTMLElement) => e.scrollWidth - e.clientWidth;

export function fitClass(fit: Fit): string {
	return [fit.tight > 0 ? CLASSES[0] : '', fit.tight > 1 ? CLASSES[1] : '', fit.dropped.length > 0 ? CLASSES[2] : ''].join(' ').trim();
}

/** `columns` in the order of the header's cells that carry data-column; `drop` as in Column. */
export function useFit(wrap: RefObject<HTMLDivElement | null>, columns: { id: string; drop?: number }[], changes: unknown[]): Fit {
	const [fit, setFit] = useState<Fit>({ tight: 0, dropped: [] });
	const [width, setWidth] = useState(0);
	useLayoutEffect(() => {
		const e = wrap.current;
		if (!e)
			return;
		const observer = new ResizeObserver(() => setWidth(e.clientWidth));
		observer.observe(e);
		return () => observer.disconnect();
	}, [wrap]);
	const latest = useRef(columns);
	latest.current = columns;
	useLayoutEffect(() => {
		const e = wrap.current;
		if (!e)
			return;
		const before = CLASSES.filter(c => e.classList.contains(c));
		const next = measure(e, latest.current);
		e.classList.remove(...CLASSES);
		e.classList.add(...before);
		setFit(old => old.tight === next.tight && old.dropped.join() === next.dropped.join() ? old : next);
	}, [wrap, width, columns.map(c => `${c.id} ${c.drop}`).join(), ...changes]);
	return fit;
}

function measure(e: HTMLElement, columns: { id: string; drop?: number }[]): Fit {
	e.classList.remove(...CLASSES);
	if (overflow(e) <= 0)
		return { tight: 0, dropped: [] };
	e.classList.add(CLASSES[0]!);
	if (overflow(e) <= 0)
		return { tight: 1, dropped: [] };
	e.classList.add(CLASSES[1]!);
	let over = overflow(e);
	const dropped: string[] = [];
	// Where it does not fit, every column is as narrow as it can be: what goes is won whole.
	for (const c of columns.filter(x => x.drop !== undefined).sort((a, b) => b.drop! - a.drop!)) {
		if (over <= 0)
			break;
		over -= e.querySelector(`th[data-column="${CSS.escape(c.id)}"]`)?.getBoundingClientRect().width ?? 0;
		dropped.push(c.id);
	}
	return { tight: 2, dropped };
}
