// SPDX-License-Identifier: Apache-2.0
// The browser of the walk: one Chromium, one signed-in context, a page per screen that gathers what must
// not happen. Everything comes from the environment (README.md); nothing is guessed.
import axe from 'axe-core';
import { chromium } from 'playwright-core';

export const URL_BASE = (process.env.TSUKUROI_URL ?? '').replace(/\/$/, '');
export const hasServer = URL_BASE !== '';
export const SKIP = 'TSUKUROI_URL is not set';
export const shots = process.env.TSUKUROI_SHOTS ?? '';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function start() {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
	const context = await browser.newContext({
		viewport: { width: 1440, height: 900 }, locale: 'ja-JP', timezoneId: 'Asia/Tokyo', reducedMotion: 'reduce', ignoreHTTPSErrors: true,
	});
	// Recorded by the page itself, since a policy violation is not an exception.
	await context.addInitScript(() => {
		globalThis.cspViolations = [];
		document.addEventListener('securitypolicyviolation', e => globalThis.cspViolations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile ?? ''}`));
	});
	const name = process.env.TSUKUROI_USER, password = process.env.TSUKUROI_PASSWORD;
	const b = {
		browser, context, csrf: '', user: name && password ? { name, password } : null,
		close: () => browser.close(),
		async api(path) {
			const r = await context.request.get(`${URL_BASE}/api/v1${path}`);
			if (!r.ok())
				throw new Error(`GET ${path}: ${r.status()} ${await r.text()}`);
			return r.json();
		},
		async prefer(body) {
			const r = await context.request.patch(`${URL_BASE}/api/v1/session`, { data: body, headers: { 'X-CSRF': b.csrf, Origin: URL_BASE } });
			if (!r.ok())
				throw new Error(`PATCH /session: ${r.status()} ${await r.text()}`);
		},
	};
	return b;
}

/** Through the screens a person sees: set-up with the one-time token when one is given, then sign-in. */
export async function signIn(b) {
	const p = await b.context.newPage();
	const token = process.env.TSUKUROI_SETUP_TOKEN;
	const needed = (await b.api('/setup')).needed;
	if (needed && !token)
		throw new Error('the server has no administrator yet; give TSUKUROI_SETUP_TOKEN');
	b.user ??= { name: 'admin', password: 'correct horse battery 42' };
	await p.goto(needed ? `${URL_BASE}/setup#token=${encodeURIComponent(token)}` : `${URL_BASE}/`);
	const english = p.getByRole('button', { name: 'English' });
	await english.click();
	if (needed) {
		await p.getByRole('heading', { name: 'First-run setup' }).waitFor();
		if (p.url().includes(token))
			throw new Error('the set-up token stayed in the address');
		if (shots)
			await p.screenshot({ path: `${shots}/setup-en-light.png` });
		await p.getByLabel('user name').fill(b.user.name);
		await p.locator('#password').fill(b.user.password);
		await p.locator('#again').fill(b.user.password);
		await p.getByRole('button', { name: 'Create administrator' }).click();
	}
	await p.getByRole('heading', { name: 'Sign in' }).waitFor();
	if (shots)
		await p.screenshot({ path: `${shots}/signin-en-light.png` });
	await p.getByLabel('User name').fill(b.user.name);
	await p.getByLabel('Password').fill(b.user.password);
	await p.getByRole('button', { name: 'Sign in' }).click();
	await p.locator('.tk-shell').waitFor();
	b.csrf = (await b.api('/session')).csrf ?? '';
	await p.close();
}

/** A page that gathers errors; `allow` = patterns of console errors that belong to the test. */
export async function open(b, { viewport, allow = [] } = {}) {
	const p = await b.context.newPage();
	if (viewport)
		await p.setViewportSize(viewport);
	p.errors = [];
	const note = text => {
		// An interface of this machine came or went; the console asks again.
		if (/ERR_NETWORK_CHANGED/.test(text))
			return;
		if (!allow.some(a => a.test(text)))
			p.errors.push(text);
	};
	p.on('pageerror', e => note(`exception: ${e.message}`));
	p.on('console', m => {
		if (m.type() === 'error')
			note(`console: ${m.text()}`);
	});
	p.on('response', r => {
		if (r.status() >= 400)
			note(`${r.status()} ${new URL(r.url()).pathname}`);
	});
	return p;
}

export async function visit(p, path) {
	await p.goto(URL_BASE + path);
	await p.waitForSelector('[data-ready="true"]', { timeout: 30_000 }).catch(async () => {
		throw new Error(`${path} did not become ready; it shows: ${await p.evaluate(() => document.body.innerText.slice(0, 300))}; ${p.errors.join('; ')}`);
	});
	if (path.includes('why='))
		await p.waitForSelector('dialog [data-ready="true"]', { timeout: 20_000 });
	// Two frames, so that what the last reply changed is painted.
	await p.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
	for (const v of await p.evaluate(() => globalThis.cspViolations))
		p.errors.push(`content security policy: ${v}`);
}

/** WCAG 2.0 to 2.2, A and AA. axe is brought in by the debugger protocol, which the policy allows. */
export async function scan(p, only = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }) {
	await p.evaluate(axe.source);
	const r = await p.evaluate(runOnly => globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] }), only);
	return r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')} ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`));
}

/** Text and accessible names of a Japanese screen that are nothing but English words. Outside data (names,
 *  versions, paths, addresses, what is marked lang="en" or translate="no") is not looked at. */
export function englishIn(p) {
	return p.evaluate(() => {
		const allowed = /^(OS|CVE|URL|PID|ID|API|DSA|KB|MB|GB|SHA-256|Linux|Windows|macOS|BIOS|Debian|Ubuntu|Tsukuroi|TLS|PC|IP|Esc|Enter|Ctrl\+K|debian|amd64|all|any|and|or|not|[a-z0-9.+:~/_-]*\d[a-z0-9.+:~/_-]*)$/i;
		const data = 'code, pre, kbd, .tk-mono, .tk-id, [lang="en"], [translate="no"], time, option, .tk-tag, a[href^="http"]';
		const bad = new Set();
		const check = text => {
			const t = text.trim();
			if (!t || allowed.test(t) || /[\u3040-\u30ff\u4e00-\u9fff]/.test(t))
				return;
			for (const w of t.split(/[\s()（）,.:;·•、。「」"'!?…<>=|*%×→+/-]+/))
				if (/^[A-Za-z]{3,}$/.test(w) && !allowed.test(w)) {
					bad.add(t);
					return;
				}
		};
		const ui = 'button, th, label, legend, h1, h2, h3, dt, nav a, [role="status"], .tk-state, .tk-pill, .tk-health, .pf-v6-c-empty-state, .pf-v6-c-alert';
		for (const e of document.querySelectorAll(ui)) {
			// Headings of a thing bear the thing's own name.
			if (e.closest(data) || (e.matches('h1') && /^\/(patches|systems|deploy\/tasks)\/[^/]{20,}/.test(location.pathname)))
				continue;
			for (const n of e.childNodes)
				if (n.nodeType === Node.TEXT_NODE)
					check(n.textContent);
		}
		for (const e of document.querySelectorAll('[aria-label]'))
			if (!e.closest(data) && !e.matches('nav.tk-tabs'))
				check(e.getAttribute('aria-label'));
		for (const e of document.querySelectorAll('[placeholder]'))
			if (!e.closest(data)) // a name made of a patch's title is data
				check(e.getAttribute('placeholder'));
		return [...bad];
	});
}
