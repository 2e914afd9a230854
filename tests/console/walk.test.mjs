// SPDX-License-Identifier: Apache-2.0
// Walks through every screen of a running server in Japanese and English, light and dark: no violation
// of WCAG A/AA (axe), none of the content security policy, no error in the console, no English left in
// Japanese screens, nothing cut off in table headers; and does the main things a person does.
// See README.md for the environment.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { englishIn, hasServer, open, scan, shots, signIn, start, SKIP, URL_BASE, visit } from './browser.mjs';
import { lengthen } from './long.mjs';

const o = { skip: hasServer ? false : SKIP };
let b;
before(async () => {
	if (!hasServer)
		return;
	if (shots)
		mkdirSync(shots, { recursive: true });
	b = await start();
	await signIn(b);
});
after(() => b?.close());

/** Deployments of tests/e2e/console_world.py, each stopped where a person is asked or told. */
const STOPPED = { plan: '設定ファイルのある更新', drift: '計画が変わる更新', before: '先に入れた更新', script: '締め処理の後の更新', postponed: '作業中の人に知らせる更新', countdown: '再起動のある更新', wake: '夜間に起動する更新' };

/** Ids of things that exist on this server, by the API. */
async function things() {
	const get = async path => (await b.api(path)).items ?? [];
	const [system] = await get('/systems?sort=-missing&limit=1');
	const [patch] = await get('/patches?view=missing&limit=1');
	const [any] = await get('/patches?view=supported&limit=1');
	const deployments = await get('/deployments');
	const stopped = Object.fromEntries(Object.entries(STOPPED).map(([key, name]) => [key, deployments.find(d => d.name === name)?.id]).filter(([, id]) => id));
	const deployment = deployments.find(d => d.state !== 'draft' && d.option === 'deploy' && !Object.values(STOPPED).includes(d.name)), published = deployments.find(d => d.state !== 'draft' && d.option === 'publish');
	const drafts = await Promise.all(deployments.filter(d => d.state === 'draft').map(d => b.api(`/deployments/${d.id}`)));
	const draft = drafts.find(d => d.request.option !== 'publish'), publishedDraft = drafts.find(d => d.request.option === 'publish');
	const halted = deployments.find(d => d.name === 'グループごとの段階');
	const missing = system ? (await b.api(`/systems/${system.id}/patches?limit=1`)).items[0] : undefined;
	return { system, patch: patch ?? any, deployment, draft, published, publishedDraft, halted, missing, stopped };
}

async function screens() {
	const t = await things();
	const enc = encodeURIComponent;
	const list = {
		home: '/', missing: '/patches/missing', critical: '/patches/critical', installed: '/patches/installed', applicable: '/patches/applicable', supported: '/patches/supported',
		latest: '/patches/latest', detail: '/patches/detail', 'detail-nothing': '/patches/detail?q=no-such-patch-at-all', downloaded: '/patches/downloaded', declined: '/patches/declined', 'health-policy': '/systems/health-policy', nothing: '/patches/missing?q=no-such-patch-at-all', systems: '/systems', scan: '/systems/scan', deployments: '/deploy/tasks', 'deployments-trash': '/deploy/tasks?trash=true', 'new-deployment': '/deploy/tasks/new', policies: '/deploy/policies', portal: '/deploy/portal', 'new-policy': '/deploy/policies/new', scripts: '/deploy/scripts', auto: '/deploy/auto', 'new-auto': '/deploy/auto/new', approval: '/deploy/approval',
		groups: '/agents/groups', 'new-group': '/agents/groups/new', computers: '/agents/computers', 'install-agents': '/agents/install', offices: '/agents/offices', 'agent-settings': '/agents/settings', reports: '/reports', 'patch-db': '/admin/patch-db', mail: '/admin/mail', about: '/admin/about',
		me: '/me', 'not-found': '/no/such/page',
	};
	if (t.patch)
		for (const tab of ['overview', 'missing', 'installed', 'changes', 'files', 'supersedence', 'history', 'provenance'])
			list[`patch-${tab}`] = `/patches/${enc(t.patch.id)}/${tab}`;
	if (t.system)
		for (const tab of ['overview', 'missing', 'installed', 'packages', 'deployments', 'history', 'agent'])
			list[`system-${tab}`] = `/systems/${t.system.id}/${tab}`;
	if (t.system && t.missing) {
		list.why = `/systems/${t.system.id}/missing?why=${t.system.id}.${enc(t.missing.id)}`;
		list['new-deployment-filled'] = `/deploy/tasks/new?patches=${enc(t.missing.id)}&systems=${t.system.id}`;
	}
	if (t.deployment) {
		list.deployment = `/deploy/tasks/${t.deployment.id}`;
		list['deployment-patches'] = `/deploy/tasks/${t.deployment.id}?tab=patches`;
		list['deployment-plans'] = `/deploy/tasks/${t.deployment.id}?tab=plans`;
	}
	if (t.halted)
		list['deployment-halted'] = `/deploy/tasks/${t.halted.id}`;
	if (t.draft) {
		list['deployment-draft'] = `/deploy/tasks/${t.draft.id}`;
		list['deployment-draft-form'] = `/deploy/tasks/${t.draft.id}/edit`;
	}
	if (t.published)
		list['deployment-published'] = `/deploy/tasks/${t.published.id}`;
	if (t.publishedDraft)
		list['deployment-published-form'] = `/deploy/tasks/${t.publishedDraft.id}/edit`;
	for (const key of ['script', 'postponed', 'countdown'])
		if (t.stopped[key])
			list[`deployment-${key}`] = `/deploy/tasks/${t.stopped[key]}`;
	for (const key of ['plan', 'drift'])
		if (t.stopped[key])
			list[`deployment-${key}`] = `/deploy/tasks/${t.stopped[key]}?tab=plans`;
	if (t.stopped.countdown)
		list['system-countdown'] = `/systems/${(await b.api(`/deployments/${t.stopped.countdown}/targets`)).items[0].system}/overview`;
	const policy = (await b.api('/deployment-policies')).items.find(p => !p.built_in);
	if (policy)
		list.policy = `/deploy/policies/${policy.id}`;
	const only = new RegExp(process.env.TSUKUROI_SCREENS ?? '');
	return Object.fromEntries(Object.entries(list).filter(([name]) => only.test(name)));
}

for (const lang of ['ja', 'en'])
	test(`A-console: every screen, ${lang}`, { ...o, timeout: 1_800_000 }, async () => {
		await b.prefer({ language: lang, theme: 'light' });
		const trouble = [];
		for (const [name, path] of Object.entries(await screens())) {
			const p = await open(b);
			await visit(p, path);
			if (shots)
				await p.screenshot({ path: join(shots, `${name}-${lang}-light.png`) });
			for (const v of await scan(p))
				trouble.push(`${name}: axe ${v}`);
			if (lang === 'ja')
				for (const text of await englishIn(p))
					trouble.push(`${name}: English "${text}"`);
			const cut = await p.evaluate(() => [...document.querySelectorAll('.tk-table th')].filter(h => h.textContent && h.scrollWidth > h.clientWidth + 1).map(h => h.textContent));
			trouble.push(...cut.map(c => `${name}: header cut "${c}"`), ...p.errors.map(e => `${name}: ${e}`));
			assert.equal(await p.evaluate(() => document.documentElement.lang), lang);
			// The theme is one class on <html>; only colours can differ.
			await p.evaluate(() => document.documentElement.classList.add('pf-v6-theme-dark'));
			if (shots)
				await p.screenshot({ path: join(shots, `${name}-${lang}-dark.png`) });
			for (const v of await scan(p, { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }))
				trouble.push(`${name}: dark: axe ${v}`);
			await p.close();
		}
		assert.deepEqual(trouble, []);
	});

/** Lists, the columns that no width may take away, and whether this server surely has rows for them. */
async function lists() {
	const t = await things();
	const patches = Object.fromEntries(['missing', 'critical', 'installed', 'applicable', 'supported', 'latest', 'downloaded', 'declined']
		.map(view => [`patches-${view}`, { path: `/patches/${view}`, keep: ['id', 'title', 'severity'], rows: true }]));
	const systems = Object.fromEntries(Object.entries({ systems: '/systems', scan: '/systems/scan', computers: '/agents/computers' })
		.map(([name, path]) => [name, { path, keep: ['hostname'], rows: !!t.system }]));
	const list = {
		...patches, ...systems, 'patch-db': { path: '/admin/patch-db', keep: ['id', 'state', 'success', 'rows', 'signer'], rows: true },
		detail: { path: '/patches/detail', keep: ['id', 'hostname', 'state', 'title'], rows: !!t.missing },
		deployments: { path: '/deploy/tasks', keep: ['name', 'state', 'progress', 'failed'], rows: !!t.deployment }, policies: { path: '/deploy/policies', keep: ['name', 'when', 'zone', 'open'], rows: true },
	};
	list['patches-missing'].keep.push('kev', 'missing', 'failed');
	list['patches-declined'].keep.push('reason', 'until');
	list.systems.keep.push('os', 'health', 'missing', 'scan');
	list.scan.keep.push('status', 'last', 'error');
	if (t.patch)
		for (const tab of ['missing', 'files', 'history'])
			list[`patch-${tab}`] = { path: `/patches/${encodeURIComponent(t.patch.id)}/${tab}`, keep: [], rows: false };
	if (t.system)
		for (const tab of ['missing', 'installed', 'packages', 'unfixed', 'deployments', 'history'])
			list[`system-${tab}`] = { path: `/systems/${t.system.id}/${tab}`, keep: tab === 'missing' ? ['id', 'title', 'severity', 'outdated'] : [], rows: tab === 'missing' && !!t.missing };
	if (t.published)
		list.portal = { path: '/deploy/portal', keep: ['name', 'installed', 'deadline'], rows: true };
	if (t.deployment) {
		list.targets = { path: `/deploy/tasks/${t.deployment.id}`, keep: ['hostname', 'state', 'reason', 'log'], rows: true };
		list['deployment-patches'] = { path: `/deploy/tasks/${t.deployment.id}?tab=patches`, keep: ['id', 'title', 'severity'], rows: true };
	}
	const only = new RegExp(process.env.TSUKUROI_SCREENS ?? '');
	return Object.entries(list).filter(([name]) => only.test(name));
}

for (const lang of ['ja', 'en'])
	test(`A-console: no list scrolls sideways, however long its words, ${lang}`, { ...o, timeout: 1_800_000 }, async () => {
		await b.prefer({ language: lang, theme: 'light' });
		const p = await open(b);
		await lengthen(p, URL_BASE);
		const trouble = [];
		for (const [name, list] of await lists()) {
			await p.setViewportSize({ width: 1440, height: 900 });
			await visit(p, list.path);
			await p.waitForSelector('.tk-table[aria-busy="false"]');
			const rows = await p.locator('.tk-tablewrap tbody tr').count();
			if (list.rows && rows === 0)
				trouble.push(`${name}: no rows`);
			for (const width of [1440, 1280])
				for (const dark of [false, true]) {
					await p.setViewportSize({ width, height: 900 });
					await p.evaluate(on => document.documentElement.classList.toggle('pf-v6-theme-dark', on), dark);
					await p.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
					if (shots && dark === (width === 1280))
						await p.screenshot({ path: join(shots, `long-${name}-${lang}-${dark ? 'dark' : 'light'}-${width}.png`) });
					const over = await p.evaluate(() => [...document.querySelectorAll('.tk-main, .tk-tablewrap')].filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.className}: ${e.scrollWidth} > ${e.clientWidth}`));
					const lost = await p.evaluate(keep => keep.filter(id => !document.querySelector(`th[data-column="${id}"]`)?.getBoundingClientRect().width), list.keep);
					const cut = await p.evaluate(() => [...document.querySelectorAll('.tk-table th')].filter(h => h.textContent && h.scrollWidth > h.clientWidth + 1).map(h => h.textContent));
					trouble.push(...over.map(x => `${name} ${width}: ${x}`), ...lost.map(x => `${name} ${width}: without '${x}'`), ...cut.map(x => `${name} ${width}: header cut '${x}'`));
				}
		}
		trouble.push(...p.errors);
		assert.deepEqual([...new Set(trouble)], []);
		await p.close();
	});

test('M-111: declining asks for a reason and an end', o, async t => {
	await b.prefer({ language: 'en', theme: 'light' });
	const { patch } = await things();
	if (!patch || patch.decline || patch.group_declines.length)
		return t.skip('no patch to decline on this server');
	const p = await open(b);
	await visit(p, `/patches/${encodeURIComponent(patch.id)}/overview`);
	await p.getByRole('button', { name: 'Decline', exact: true }).click();
	const dialog = p.getByRole('dialog');
	await dialog.waitFor();
	assert.ok(await dialog.getByRole('button', { name: 'Decline 1' }).isDisabled());
	if (shots)
		await p.screenshot({ path: join(shots, 'decline-dialog-en-light.png') });
	assert.deepEqual(await scan(p), []);
	await dialog.getByLabel('Reason').fill('waits for the vendor of the payroll program');
	const group = await b.api('/groups?limit=1');
	if (group.items.length) {
		const name = group.items[0].name;
		await dialog.getByRole('radio', { name: 'Systems in chosen groups' }).click();
		await dialog.getByRole('checkbox').first().waitFor();
		assert.ok(await dialog.getByRole('button', { name: 'Decline 1' }).isDisabled());
		await dialog.getByRole('checkbox', { name }).click();
		assert.deepEqual(await scan(p), []);
		if (shots)
			await p.screenshot({ path: join(shots, 'decline-dialog-groups-en-light.png') });
		await dialog.getByRole('button', { name: 'Decline 1' }).click();
		await p.getByText(`Declined for ${name} until`).waitFor();
		assert.deepEqual(await scan(p), []);
		if (shots)
			await p.screenshot({ path: join(shots, 'decline-note-groups-en-light.png') });
		await p.getByRole('button', { name: 'Decline no longer' }).click();
		await p.getByText(`Declined for ${name} until`).waitFor({ state: 'detached' });
		await p.getByRole('button', { name: 'Decline', exact: true }).click();
		await dialog.waitFor();
		await dialog.getByLabel('Reason').fill('waits for the vendor of the payroll program');
	}
	await dialog.getByRole('button', { name: 'Decline 1' }).click();
	await p.getByText('Declined until').waitFor();
	await visit(p, '/patches/declined');
	await p.getByText('waits for the vendor of the payroll program').first().waitFor();
	await visit(p, `/patches/${encodeURIComponent(patch.id)}/overview`);
	await p.getByRole('button', { name: 'Decline no longer' }).click();
	await p.getByRole('button', { name: 'Decline', exact: true }).waitFor();
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('M-151: a deployment policy is made, its next windows are real dates, and a deployment can have it', o, async () => {
	await b.prefer({ language: 'ja', theme: 'light' });
	const p = await open(b);
	await visit(p, '/deploy/policies/new');
	await p.fill('#p-name', '日曜の午後');
	await p.selectOption('#p-zone', 'Asia/Tokyo');
	await p.waitForSelector('[data-windows="12"]');
	const lines = await p.locator('.tk-windows li').allInnerTexts();
	assert.ok(lines.every(l => /日/.test(l) && /13:00/.test(l) && /17:00/.test(l)), lines.join('\n'));
	// The same windows stand as blocks on the calendar: those of the month it opens with, then the next ones.
	const month = lines[0].slice(0, 7);
	const ofMonth = n => lines.filter(l => l.startsWith(n)).length;
	await p.locator('.tk-cal td:not(.tk-cal-out) .tk-cal-block').first().waitFor();
	assert.equal(await p.locator('.tk-cal td:not(.tk-cal-out) .tk-cal-block').count(), ofMonth(month));
	assert.equal(await p.locator('.tk-cal-block').first().innerText(), '13:00–17:00');
	await p.getByRole('button', { name: '次の期間' }).click();
	const after = lines.find(l => !l.startsWith(month)).slice(0, 7);
	await p.waitForFunction(n => document.querySelectorAll('.tk-cal td:not(.tk-cal-out) .tk-cal-block').length === n, ofMonth(after));
	await p.getByRole('button', { name: '週', exact: true }).click();
	await p.waitForSelector('.tk-cal-week');
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'policy-week-ja-light.png'), fullPage: true });
	// A window that is too short is said before anything is saved.
	await p.fill('#w0-end', '13:30');
	await p.waitForSelector('.tk-editor .pf-m-danger');
	await p.fill('#w0-end', '17:00');
	await p.waitForSelector('[data-windows="12"]');
	// M-169, M-170: users are told in both languages, as the form shows it.
	await p.check('#n-on');
	await p.fill('#n-title-ja', '再起動のない更新です');
	await p.fill('#n-times', '2');
	assert.match(await p.locator('[data-notice=ja]').innerText(), /再起動のない更新です[^]*あと 2 回/);
	assert.match(await p.locator('[data-notice=en]').innerText(), /To postpone \(2 left/);
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'policy-notification-ja-light.png'), fullPage: true });
	// M-172, AC-36: so is what they will see before a restart.
	await p.check('#p-power-reboot');
	await p.fill('#p-wait', '30');
	await p.getByLabel('ユーザーによる再起動/シャットダウンの延期を許可').check();
	await p.fill('#a-times', '2');
	assert.match(await p.locator('[data-notice=ja]').nth(1).innerText(), /まもなく再起動します[^]*あと 30 分[^]*あと 2 回/);
	assert.match(await p.locator('[data-notice=en]').nth(1).innerText(), /restarts in 30 minutes[^]*To postpone \(2 left/);
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'policy-countdown-ja-light.png'), fullPage: true });
	await p.click('button[type=submit]');
	await p.waitForURL(/\/deploy\/policies$/);
	await p.getByRole('link', { name: '日曜の午後' }).waitFor();
	const made = (await b.api('/deployment-policies')).items.find(x => x.name.ja === '日曜の午後');
	assert.equal(made.notification.title.ja, '再起動のない更新です');
	assert.equal(made.notification.postpone.times, 2);
	assert.deepEqual([made.after.wait_minutes, made.after.postpone], [30, { times: 2, minutes: 60, deadline_hours: 8 }]);
	assert.deepEqual(made.schedule.windows, [{ weeks: [], weekdays: ['sun'], start: '13:00', end: '17:00' }]);
	if (shots)
		await p.screenshot({ path: join(shots, 'policies-made-ja-light.png') });
	await visit(p, '/deploy/tasks/new');
	await p.locator(`#policy-${made.id}`).waitFor();
	assert.deepEqual(p.errors.filter(e => !/400/.test(e)), []);
	await p.close();
});

test('M-143: what is published in the form is seen in the portal, with its deadline', o, async t => {
	await b.prefer({ language: 'ja', theme: 'light' });
	const { system, missing } = await things();
	if (!missing)
		return t.skip('nothing is missing on this server');
	const p = await open(b, { viewport: { width: 1440, height: 2600 } });
	await visit(p, `/deploy/tasks/new?patches=${encodeURIComponent(missing.id)}&systems=${system.id}`);
	await p.fill('#d-name', '好きなときに');
	await p.check('#option-publish');
	await p.fill('#publish-deadline', '2098-12-31T18:30');
	await p.getByText('段階配布も実行計画の承認もありません').waitFor();
	const publish = p.getByRole('button', { name: '公開', exact: true });
	await publish.and(p.locator(':enabled')).waitFor();
	assert.equal(await p.getByText('今すぐ配布').count(), 0);
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'publish-form-ja-light.png') });
	await publish.click();
	const confirm = p.getByRole('dialog').getByRole('button', { name: '1 台に公開' });
	await confirm.waitFor();
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'publish-confirm-ja-light.png') });
	await confirm.click();
	await p.waitForURL(/\/deploy\/tasks\/[0-9a-f]{32}$/);
	const made = (await b.api('/portal')).items.find(d => d.name === '好きなときに');
	assert.equal(made.deadline, '2098-12-31T09:30:00Z'); // 18:30 on the clocks of the user, in Tokyo
	await visit(p, '/deploy/portal');
	await p.getByRole('row').filter({ hasText: '好きなときに' }).getByText('2098-12-31 18:30').waitFor();
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('M-182: a dynamic group is made of rows and of text, and a deployment is aimed at it', o, async () => {
	await b.prefer({ language: 'ja', theme: 'light' });
	const p = await open(b);
	const shot = async name => {
		assert.deepEqual(await scan(p), []);
		if (shots)
			await p.screenshot({ path: join(shots, `${name}-ja-light.png`), fullPage: true });
	};
	await visit(p, '/agents/groups/new');
	// A name that S-21 forbids is said at once.
	await p.fill('#g-name', 'Debian 50%');
	await p.waitForSelector('#g-name-help.tk-danger-text');
	await p.fill('#g-name', 'Debian すべて');
	await p.check('#g-dynamic');
	await p.getByLabel('値').fill('debian');
	const total = (await b.api('/systems?filter=' + encodeURIComponent('os = debian'))).page.total;
	await p.getByText(`現在 ${total} 台のシステム`).waitFor();
	await p.getByRole('button', { name: '+ 条件を追加' }).click();
	await p.getByRole('group', { name: '条件 2' }).getByLabel('項目').selectOption('last_contact');
	await p.getByRole('group', { name: '条件 2' }).getByLabel('値').fill('90d');
	await shot('group-rows');
	// As text, with a mistake, which is shown where it is.
	await p.getByRole('button', { name: 'テキストで編集' }).click();
	assert.equal(await p.inputValue('#g-filter-text'), 'os = debian and last_contact > 90d');
	await p.fill('#g-filter-text', 'os = debian or helth = unknown');
	await p.getByText('条件の 16 文字目に誤りがあります').waitFor();
	await shot('group-text');
	await p.fill('#g-filter-text', 'os = debian');
	await p.getByText(`現在 ${total} 台のシステム`).waitFor();
	// The cluster rule: a number that means nothing is not saved.
	await p.check('#g-limit-percent');
	await p.fill('#g-limit', '200');
	await p.locator('button[type=submit][disabled]').waitFor();
	await p.fill('#g-limit', '25');
	await shot('group-limit');
	await p.click('button[type=submit]');
	await p.waitForURL(/\/agents\/groups\/[0-9a-f]{32}$/);
	await p.getByText('メンバーの 25 % まで').waitFor();
	await p.getByRole('heading', { name: 'Debian すべて' }).waitFor();
	await p.waitForSelector(total ? '.tk-table tbody tr' : '.pf-v6-c-empty-state');
	await shot('group');
	const made = (await b.api('/groups')).items.find(g => g.name === 'Debian すべて');
	assert.equal(made.filter, 'os = debian');
	assert.equal(made.members, total);
	assert.deepEqual(made.max_unavailable, { percent: 25 });
	await p.getByRole('button', { name: '編集' }).click();
	await p.check('#g-limit-none');
	await p.click('button[type=submit]');
	await p.getByText('制限なし').waitFor();
	await visit(p, '/agents/groups');
	await p.getByRole('link', { name: 'Debian すべて' }).waitFor();
	await shot('groups-made');
	await visit(p, '/deploy/tasks/new');
	await p.getByLabel('Debian すべて').first().check();
	await p.getByText(`現在 ${total} 台のシステム`).first().waitFor();
	await p.check('#m-dynamic');
	await shot('deployment-targets');
	assert.deepEqual(p.errors.filter(e => !/400/.test(e)), []);
	await p.close();
});

test('A-console: the content security policy is the agreed one', o, async () => {
	const r = await b.context.request.get(URL_BASE + '/');
	const csp = r.headers()['content-security-policy'] ?? '';
	for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"])
		assert.ok(csp.includes(part), `${part} in "${csp}"`);
	assert.equal(r.headers()['x-content-type-options'], 'nosniff');
	assert.match(r.headers()['cache-control'] ?? '', /no-cache/);
});

test('S-06: search by "/", move by j, open by Enter', o, async t => {
	await b.prefer({ language: 'en', theme: 'light' });
	const { patch } = await things();
	if (!patch)
		return t.skip('no patch on this server');
	const p = await open(b);
	await visit(p, '/patches/supported');
	await p.keyboard.press('/');
	assert.equal(await p.evaluate(() => document.activeElement.getAttribute('role')), 'combobox');
	await p.keyboard.type(patch.product.slice(0, 40));
	await p.getByRole('option').first().waitFor();
	await p.keyboard.press('Escape');
	await p.getByRole('table').first().locator('tbody tr').first().waitFor();
	await p.keyboard.press('j');
	assert.equal(await p.evaluate(() => document.activeElement.tagName), 'TR');
	await p.keyboard.press('Enter');
	await p.waitForURL(/\/patches\/[^/]+\/overview/);
	await p.keyboard.press('?');
	await p.getByRole('dialog').waitFor();
	await p.keyboard.press('Escape');
	await p.getByRole('dialog').waitFor({ state: 'detached' });
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('S-06: filters live in the address and survive a reload', o, async () => {
	const p = await open(b);
	await visit(p, '/patches/supported');
	await p.locator('.tk-toolbar').getByRole('button', { name: 'Severity' }).click();
	await p.getByRole('checkbox', { name: /Important/ }).check();
	await p.waitForURL(/severity=important/);
	await p.reload();
	await p.waitForSelector('[data-ready]');
	await p.getByRole('button', { name: /Remove filter Severity: Important/ }).click();
	await p.waitForFunction(() => !location.search.includes('severity'));
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('S-06: the explanation drawer opens from a row and closes by Escape', o, async t => {
	const { system, missing } = await things();
	if (!missing)
		return t.skip('no system misses anything on this server');
	const p = await open(b);
	await visit(p, `/systems/${system.id}/missing`);
	await p.getByRole('button', { name: /^Why\?/ }).first().click();
	const drawer = p.getByRole('dialog');
	await drawer.getByRole('heading', { name: 'Detection rule' }).waitFor();
	assert.match(await drawer.innerText(), /Source of the definition/);
	await p.keyboard.press('Escape');
	await drawer.waitFor({ state: 'detached' });
	assert.doesNotMatch(p.url(), /why=/);
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('M-131: from missing patches to a preview; nothing is deployed without one', o, async t => {
	const { patch } = await things();
	if (!patch?.missing_systems)
		return t.skip('nothing is missing on this server');
	const p = await open(b);
	await visit(p, '/deploy/tasks/new');
	const deploy = p.getByRole('button', { name: 'Deploy', exact: true });
	assert.ok(await deploy.isDisabled());
	await visit(p, '/patches/missing');
	await p.locator('tbody input[type=checkbox]').first().check();
	await p.getByRole('button', { name: 'Install patches' }).click();
	await p.waitForURL(/\/deploy\/tasks\/new/);
	await p.locator('.tk-kpis').waitFor();
	if (await deploy.isEnabled()) {
		await p.getByRole('button', { name: 'Deploy now', exact: true }).click();
		const dialog = p.getByRole('dialog');
		await dialog.getByRole('button', { name: /Deploy to [\d,]+ systems? now/ }).waitFor();
		assert.equal(await p.evaluate(() => document.activeElement.textContent), 'Cancel');
		for (const v of await scan(p))
			assert.fail(v);
		await p.keyboard.press('Escape');
	}
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('S-11: a deployment is suspended, changed, resumed and cloned; the clone is a draft that goes into the trash', o, async t => {
	const { deployment } = await things();
	if (!deployment || !['ready', 'in_progress'].includes(deployment.state))
		return t.skip('no deployment that waits on this server');
	await b.prefer({ language: 'ja', theme: 'light' });
	const p = await open(b);
	const press = name => p.getByRole('button', { name, exact: true }).click();
	const state = word => p.locator('.tk-headline').getByText(word, { exact: true }).waitFor();
	const shot = async name => shots && p.screenshot({ path: join(shots, `${name}.png`) });
	await visit(p, `/deploy/tasks/${deployment.id}`);
	await press('一時停止');
	await state('一時停止');
	await p.locator('tbody').getByText('配布が一時停止されています').first().waitFor();
	await shot('deployment-suspended-ja');
	assert.deepEqual(await scan(p), []);
	assert.deepEqual(await englishIn(p), []);
	await press('編集');
	const dialog = p.getByRole('dialog');
	await dialog.getByLabel('回数を指定する').check();
	await shot('deployment-edit-ja');
	assert.deepEqual(await scan(p), []);
	assert.deepEqual(await englishIn(p), []);
	await dialog.getByRole('button', { name: '保存' }).click();
	await dialog.waitFor({ state: 'detached' });
	const retry = (await b.api(`/deployments/${deployment.id}`)).retry;
	assert.ok(retry.refresh > 0 && retry.start_up > 0);
	await press('再開');
	await p.locator('.tk-headline').getByText('一時停止', { exact: true }).waitFor({ state: 'detached' });
	await press('複製');
	await p.waitForURL(/\/edit$/);
	const id = /tasks\/([0-9a-f]{32})\/edit/.exec(p.url())[1];
	assert.equal((await b.api(`/deployments/${id}`)).state, 'draft');
	await p.locator('.tk-kpis').waitFor();
	await visit(p, `/deploy/tasks/${id}`);
	await press('削除');
	await p.getByRole('dialog').getByRole('button', { name: '削除', exact: true }).click();
	await p.waitForURL(/\/deploy\/tasks$/);
	assert.ok((await b.api('/deployments?trash=true')).items.some(d => d.id === id));
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('AC-14 console: a halted rollout is resumed and halted again, with a reason; groups are chosen as waves', o, async t => {
	const { halted, missing, system } = await things();
	if (!halted)
		return t.skip('no halted deployment on this server');
	for (const [language, w] of [
		['en', { resume: 'Resume…', resumeDo: 'Resume', halt: 'Halt', reason: 'Reason', own: 'My own waves', add: 'Add a wave', kind: 'What the wave is', group: 'Group' }],
		['ja', { resume: '再開する…', resumeDo: '再開する', halt: '停止する', reason: '理由', own: '段階を自分で決める', add: '段階を追加', kind: '段階の種類', group: 'グループ' }],
	]) {
		await b.prefer({ language, theme: 'light' });
		const p = await open(b);
		const checked = async name => {
			if (shots)
				await p.screenshot({ path: join(shots, `${name}-${language}.png`) });
			assert.deepEqual(await scan(p), [], name);
			if (language === 'ja')
				assert.deepEqual(await englishIn(p), [], name);
		};
		await visit(p, `/deploy/tasks/${halted.id}`);
		const dialog = p.getByRole('dialog'), reason = `${language} reason`;
		for (const [open, press] of [[w.resume, w.resumeDo], [w.halt, w.halt]]) {
			await p.locator('main').getByRole('button', { name: open, exact: true }).click();
			const act = dialog.getByRole('button', { name: press, exact: true });
			assert.ok(await act.isDisabled());
			await checked(open === w.halt ? 'rollout-halt-dialog' : 'rollout-resume-dialog');
			await dialog.getByLabel(w.reason).fill(reason);
			await act.click();
			await dialog.waitFor({ state: 'detached' });
			const { rollout } = await b.api(`/deployments/${halted.id}`);
			assert.ok(rollout.reason === reason && !!rollout.halted === (open === w.halt));
		}
		await p.locator('.tk-waves').waitFor();
		await visit(p, `/deploy/tasks/new?patches=${encodeURIComponent(missing.id)}&systems=${system.id}`);
		await p.getByLabel(w.own).check();
		await p.getByRole('button', { name: w.add, exact: true }).click();
		await p.getByLabel(w.kind).nth(1).selectOption('group');
		await p.getByLabel(w.group, { exact: true }).selectOption({ index: 1 });
		await p.locator('.tk-kpis').waitFor();
		await p.getByLabel(w.own).scrollIntoViewIfNeeded();
		await checked('rollout-own');
		assert.deepEqual(p.errors, []);
		await p.close();
	}
});

/** One of the stopped deployments in each language: `see(page, words, checked)`; checked(name) looks at what is shown. */
async function inBothLanguages(words, see) {
	for (const language of ['en', 'ja']) {
		await b.prefer({ language, theme: 'light' });
		const p = await open(b);
		await see(p, words[language], async name => {
			if (shots)
				await p.screenshot({ path: join(shots, `${name}-${language}.png`) });
			assert.deepEqual(await scan(p), [], name);
			if (language === 'ja')
				assert.deepEqual(await englishIn(p), [], name);
		});
		assert.deepEqual(p.errors, []);
		await p.close();
	}
}

test('plans: what waits is found by its state, its configuration files are told, and it is approved', o, async t => {
	const { stopped } = await things();
	if (!stopped.plan)
		return t.skip('no deployment whose plan waits on this server');
	await inBothLanguages({
		en: { chip: /^Awaiting approval/, open: 'Show the plan of ep1', kept: 'the new one is put beside it', deleted: 'Was deleted here and stays so', drift: 'The plan has become another one' },
		ja: { chip: /^承認待ち/, open: 'ep1 の実行計画を表示', kept: '変更済みのファイルを残し', deleted: '削除されたままにし', drift: '計画が変わったため何も実行していません' },
	}, async (p, w, checked) => {
		await visit(p, `/deploy/tasks/${stopped.drift}`);
		await p.locator('tbody').getByText(w.drift).waitFor();
		await visit(p, `/deploy/tasks/${stopped.plan}`);
		await p.getByRole('button', { name: w.chip }).click();
		await p.waitForURL(/state=awaiting_approval/);
		assert.equal(await p.locator('tbody tr').count(), 2);
		await checked('deployment-awaiting');
		await p.getByRole('button', { name: w.open }).click();
		const dialog = p.getByRole('dialog');
		await dialog.getByText('/etc/nginx/nginx.conf').waitFor();
		const said = await dialog.innerText();
		assert.ok(said.includes(w.kept) && said.includes(w.deleted), said);
		await checked('plan-dialog');
	});
	const p = await open(b);
	await visit(p, `/deploy/tasks/${stopped.plan}?tab=plans`);
	await p.getByRole('button', { name: '2 台分を承認' }).click();
	await p.getByText('admin が承認').waitFor();
	await p.getByText('承認待ちの実行計画があります').waitFor({ state: 'detached' });
	assert.deepEqual(await scan(p), []);
	if (shots)
		await p.screenshot({ path: join(shots, 'plan-approved-ja.png') });
	assert.equal((await b.api(`/deployments/${stopped.plan}/plans`)).items[0].approved_by, 'admin');
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('M-165, M-168: a policy wakes systems and runs a signed script, which was read before', o, async t => {
	const [script] = (await b.api('/scripts')).items;
	if (!script)
		return t.skip('no script on this server');
	await inBothLanguages({ en: { remove: /^Remove / }, ja: { remove: /を削除$/ } }, async (p, w, checked) => {
		await visit(p, '/deploy/scripts');
		assert.equal(await p.getByRole('button', { name: w.remove }).count(), 2);
		await p.getByRole('button', { name: script.name, exact: true }).click();
		await p.getByRole('dialog').getByText('#!/bin/sh').waitFor();
		await checked('script-dialog');
		await visit(p, '/deploy/policies/new');
		await p.fill('#p-name', `Night ${await p.evaluate(() => document.documentElement.lang)}`);
		await p.check('#p-wake');
		await p.selectOption('#p-script-before', script.id);
		await p.fill('#p-codes-before', '0, 3');
		await p.locator('#p-codes-before').scrollIntoViewIfNeeded();
		// Each label stands beside its field, not above it in another row.
		for (const id of ['p-time-before', 'p-codes-before'])
			assert.ok(Math.abs((await p.locator(`label[for=${id}]`).boundingBox()).y - (await p.locator(`#${id}`).boundingBox()).y) < 24, id);
		await checked('policy-script');
		await p.click('button[type=submit]');
		await p.waitForURL(/\/deploy\/policies$/);
	});
	const made = (await b.api('/deployment-policies')).items.filter(x => /^Night /.test(x.name.en));
	assert.equal(made.length, 2);
	for (const { before } of made)
		assert.deepEqual([before.wake, before.script.sha256, before.script.exit_codes], [true, script.id, [0, 3]]);
});

test('A-console: menus and dialogs have no violation', o, async () => {
	await b.prefer({ language: 'ja', theme: 'light' });
	const p = await open(b);
	await visit(p, '/patches/supported');
	for (const name of [/^パッチDB/, /^実行中のジョブ/, /^表示言語/, '配色', /^ユーザー/, '重要度', '表示する列と行の高さ']) {
		await p.locator('.tk-top, .tk-toolbar').getByRole('button', { name }).first().click();
		assert.deepEqual(await scan(p), [], String(name));
		assert.deepEqual(await englishIn(p), [], String(name));
		await p.keyboard.press('Escape');
	}
	assert.deepEqual(p.errors, []);
	await p.close();
});

test('A-console: a small window keeps everything reachable', o, async () => {
	const p = await open(b, { viewport: { width: 390, height: 800 } });
	await visit(p, '/');
	assert.ok(await p.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scroll of the page');
	await p.getByRole('button', { name: 'メニュー' }).click();
	await p.getByRole('link', { name: '欠落パッチ' }).first().click();
	await p.waitForURL(/patches\/missing/);
	await p.close();
});

test('M-165: who has woken a system that was switched off is told, and when', { ...o, timeout: 240_000 }, async t => {
	const { stopped } = await things();
	if (!stopped.wake)
		return t.skip('no deployment that wakes a system on this server');
	// It must have been silent for two minutes; most of them went by in the tests before.
	let wake;
	for (let n = 0; n < 180 && wake?.state !== 'sent'; n++) {
		await new Promise(done => setTimeout(done, n ? 1000 : 0));
		({ wake } = (await b.api(`/deployments/${stopped.wake}/targets`)).items[0]);
	}
	assert.match(wake?.by ?? '', /^ep[13]$/);
	await inBothLanguages({ en: new RegExp(`Wake packet sent by ${wake.by} at `), ja: new RegExp(`${wake.by} が .* に起動パケットを送信しました`) }, async (p, said, checked) => {
		await visit(p, `/deploy/tasks/${stopped.wake}`);
		await p.locator('tbody').getByText(said).waitFor();
		await checked('deployment-woken');
	});
});

test('session: signing out leads to sign-in, a wrong password says so, signing in returns', { ...o, timeout: 60_000 }, async t => {
	if (!b.user)
		return t.skip('no name and password given');
	const own = await start();
	await signIn(own);
	await own.prefer({ language: 'en', theme: 'light' });
	const p = await open(own, { allow: [/401/] });
	await visit(p, '/admin/about');
	await p.getByRole('button', { name: /^User:/ }).click();
	await p.getByRole('button', { name: 'Sign out' }).click();
	await p.getByRole('heading', { name: 'Sign in' }).waitFor();
	assert.deepEqual(await scan(p), []);
	await p.getByLabel('User name').fill(b.user.name);
	await p.getByLabel('Password').fill('certainly wrong');
	await p.getByRole('button', { name: 'Sign in' }).click();
	await p.getByText('User name or password is wrong.').waitFor();
	await p.getByLabel('Password').fill(b.user.password);
	await p.getByRole('button', { name: 'Sign in' }).click();
	await p.getByRole('heading', { name: 'About' }).waitFor();
	assert.deepEqual(p.errors, []);
	await own.close();
});
