// SPDX-License-Identifier: Apache-2.0
// Widens what lists show: the server's own replies, with names, titles, addresses and numbers as long as
// they come in the field. The console, its queries and the server stay real; only the words grow.
const HOST = 'keiri-honbu-oracle-shard-0017.tokyo-dc3.example.co.jp';
const TITLE = '経理部門の基幹業務サーバーに配布するカーネルおよび暗号ライブラリの累積的なセキュリティ更新 (Unbreakable Enterprise Kernel, OpenSSL and GnuTLS cumulative security update, second re-release)';
const PERSON = 'kawasaki.shintaro@jouhou-system.example.co.jp';
const AT = '2026-11-22T17:41:07Z';
const BIG = 123456;
const EPSS = { cve: 'CVE-2026-123456', score: 0.97312, percentile: 0.99991, date: AT };
const KEV = { cve: 'CVE-2026-123456', name: 'Kernel use after free', added: AT, due: AT, ransomware: true, date: AT };
const MISSING = { critical: 1234, important: 23456, moderate: 34567, low: 4567, unrated: 8901, total: 72725 };
const flags = ['unsigned_source', 'restart_pending'];

const decline = (p, groups) => ({ id: '0'.repeat(32), patch: { id: p.id, title: TITLE }, product: null, os: null, groups, reason: TITLE.slice(0, 150), created_by: PERSON, created: AT, expires: AT, ended: null, ended_by: null });
const patch = p => ({
	...p, title: TITLE, bulletins: ['ELSA-2026-28475-1', 'RHSA-2026:123456'], severity: 'important', severity_derived: true, type: 'service_pack', kev: KEV, epss: EPSS,
	missing_systems: BIG, failed_systems: BIG, installed_systems: BIG, unknown_systems: BIG, held_systems: BIG, kept_back_systems: BIG, phased_systems: BIG, withheld: 45,
	subscription_systems: BIG, availability: 'Ubuntu Pro (esm-infra)', product: 'linux-modules-extra-azure-fde-lts-22.04', version: '1:5.15.0-1103.112~20.04.1+esm2', os: 'opensuse-leap:15.6',
	suites: ['noble-security', 'noble-updates', 'noble-esm-infra'], reboot: 'always', vendor: 'Canonical Group Limited', released: AT, size: 1610612736, cve_count: 128,
	decline: decline(p, []), group_declines: [decline(p, [{ id: '1'.repeat(32), name: TITLE.slice(0, 100) }])], declined_systems: BIG,
});
const system = s => ({
	...s, hostname: HOST, os_name: 'SUSE Linux Enterprise Server for SAP Applications 15 SP6', health: 'highly_vulnerable', missing: MISSING, failed: BIG, installed: BIG, held: BIG,
	kept_back: BIG, phased: BIG, needs_subscription: BIG, flags, reboot_needed: true, last_scan: AT, scan_status: 'failed', scan_error: 'rpm: the database is locked by another process for longer than 600 seconds; end it',
	last_contact: AT, office: '東日本営業本部 仙台リモートオフィス', address: '2001:0db8:85a3:1234:5678:8a2e:0370:7334', logged_in_user: PERSON, kernel: '5.14.21-150600.23.17-default', enrolled: AT,
	agent_version: '0.12.3-rc1+git20261122', lifecycle: { ...s.lifecycle, state: 'end_of_life' },
});
const counts = { total: BIG, pending: 1, downloading: 12345, installing: 12345, succeeded: 98765, failed: 12345, not_applicable: 0, cancelled: 0 };
const deployment = d => ({ ...d, name: TITLE.slice(0, 100), targets: { ...d.targets, ...counts }, patches: BIG, created_by: PERSON, started: AT, finished: AT, state: 'completed_with_failures',
	policy_name: { ja: TITLE.slice(0, 100), en: TITLE.slice(-100) },
});
const target = x => ({
	...x, hostname: HOST, state: 'not_applicable', reason: 'outside_window', detail: 'apt-get: 12 not upgraded; the lock was held by unattended-upgr', done: 1, total: 9, patches: 1234, attempts: 12,
	exit_status: 100, reboot_needed: true, next_attempt: AT, updated: AT, finished: AT, has_log: true,
});
const WIDE = [
	[/^\/patches$/, patch],
	[/^\/systems$|^\/patches\/[^/]+\/systems$/, system],
	[/^\/patch-systems$/, x => ({ ...x, state: 'needs_subscription', failed: true, patch: patch(x.patch), system: system(x.system) })],
	[/^\/systems\/[^/]+\/patches$/, x => ({
		...patch(x), state: 'needs_subscription', outdated: [1, 2, 3].map(() => ({ name: 'linux-modules-extra-azure-fde-lts', arch: 'amd64', installed: '1:5.15.0-1103.112~20.04.1+esm1', fixed: '1:5.15.0-1103.112~20.04.1+esm2', held: false })),
	})],
	[/^\/deployments$|^\/portal$/, deployment],
	[/^\/deployments\/[^/]+\/targets$/, target],
	[/^\/systems\/[^/]+\/deployments$/, x => ({ ...x, deployment: deployment(x.deployment), target: target(x.target) })],
	[/^\/deployment-policies$/, x => ({ ...x, name: { ja: TITLE.slice(0, 100), en: TITLE.slice(-100) }, updated: AT, open_deployments: BIG })],
	[/^\/feeds$/, x => ({
		...x, id: 'opensuse-leap:15.6-update-backports-debug', url: 'https://download.example.org/update/leap/15.6/backports_debug/repodata/repomd.xml', last_success: AT, stale_since: AT, last_attempt: AT, released: AT, rows: 12345678,
		signed: true, signer: '9E3E544C3AE0FFB2E9C6A0B1A2F5B1C0D1E2F3A4 openSUSE Backports Build Service <build@example.org>',
	})],
	[/\/history$/, x => ({ ...x, patch: { ...x.patch, title: TITLE, severity: 'important' }, system: x.system && { ...x.system, hostname: HOST } })],
	[/^\/systems\/[^/]+\/inventory$/, x => ({ ...x, name: 'linux-modules-extra-azure-fde-lts-22.04', version: '1:5.15.0-1103.112~20.04.1+esm2', held: true, source: 'linux-signed-azure-fde-5.15', source_version: '1:5.15.0-1103.112~20.04.1+esm2' })],
	[/^\/systems\/[^/]+\/unfixed$/, x => ({ ...x, product: 'linux-modules-extra-azure-fde-lts-22.04', package: 'linux-modules-extra-azure-fde-lts-22.04', installed: '1:5.15.0-1103.112~20.04.1+esm2', severity: 'important' })],
];

/** From now on the lists of this page come wide; a list of patches that is empty here borrows rows. */
export async function lengthen(page, base) {
	await page.route(url => url.href.startsWith(`${base}/api/v1/`), async route => {
		const request = route.request();
		const path = new URL(request.url()).pathname.replace('/api/v1', '');
		const widen = WIDE.find(([where]) => where.test(path))?.[1];
		if (request.method() !== 'GET' || !widen)
			return route.fallback();
		const reply = await route.fetch();
		if (!reply.ok())
			return route.fulfill({ response: reply });
		const body = await reply.json();
		if (path === '/patches' && body.items.length === 0)
			body.items = (await (await route.fetch({ url: `${base}/api/v1/patches?view=supported&limit=25` })).json()).items;
		return route.fulfill({ response: reply, json: { ...body, items: body.items.map(widen) } });
	});
}
