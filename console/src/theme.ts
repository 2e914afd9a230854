// SPDX-License-Identifier: Apache-2.0
// Runs before the first paint, as a file of its own since the content security policy allows no inline
// script: theme class, density and language of <html> from what this browser remembered.
(() => {
	const root = document.documentElement;
	let theme = 'system', density = 'compact', lang = '';
	try {
		theme = localStorage.getItem('tk.theme') ?? theme;
		density = localStorage.getItem('tk.density') ?? density;
		lang = localStorage.getItem('tk.lang') ?? '';
	} catch {
		// Storage may be refused by the browser; the defaults above hold then.
	}
	const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
	root.classList.toggle('pf-v6-theme-dark', dark);
	root.dataset.density = density;
	root.lang = lang === 'ja' || lang === 'en' ? lang : navigator.language.startsWith('ja') ? 'ja' : 'en';
})();
