// SPDX-License-Identifier: Apache-2.0
// What can be checked without a browser: types, the generated contract, texts in both languages, formats.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const console_ = join(root, 'console');
const { build } = createRequire(join(console_, 'package.json'))('esbuild');
let dir, ja, en, message, format, paths, days;

before(async () => {
	dir = mkdtempSync(join(tmpdir(), 'tk-console-'));
	await build({
		absWorkingDir: console_, bundle: true, format: 'esm', platform: 'node', outdir: dir, outExtension: { '.js': '.mjs' }, logLevel: 'error',
		entryPoints: { ja: 'src/i18n/ja.ts', en: 'src/i18n/en.ts', message: 'src/i18n/message.ts', format: 'src/i18n/format.ts', paths: 'src/app/paths.ts', days: 'src/pages/policy/days.ts' },
	});
	const load = name => import(pathToFileURL(join(dir, `${name}.mjs`)).href);
	({ ja } = await load('ja'));
	({ en } = await load('en'));
	message = await load('message');
	format = await load('format');
	paths = await load('paths');
	days = await load('days');
});
after(() => rmSync(dir, { recursive: true, force: true }));

test('the source has no type error', () => {
	const r = spawnSync(process.execPath, [join(console_, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', console_], { encoding: 'utf8' });
	assert.equal(r.status, 0, r.stdout);
});

test('schema.d.ts is what the contract generates', () => {
	const out = join(dir, 'schema.d.ts');
	const r = spawnSync(process.execPath, [join(here, 'node_modules/openapi-typescript/bin/cli.js'), join(root, 'src/api/openapi.yaml'),
		'--default-non-nullable=false', '-o', out], { encoding: 'utf8' });
	assert.equal(r.status, 0, r.stderr);
	assert.equal(readFileSync(join(console_, 'src/api/schema.d.ts'), 'utf8'), readFileSync(out, 'utf8'),
		"src/api/openapi.yaml changed; run 'npm run schema' in tests/console");
});

test('both languages have the same keys and the same parameters', () => {
	assert.deepEqual(Object.keys(en).sort(), Object.keys(ja).sort());
	const names = text => [...new Set([...text.matchAll(/\{(\w+)/g)].map(m => m[1]))].sort();
	for (const key of Object.keys(ja))
		assert.deepEqual(names(en[key]), names(ja[key]), key);
});

test('Japanese texts are Japanese, English ones hold none', () => {
	// Words that are the same in both languages: names, units, abbreviations.
	const same = /^(BIOS|CVE|OS|PID|URL|SHA-256|Linux|Windows|macOS|API|\{[a-z]+\}|\{n\} %|＝|≠)$/;
	for (const [key, text] of Object.entries(ja))
		if (!same.test(text) && !key.startsWith('filterExample.'))
			assert.match(text, /[\u3040-\u30ff\u4e00-\u9fff]/, `${key}: "${text}"`);
	for (const [key, text] of Object.entries(en))
		if (key !== 'deploy.also')
			assert.doesNotMatch(text, /[\u3040-\u30ff\u4e00-\u9fff]/, `${key}: "${text}"`);
});

test('every code of a problem has words', () => {
	// Codes the people's side of the API answers with: literals at the calls that set them, and the errors' own.
	const room = join(root, 'src/api');
	const said = new Set();
	for (const name of readdirSync(room).filter(n => n.endsWith('.c') && !n.startsWith('agent_'))) {
		const text = readFileSync(join(room, name), 'utf8');
		for (const [, fn, args] of text.matchAll(/\b(call_fail|call_code|call_blame|bad_setting)\(([^;]*);/g)) {
			const words = [...args.matchAll(/"([a-z]+(?:_[a-z]+)*)"/g)].map(m => m[1]);
			// What follows the code of call_blame() is its text.
			for (const word of fn === 'call_blame' ? words.slice(0, 1) : words)
				said.add(word);
		}
		for (const set of text.matchAll(/(?:problem_code|\.code|\*code_out) = (?:[^;"]*)"([a-z_]+)"/g))
			said.add(set[1]);
	}
	const own = readFileSync(join(root, 'src/base/err.c'), 'utf8');
	for (const code of own.matchAll(/\[ERR_\w+\] = \{ "(\w+)"/g))
		said.add(code[1]);
	said.delete('none');
	assert.ok(said.has('invalid_cursor') && said.has('too_many_rows') && said.has('untrusted') && said.size > 30, [...said].join(' '));
	const missing = [...said].filter(code => !(`problem.${code}` in ja && `problem.${code}` in en));
	assert.deepEqual(missing, []);
});

test('every enumeration of the contract has words', () => {
	const yaml = readFileSync(join(root, 'src/api/openapi.yaml'), 'utf8');
	const words = name => {
		const m = new RegExp(`^    ${name}:[\\s\\S]*?enum: \\[([^\\]]+)\\]`, 'm').exec(yaml);
		assert.ok(m, name);
		return m[1].split(',').map(s => s.trim());
	};
	const prefix = {
		Severity: 'severity', PatchType: 'patchType', RebootNeed: 'reboot', Verdict: 'verdict', PatchView: 'patches', DownloadState: 'download',
		HealthClass: 'health', ScanStatus: 'scan', SystemState: 'systemState', DeploymentState: 'deploymentState', TargetState: 'targetState',
		JobState: 'jobState', HistoryEvent: 'historyEvent', Approval: 'approval', Role: 'role', Theme: 'theme', LifecycleState: 'lifecycle', FeedClass: 'feedClass', SystemFlag: 'systemFlag',
	};
	for (const [schema, p] of Object.entries(prefix))
		for (const w of words(schema))
			assert.ok(`${p}.${w}` in ja, `${p}.${w}`);
});

test('every word an agent may send has words', () => {
	const text = readFileSync(join(root, 'docs/agent-protocol.md'), 'utf8');
	const list = /\nReasons: ([\s\S]*?)\.\n/.exec(text)[1];
	const reasons = [...list.matchAll(/`(\w+)`/g)].map(m => m[1]);
	const why = [.../"why": ("[^\n]*?),/.exec(text)[1].matchAll(/"(\w+)"/g)].map(m => m[1]);
	const progress = [.../"order","state": ("[^\n]*?),"reason"/.exec(text)[1].matchAll(/"(\w+)"/g)].map(m => m[1]);
	assert.ok(reasons.includes('held') && why.includes('core') && progress.includes('waiting'));
	for (const key of why.map(w => `evidence.why.${w}`))
		assert.ok(key in ja && key in en, key);
	// Those of targets come from the server's table.
	const table = readFileSync(join(root, 'src/deploy/failure.c'), 'utf8');
	for (const r of [...reasons, ...progress])
		assert.ok(table.includes(`{ "${r}",`), r);
});

test('pages take PatternFly and icons only through ui/', () => {
	const walk = d => readdirSync(d, { withFileTypes: true }).flatMap(f => f.isDirectory() ? walk(join(d, f.name)) : [join(d, f.name)]);
	for (const file of walk(join(console_, 'src')).filter(f => /\.tsx?$/.test(f))) {
		const text = readFileSync(file, 'utf8');
		if (!file.includes('/src/ui/'))
			assert.doesNotMatch(text, /from '@patternfly/, file);
		assert.doesNotMatch(text, /dangerouslySetInnerHTML|\beval\(|innerHTML/, file);
		if (!file.endsWith('schema.d.ts'))
			assert.match(text, /^\/\/ SPDX-License-Identifier: Apache-2\.0/, file);
	}
});

test('messages: parameters, grouping, plural', () => {
	assert.equal(message.fill('en', '{n} {n:system|systems}', { n: 1 }), '1 system');
	assert.equal(message.fill('en', '{n} {n:system|systems}', { n: 5306 }), '5,306 systems');
	assert.equal(message.fill('ja', '{n} 台に今すぐ配布', { n: 5306 }), '5,306 台に今すぐ配布');
	assert.equal(message.fill('ja', '「{name}」', { name: 'web-01' }), '「web-01」');
	assert.equal(message.fill('ja', '{absent}', {}), '{absent}');
});

test('formats: times in a zone, relative, sizes, spans', () => {
	const at = '2026-11-22T08:41:07Z';
	assert.equal(format.formatDateTime(at, 'Asia/Tokyo'), '2026-11-22 17:41');
	assert.equal(format.formatDate('2026-11-22T20:00:00Z', 'Asia/Tokyo'), '2026-11-23');
	assert.match(format.formatExact('ja', at, 'Asia/Tokyo'), /^2026-11-22 17:41:07 (JST|GMT\+9)$/);
	const now = Date.parse(at);
	assert.equal(format.formatRelative('ja', new Date(now - 2 * 60e3).toISOString(), now), '2 分前');
	assert.equal(format.formatRelative('ja', at, now), '今');
	assert.equal(format.formatRelative('en', new Date(now - 3 * 3600e3).toISOString(), now), '3 hr. ago');
	assert.equal(format.formatBytes('ja', 0), '0 B');
	assert.equal(format.formatBytes('en', 1536), '1.5 KB');
	assert.equal(format.formatBytes('en', 2.4 * 2 ** 30), '2.4 GB');
	assert.equal(format.formatSpan(3905000), '1:05:05');
	assert.equal(format.formatSpan(42000), '0:42');
});

test('addresses: patch ids survive, the last part has no dot', () => {
	const id = 'debian:bookworm:openssl:3.0.17-1~deb12u2+b1';
	const path = paths.patchPath(id);
	assert.equal(paths.decodeId(path.split('/')[2]), id);
	assert.doesNotMatch(path.split('/').pop(), /\./);
	assert.deepEqual(paths.parseWhy(paths.whyParam('0123', id)), { system: '0123', patch: id });
	assert.equal(paths.parseWhy('nonsense'), null);
});

test('M-151: windows on the days of a calendar, by the clocks of a zone', () => {
	const night = [{ start: '2026-11-24T13:30:00Z', end: '2026-11-24T18:00:00Z' }];
	assert.deepEqual([...days.blocksByDay(night, 'Asia/Tokyo')], [['2026-11-24', [{ window: 0, from: 1350, to: 1440 }]], ['2026-11-25', [{ window: 0, from: 0, to: 180 }]]]);
	assert.deepEqual([...days.blocksByDay(night, 'Europe/Berlin')], [['2026-11-24', [{ window: 0, from: 870, to: 1140 }]]]);
	// Until midnight sharp is no block on the next day.
	assert.deepEqual([...days.blocksByDay([{ start: '2026-11-24T13:00:00Z', end: '2026-11-24T15:00:00Z' }], 'Asia/Tokyo').keys()], ['2026-11-24']);
	// Clocks go forward, then back.
	assert.deepEqual(days.blocksByDay([{ start: '2026-03-08T06:00:00Z', end: '2026-03-08T09:00:00Z' }], 'America/New_York').get('2026-03-08'), [{ window: 0, from: 60, to: 300 }]);
	assert.deepEqual(days.blocksByDay([{ start: '2026-11-01T05:50:00Z', end: '2026-11-01T06:10:00Z' }], 'America/New_York').get('2026-11-01'), [{ window: 0, from: 110, to: 111 }]);
	assert.equal(days.blocksByDay([{ start: '2026-11-24T00:00:00Z', end: null }], 'UTC').size, 366);
	const month = days.daysOf('month', '2026-11-24');
	assert.deepEqual([month.length, month[0], month[41]], [42, '2026-10-26', '2026-12-06']);
	assert.deepEqual(days.daysOf('month', '2027-02-10').length, 28);
	assert.deepEqual(days.daysOf('week', '2026-11-29')[0], '2026-11-23');
	assert.deepEqual([days.turn('month', '2026-12-31', 1), days.turn('month', '2026-01-31', -1), days.turn('week', '2026-12-31', 1)], ['2027-01-01', '2025-12-01', '2027-01-07']);
	assert.deepEqual([days.clock(0), days.clock(1350), days.clock(1440)], ['00:00', '22:30', '24:00']);
});

test('a day ends when it ends on the clocks of the zone', () => {
	assert.equal(format.endOfDay('2027-06-30', 'Asia/Tokyo'), '2027-06-30T14:59:59Z');
	assert.equal(format.endOfDay('2027-06-30', 'UTC'), '2027-06-30T23:59:59Z');
	assert.equal(format.endOfDay('2026-03-08', 'America/New_York'), '2026-03-09T03:59:59Z');
	assert.equal(format.endOfDay('2026-11-01', 'America/New_York'), '2026-11-02T04:59:59Z');
	assert.equal(format.formatDate(format.endOfDay('2027-06-30', 'Asia/Tokyo'), 'Asia/Tokyo'), '2027-06-30');
	assert.equal(format.instantOf('2026-12-01T09:00', 'Asia/Tokyo'), '2026-12-01T00:00:00Z');
	assert.equal(format.instantOf('2026-12-01T09:00', 'America/New_York'), '2026-12-01T14:00:00Z');
	assert.equal(format.instantOf('', 'Asia/Tokyo'), undefined);
	for (const zone of ['Asia/Tokyo', 'UTC', 'America/New_York', 'Asia/Kathmandu'])
		assert.equal(format.localOf(format.instantOf('2026-03-08T12:30', zone), zone), '2026-03-08T12:30');
});
