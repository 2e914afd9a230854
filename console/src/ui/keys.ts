// SPDX-License-Identifier: Apache-2.0
// Keyboard: one listener per use; keys typed into a field, with a modifier, or while a dialog is open
// belong to those and are left alone.
import { useEffect, useRef } from 'react';

export function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement
		&& (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
			&& !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type));
}

export function useKeys(keys: Record<string, (e: KeyboardEvent) => void>, active = true) {
	const latest = useRef(keys);
	latest.current = keys;
	useEffect(() => {
		if (!active)
			return;
		const on = (e: KeyboardEvent) => {
			if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || isTyping(e.target))
				return;
			if (document.querySelector('[role="dialog"][aria-modal="true"]'))
				return;
			const fn = latest.current[e.key];
			if (fn)
				fn(e);
		};
		document.addEventListener('keydown', on);
		return () => document.removeEventListener('keydown', on);
	}, [active]);
}
