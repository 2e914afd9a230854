// SPDX-License-Identifier: Apache-2.0
// "Why?": the verdict for one system and one patch with its evidence, as a drawer over any screen
// (?why=<system>.<patch>), so that the explanation itself can be linked to.
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { useExplanation } from '../../api/queries';
import { parseWhy, patchPath, systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Facts, Loaded } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { Severity } from '../../ui/Severity';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { DeclineNotes } from '../decline';
import { startDraft } from '../new-deployment/draft';
import { OutLink, Provenance } from '../patch/parts';
import { useScan } from '../scan/useScan';

type Node = Schemas['RuleNode'];
type Why = Schemas['Explanation'];

export function WhyDrawer() {
	const { t } = useI18n();
	const url = useUrl();
	const pair = parseWhy(url.get('why'));
	const why = useExplanation(pair?.system ?? '', pair?.patch ?? '', pair !== null);
	if (!pair)
		return null;
	const close = () => url.set({ why: null }, { replace: true });
	return (
		<Dialog drawer title={why.data ? t(`why.title.${why.data.verdict}`) : t('why.title')} onClose={close}>
			<Loaded query={why}>{d => <Explanation w={d} close={close} />}</Loaded>
		</Dialog>
	);
}

function Explanation({ w, close }: { w: Why; close: () => void }) {
	const { t } = useI18n();
	const decisive = w.rule ? collect(w.rule).filter(n => n.op !== 'os' && n.installed && n.fixed) : [];
	return (
		<div className="tk-why" data-ready="true">
			<p className="tk-why-pair">
				<Link href={systemPath(w.system.id)}>{w.system.hostname}</Link> <span className="tk-small">{w.system.os_name}</span>
				<span aria-hidden="true"> × </span>
				<Link href={patchPath(w.patch.id)} className="tk-mono">{w.patch.id}</Link>
			</p>
			<p className="tk-why-patch">{w.patch.title} <Severity value={w.patch.severity} raw={w.patch.severity_raw} derived={w.patch.severity_derived} /></p>

			<Card title={t('why.verdict')}>
				<p className={`tk-verdict tk-verdict-${w.verdict}`}><strong>{t(`verdict.${w.verdict}`)}</strong> — {t(`verdict.${w.verdict}.text`)}</p>
				{w.declines.length > 0 && <p><strong>{t('verdict.declined')}</strong> — {t('verdict.declined.text')}</p>}
				{w.patch.withheld > 0 && <p>{t('patch.withheld', { n: w.patch.withheld })}</p>}
				{!w.provenance.signed && <p className="tk-warn-text">▲ {t('why.unsigned')}</p>}
				{w.after !== 'nothing' && <p>{t(`why.after.${w.after}`)} <code>{w.after_fact?.replace(/\t/g, ' ')}</code></p>}
				{decisive.length > 0 && (
					<ul className="tk-why-short">
						{decisive.slice(0, 8).map((n, k) => <li key={k}><Comparison node={n} /></li>)}
						{decisive.length > 8 && <li className="tk-small">{t('why.more', { n: decisive.length - 8 })}</li>}
					</ul>
				)}
			</Card>

			<DeclineNotes declines={w.declines} />
			<NextSteps w={w} close={close} />
			{w.rule && (
				<Card title={t('why.rule')}>
					<p className="tk-small">{t('why.ruleHelp')}</p>
					<ul className="tk-tree"><RuleTree node={w.rule} /></ul>
				</Card>
			)}
			<Card title={t('why.source')}><Provenance v={w.provenance} /></Card>
			{w.advisories.length > 0 && (
				<Card title={t('patch.advisories')}>
					{w.advisories.map(a => (
						<p key={a.id}><strong>{a.id}</strong> <span lang="en">{a.title}</span>{a.url && <><br /><span className="tk-small"><OutLink url={a.url} /></span></>}</p>
					))}
				</Card>
			)}
			<Card title={t('why.scan')}>
				<Facts items={[
					[t('scan.last'), <Time key="t" at={w.scan.last_scan} none={t('scan.never')} />],
					[t('scan.lastStatus'), t(`scan.${w.scan.scan_status}`)],
					[t('why.inventory'), w.scan.inventory_digest ? <span key="d" className="tk-mono tk-break">{w.scan.inventory_digest}</span> : ''],
				]} />
			</Card>
		</div>
	);
}

function NextSteps({ w, close }: { w: Why; close: () => void }) {
	const { t } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const scan = useScan();
	if (w.next_steps.length === 0)
		return null;
	const has = (s: Why['next_steps'][number]) => w.next_steps.includes(s);
	return (
		<Card title={t('why.next')}>
			<div className="tk-row">
				{has('deploy') && may('deploy') && (
					<Button variant="primary" onClick={() => url.navigate(startDraft({
						patches: { ids: [w.patch.id] }, patchRows: [w.patch], patchCount: 1, systems: { ids: [w.system.id] }, systemCount: 1,
					}))}>{t('why.deploy')}</Button>
				)}
				{has('scan') && may('scan') && (
					<Button variant="secondary" isDisabled={scan.isPending} onClick={() => scan.mutate({ ids: [w.system.id] })}>{t('scan.now')}</Button>
				)}
				{has('see_newer') && w.patch.superseded_by && <Link href={patchPath(w.patch.superseded_by)} onClick={close}>{t('why.seeNewer')}</Link>}
			</div>
			{has('release_hold') && <p>{t('why.releaseHold')} <code>{`${unhold(w)} ${holdNames(w).join(' ')}`.trim()}</code></p>}
			{has('subscribe') && <p>{t('why.subscribe', { service: w.patch.availability })}</p>}
			{has('wait_for_scan') && <p>{t('why.waitForScan')}</p>}
		</Card>
	);
}

function collect(n: Node): Node[] {
	return [n, ...n.children.flatMap(collect)];
}
/** Package names of the held conditions, read from the inventory lines "deb <name> …" / "hold deb <name> …". */
function holdNames(w: Why): string[] {
	const names = (w.rule ? collect(w.rule) : []).filter(n => n.note === 'held' && n.fact).map(n => {
		const f = n.fact!.split('\t');
		return (f[0] === 'hold' ? f[2] : f[1]) ?? '';
	});
	return [...new Set(names.filter(Boolean))];
}

/** The command of the system's own package manager that releases a hold. */
function unhold(w: Why): string {
	const rpm = (w.rule ? collect(w.rule) : []).some(n => n.op === 'rpm');
	if (!rpm)
		return 'apt-mark unhold';
	return /^(opensuse|sles|sled)/.test(w.system.os) ? 'zypper removelock' : 'dnf versionlock delete';
}

function Comparison({ node }: { node: Node }) {
	const { t, word } = useI18n();
	const fact = node.fact?.split('\t') ?? [];
	const name = ['deb', 'rpm', 'apk'].includes(fact[0] ?? '') ? fact[1] : '';
	return (
		<span>
			{name && <strong>{name}</strong>} <code>{node.installed}</code>
			{' '}{t(node.op === 'os' ? (node.truth === 'true' ? 'why.equal' : 'why.notEqual') : node.truth === 'true' ? 'why.older' : 'why.notOlder')}{' '}
			<code>{node.fixed}</code>
			{node.comparator && node.op !== 'os' && <span className="tk-small"> {t('why.comparator', { name: word('comparator', node.comparator) })}</span>}
		</span>
	);
}

const MARK = { true: '✓', false: '✕', unknown: '?' };
function RuleTree({ node }: { node: Node }) {
	const { t, word } = useI18n();
	const group = node.children.length > 0;
	return (
		<li className={`tk-node tk-node-${node.truth}`}>
			<div className="tk-node-line">
				<span className="tk-truth" role="img" aria-label={t(`truth.${node.truth}`)} title={t(`truth.${node.truth}`)}>{MARK[node.truth]}</span>
				<span>
					<strong className="tk-op">{word('op', node.op)}</strong>
					{!group && node.text && <code className="tk-node-text">{node.text}</code>}
					{node.note && <span className="tk-tag">{word('note', node.note)}</span>}
					{node.installed && node.fixed && <div className="tk-node-fact"><Comparison node={node} /></div>}
					{node.fact && <div className="tk-node-fact"><span className="tk-small">{t('why.fact')}</span> <code>{node.fact.replace(/\t/g, ' ')}</code></div>}
					{node.decided && <div className="tk-node-fact"><span className="tk-small">{t('why.decided')}</span> <code>{node.decided.replace(/\t/g, ' ')}</code></div>}
					{node.superseded_by && <div className="tk-node-fact"><Link href={patchPath(node.superseded_by)}>{t('why.seeNewer')}: {node.superseded_by}</Link></div>}
				</span>
			</div>
			{group && <ul>{node.children.map((c, k) => <RuleTree key={k} node={c} />)}</ul>}
		</li>
	);
}
