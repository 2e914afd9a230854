// SPDX-License-Identifier: Apache-2.0
// Light, dark or the system's choice, on <html>; remembered for the first paint of the next visit.
export type Theme = 'system' | 'light' | 'dark';

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
let current: Theme = 'system';
prefersDark.addEventListener('change', () => paint());

function paint() {
	const dark = current === 'dark' || (current === 'system' && prefersDark.matches);
	document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
}

export function applyTheme(theme: Theme) {
	current = theme;
	try {
		localStorage.setItem('tk.theme', theme);
	} catch {
		// Refused storage: the theme still holds for this visit.
	}
	paint();
}

export function rememberedTheme(): Theme {
	try {
		const t = localStorage.getItem('tk.theme');
		return t === 'light' || t === 'dark' ? t : 'system';
	} catch {
		return 'system';
	}
}
