// SPDX-License-Identifier: Apache-2.0
// Runs the console's tests: `node run.mjs unit` (no server needed) or `node run.mjs walk` (a running
// server, see README.md). Installs what the tests need when the lock file changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const suite = process.argv[2];
const files = { unit: ['unit.test.mjs'], walk: ['walk.test.mjs'] }[suite];
if (!files) {
	console.error('usage: node run.mjs unit|walk');
	process.exit(2);
}
for (const dir of [here, join(here, '..', '..', 'console')]) {
	const hash = createHash('sha256').update(readFileSync(join(dir, 'package-lock.json'))).digest('hex');
	const stamp = join(dir, 'node_modules', '.tsukuroi-lock');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash)
		continue;
	const r = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] });
	if (r.status !== 0)
		process.exit(1);
	writeFileSync(stamp, hash);
}
const r = spawnSync(process.execPath, ['--test', ...files.map(f => join(here, f))], { stdio: 'inherit', cwd: here });
process.exit(r.status ?? 1);
