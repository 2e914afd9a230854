// SPDX-License-Identifier: Apache-2.0
// The tabs of a patch that only show what is known about it.
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { patchPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Card, Empty, Facts } from '../../ui/basic';
import { CopyButton } from '../../ui/Copy';
import { DataTable } from '../../ui/DataTable';
import { Epss, Kev, KevFacts, SourceDate } from '../../ui/Enriched';
import { Severity } from '../../ui/Severity';
import { Time } from '../../ui/Time';
import { withQuery } from '../../ui/url';

type Detail = Schemas['PatchDetail'];

/** Only links that lead to the web are links; anything else a feed says is shown as text. */
export function OutLink({ url }: { url: string }) {
	return /^https?:\/\//.test(url)
		? <a href={url} target="_blank" rel="noreferrer noopener">{url}</a>
		: <span className="tk-mono">{url}</span>;
}

export function Overview({ p }: { p: Detail }) {
	const { t, word, bytes } = useI18n();
	return (
		<div className="tk-columns">
			<Card title={t('patch.facts')}>
				<Facts items={[
					[t('patch.id'), <span className="tk-mono" key="i">{p.id} <CopyButton text={p.id} what={t('patch.id')} /></span>],
					[t('patch.severity'), <><Severity value={p.severity} raw={p.severity_raw} derived={p.severity_derived} />{p.severity_raw && <span className="tk-small"> {t('severity.raw', { word: p.severity_raw })}</span>}{p.severity_derived && <span className="tk-small"> {t('severity.derived')}</span>}</>],
					[t('patch.type'), word('patchType', p.type)],
					[t('patch.product'), p.product],
					[t('patch.version'), <span className="tk-mono" key="v">{p.version}</span>],
					[t('patch.vendor'), p.vendor],
					[t('patch.os'), p.os],
					[t('patch.suites'), p.suites.join(', ')],
					[t('patch.reboot'), word('reboot', p.reboot)],
					[t('patch.released'), <Time key="r" at={p.released} none={t('patch.noDate')} />],
					[t('patch.size'), p.size ? bytes(p.size) : ''],
					[t('patch.download'), word('download', p.download_state)],
				]} />
			</Card>
			<div>
				<Card title={t('patch.advisories')}>
					{p.advisories.length === 0 && <p className="tk-none">{t('patch.noAdvisories')}</p>}
					{p.advisories.map(a => (
						<div key={a.id} className="tk-advisory">
							<h3>{a.id} <Severity value={a.severity} raw={a.severity_raw} /></h3>
							<p lang="en">{a.title}</p>
							<p className="tk-small">{t('patch.fixedIn')} <code>{a.fixed}</code> · <Time at={a.released} date /></p>
							{a.url && <p className="tk-small"><OutLink url={a.url} /></p>}
						</div>
					))}
				</Card>
				<Card title={t('patch.exploitation')}>
					<KevFacts kev={p.kev} source={p.enrichment.kev} />
					{p.enrichment.cves.length > 0 && (
						<DataTable label={t('patch.exploitation')} keyboard={false} rows={p.enrichment.cves} rowId={c => c.cve} rowName={c => c.cve} empty={null}
							columns={[
								{ id: 'cve', header: t('patch.cve'), cell: c => c.cve },
								{ id: 'kev', header: t('patch.kev'), cell: c => <Kev kev={c.kev} /> },
								{ id: 'epss', header: t('patch.epss'), numeric: true, cell: c => <Epss epss={c.epss} /> },
								{ id: 'name', header: t('kev.name'), grow: true, title: c => c.kev?.name ?? '', cell: c => c.kev ? <span lang="en">{c.kev.name}</span> : <span className="tk-none">–</span> },
							]} />
					)}
					<SourceDate name="CISA KEV" source={p.enrichment.kev} />
					<SourceDate name="FIRST EPSS" source={p.enrichment.epss} />
				</Card>
				<Card title={t('patch.cves', { n: p.cve_count })}>
					{p.cves.length === 0
						? <p className="tk-none">{t('patch.noCves')}</p>
						: <ul className="tk-tags">{p.cves.map(c => <li key={c} className="tk-tag"><Link href={withQuery('/patches/supported', { q: c })}>{c}</Link></li>)}</ul>}
				</Card>
			</div>
		</div>
	);
}

export function Files({ p }: { p: Detail }) {
	const { t, bytes } = useI18n();
	return (
		<DataTable label={t('patch.tab.files')} rows={p.components} rowId={c => `${c.kind} ${c.name} ${c.arch} ${c.version}`} rowName={c => c.name}
			keyboard={false} empty={<Empty title={t('empty.files')} why={t('empty.filesWhy')} />}
			columns={[
				{ id: 'name', header: t('component.name'), words: true, cell: c => c.name },
				{ id: 'version', header: t('patch.version'), words: true, cell: c => <span className="tk-mono">{c.version}</span> },
				{ id: 'arch', header: t('system.arch'), cell: c => c.arch || t('component.anyArch') },
				{ id: 'size', header: t('patch.size'), numeric: true, cell: c => c.size ? bytes(c.size) : <span className="tk-none">–</span> },
				{ id: 'stored', header: t('patch.download'), cell: c => c.file ? t(c.stored ? 'download.stored' : 'download.not_stored') : t('download.no_payload') },
				{ id: 'sha', header: t('component.sha256'), cell: c => c.sha256 ? <span className="tk-mono tk-nowrap" title={c.sha256}>{c.sha256.slice(0, 16)}… <CopyButton text={c.sha256} what={t('component.sha256')} /></span> : <span className="tk-none">–</span> },
				{ id: 'file', header: t('component.file'), grow: true, title: c => c.file ?? '', cell: c => c.file ? <span className="tk-mono">{c.file}</span> : <span className="tk-none">–</span> },
				{ id: 'sup', header: t('component.supersededBy'), words: true, cell: c => c.superseded_by ? <Link href={patchPath(c.superseded_by.patch)} className="tk-mono">{c.superseded_by.version}</Link> : <span className="tk-none">–</span> },
			]} />
	);
}

function Chain({ items, none }: { items: Schemas['PatchRef'][]; none: string }) {
	if (items.length === 0)
		return <p className="tk-none">{none}</p>;
	return (
		<ol className="tk-chain">
			{items.map(r => (
				<li key={r.id}>
					<Link href={patchPath(r.id)} className="tk-mono">{r.version}</Link> <Severity value={r.severity} /> <span>{r.title}</span>
					<div className="tk-small tk-mono">{r.id}</div>
				</li>
			))}
		</ol>
	);
}

export function Supersedence({ p }: { p: Detail }) {
	const { t } = useI18n();
	return (
		<div className="tk-columns">
			<Card title={t('patch.supersededBy')}><Chain items={p.supersedence.superseded_by} none={t('patch.isCurrent')} /></Card>
			<Card title={t('patch.supersedes')}><Chain items={p.supersedence.supersedes} none={t('patch.supersedesNone')} /></Card>
		</div>
	);
}

export function Provenance({ v }: { v: Schemas['Provenance'] }) {
	const { t, word } = useI18n();
	return (
		<Facts items={[
			[t('prov.feed'), v.feed],
			[t('prov.kind'), word('feedKind', v.kind)],
			[t('prov.url'), <OutLink key="u" url={v.url} />],
			[t('prov.signature'), v.signed ? <span key="s"><span className="tk-ok-text">✓ {t('prov.signed')}</span> <span className="tk-mono tk-small">{v.signer}</span></span> : <span key="s" className="tk-warn-text">{t('prov.unsigned')}</span>],
			[t('prov.released'), <Time key="r" at={v.released} />],
			[t('prov.fetched'), <Time key="f" at={v.fetched} />],
			[t('prov.generation'), String(v.generation)],
			[t('prov.digest'), <span className="tk-mono tk-break" key="d">{v.digest} {v.digest && <CopyButton text={v.digest} what={t('prov.digest')} />}</span>],
		]} />
	);
}

export function ProvenanceTab({ p }: { p: Detail }) {
	const { t } = useI18n();
	return <Card title={t('patch.tab.provenance')}><Provenance v={p.provenance} /></Card>;
}
