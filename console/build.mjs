// SPDX-License-Identifier: Apache-2.0
// Builds the console: src/ -> <out>/ (index.html, assets/<name>-<hash>.*, licenses.txt).
// Rules it enforces: no source map and no web font is shipped, file names carry a content hash, the
// first visit and each route stay below the budget (brotli). Needs Node >= 18 and nothing global.
// Usage: node build.mjs [--out DIR] [--install] [--depfile FILE --target NAME] [--pack OUT.c OUT.bin] [--report]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const BUDGET_INITIAL = 260 * 1024;
const BUDGET_ROUTE = 40 * 1024;

const arg = name => {
	const i = process.argv.indexOf(name);
	return i < 0 ? undefined : process.argv[i + 1];
};
const die = text => {
	console.error(`console: ${text}`);
	process.exit(1);
};
if (Number(process.versions.node.split('.')[0]) < 18)
	die(`Node ${process.versions.node} is too old; install Node 18 or newer, or configure with -Dconsole=disabled`);

/** npm ci, but only when node_modules does not belong to the present lock file. */
function install() {
	const hash = createHash('sha256').update(readFileSync(join(here, 'package-lock.json'))).digest('hex');
	const stamp = join(here, 'node_modules', '.tsukuroi-lock');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash)
		return;
	const r = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
		{ cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
	if (r.error)
		die(`cannot run npm: ${r.error.message}; install npm, or configure with -Dconsole=disabled`);
	if (r.status !== 0)
		die(`npm ci failed with status ${r.status}; configure with -Dconsole=disabled to build without the console`);
	writeFileSync(stamp, hash);
}
if (process.argv.includes('--install'))
	install();

const out = resolve(arg('--out') ?? join(here, 'dist'));
const { build } = await import('esbuild').catch(() => die("esbuild is not installed; run 'npm ci' in console/"));
const brotli = bytes => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

/** PatternFly's components import their own style sheets from JavaScript; esbuild would put those of a
 *  lazy route into a file that nothing loads. Those of modules that survived are bundled as one sheet. */
const gatherStyles = {
	name: 'gather-styles',
	setup(b) {
		b.onResolve({ filter: /\.css$/ }, a => ({
			path: a.path.startsWith('.') ? resolve(a.resolveDir, a.path) : join(here, 'node_modules', a.path),
			namespace: 'no-style',
		}));
		b.onLoad({ filter: /.*/, namespace: 'no-style' }, () => ({ contents: '', loader: 'js' }));
	},
};
/** The base style sheet without web fonts, icon font and the pictures of themes that are not used. */
const baseStyles = {
	name: 'base-styles',
	setup(b) {
		b.onLoad({ filter: /styles\/base\.css$/ }, a => ({
			loader: 'css',
			contents: readFileSync(a.path, 'utf8')
				.replace(/@font-face\s*\{[^}]*\}/g, '')
				.replace(/url\("\.\/assets\/images\/[^"]*"\)/g, 'none')
				.replace(/^\.(pf-v6-)?(pficon|fa)[^{}]*\{[^}]*\}/gm, ''),
		}));
	},
};

const common = {
	absWorkingDir: here, bundle: true, minify: true, sourcemap: false, metafile: true, outdir: out,
	target: ['chrome109', 'firefox115', 'safari16'], legalComments: 'none', charset: 'utf8', logLevel: 'warning',
	entryNames: 'assets/[name]-[hash]', chunkNames: 'assets/[name]-[hash]', assetNames: 'assets/[name]-[hash]',
};
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const js = await build({
	...common, entryPoints: { main: 'src/main.tsx' }, format: 'esm', splitting: true, jsx: 'automatic',
	define: { 'process.env.NODE_ENV': '"production"' }, plugins: [gatherStyles],
}).catch(() => die('the bundle could not be built; see the messages above'));
const theme = await build({ ...common, entryPoints: { theme: 'src/theme.ts' }, format: 'iife' });
const componentStyles = new Set();
for (const o of Object.values(js.metafile.outputs))
	for (const [input, { bytesInOutput }] of Object.entries(o.inputs))
		for (const i of bytesInOutput > 0 ? js.metafile.inputs[input].imports : [])
			if (i.path.startsWith('no-style:'))
				componentStyles.add(i.path.slice('no-style:'.length));
const sheet = ['@import "@patternfly/react-core/dist/styles/base.css";',
	...[...componentStyles].sort().map(p => `@import ${JSON.stringify(p)};`),
	'@import "./src/ui/tokens.css";', '@import "./src/ui/app.css";'].join('\n');
const css = await build({
	...common, plugins: [baseStyles],
	stdin: { contents: sheet, resolveDir: here, loader: 'css', sourcefile: 'style.css' },
	entryNames: 'assets/style-[hash]',
});

const entryOf = (meta, name) => Object.entries(meta.outputs).find(([, o]) => o.entryPoint?.endsWith(name))?.[0]
	?? Object.keys(meta.outputs)[0];
const files = {
	main: entryOf(js.metafile, 'src/main.tsx'),
	theme: entryOf(theme.metafile, 'src/theme.ts'),
	style: Object.keys(css.metafile.outputs).find(p => p.endsWith('.css')),
};
const urlOf = p => '/' + relative(out, resolve(here, p));
const html = readFileSync(join(here, 'index.html'), 'utf8')
	.replace(/\{\{(\w+)\}\}/g, (_, k) => urlOf(files[k] ?? die(`index.html names an unknown file '${k}'`)));
writeFileSync(join(out, 'index.html'), html);
writeFileSync(join(out, 'favicon.svg'), readFileSync(join(here, 'favicon.svg')));

/** The notices of every package that ended up in the bundle. */
function licences() {
	const dirs = new Set();
	for (const m of [js.metafile, css.metafile])
		for (const input of Object.keys(m.inputs)) {
			const hit = input.replace(/^no-style:/, '').match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/);
			if (hit)
				dirs.add(resolve(here, hit[0]));
		}
	let text = 'Third-party software in the Tsukuroi web console\n';
	for (const dir of [...dirs].sort()) {
		const p = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
		const file = readdirSync(dir).find(f => /^(licen[cs]e|copying|unlicense)/i.test(f));
		text += `\n${'='.repeat(78)}\n${p.name} ${p.version} - ${p.license}\n\n`;
		if (file)
			text += readFileSync(join(dir, file), 'utf8').trim() + '\n';
	}
	return text;
}
writeFileSync(join(out, 'licenses.txt'), licences());

/** Closure of static imports of an output. */
function closure(path, seen = new Set()) {
	if (seen.has(path))
		return seen;
	seen.add(path);
	for (const i of js.metafile.outputs[path].imports)
		if (i.kind === 'import-statement')
			closure(i.path, seen);
	return seen;
}
const size = new Map();
const sizeOf = p => {
	if (!size.has(p))
		size.set(p, brotli(readFileSync(resolve(here, p))));
	return size.get(p);
};
const sum = list => [...list].reduce((n, p) => n + sizeOf(p), 0);
const first = closure(files.main);
const initial = sum(first) + sizeOf(files.style) + sizeOf(files.theme);
const routes = Object.entries(js.metafile.outputs)
	.filter(([p, o]) => o.entryPoint && p !== files.main)
	.map(([p, o]) => [o.entryPoint, sum([...closure(p)].filter(q => !first.has(q)))]);
const kb = n => (n / 1024).toFixed(1) + ' KB';
if (process.argv.includes('--report')) {
	console.log(`first visit ${kb(initial)} brotli (style ${kb(sizeOf(files.style))})`);
	for (const [name, n] of routes.sort((a, b) => b[1] - a[1]))
		console.log(`  ${kb(n).padStart(9)}  ${name}`);
}
if (initial > BUDGET_INITIAL)
	die(`the first visit is ${kb(initial)}, the budget is ${kb(BUDGET_INITIAL)}; run with --report`);
for (const [name, n] of routes)
	if (n > BUDGET_ROUTE)
		die(`route '${name}' is ${kb(n)}, the budget is ${kb(BUDGET_ROUTE)}; run with --report`);

const packAt = process.argv.indexOf('--pack');
if (packAt > 0) {
	const r = spawnSync(process.execPath, [join(here, 'pack.mjs'), out, ...process.argv.slice(packAt + 1, packAt + 3)], { stdio: 'inherit' });
	if (r.status !== 0)
		die('the console could not be packed');
}
if (arg('--depfile')) {
	const own = new Set(['build.mjs', 'pack.mjs', 'index.html', 'favicon.svg', 'package.json', 'package-lock.json']
		.map(f => join(here, f)));
	for (const m of [js.metafile, theme.metafile, css.metafile])
		for (const input of Object.keys(m.inputs))
			if (input.startsWith('src/'))
				own.add(join(here, input));
	writeFileSync(arg('--depfile'), `${arg('--target')}: ${[...own].map(p => p.replace(/ /g, '\\ ')).join(' ')}\n`);
}
