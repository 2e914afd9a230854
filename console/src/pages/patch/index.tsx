// SPDX-License-Identifier: Apache-2.0
// One patch: what it is, who misses it, what it consists of, where the knowledge comes from.
import { useState } from 'react';
import { Link } from 'wouter';
import { usePatch } from '../../api/queries';
import { patchPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Loaded, Note } from '../../ui/basic';
import { Page, Tabs } from '../../ui/Page';
import { Severity } from '../../ui/Severity';
import { useUrl } from '../../ui/url';
import { DeclineDialog, DeclineNotes, declinesOf } from '../decline';
import { PatchHistory } from '../history';
import { startDraft } from '../new-deployment/draft';
import { Changes } from './Changes';
import { Files, Overview, ProvenanceTab, Supersedence } from './parts';
import { PatchSystems } from './PatchSystems';

const TABS = ['overview', 'missing', 'installed', 'unknown', 'held', 'kept_back', 'phased', 'needs_subscription', 'declined', 'changes', 'files', 'supersedence', 'history', 'provenance'] as const;
/** Lacking, and not simply missing. */
const isHindered = (x: string) => x === 'unknown' || x === 'held' || x === 'kept_back' || x === 'phased' || x === 'needs_subscription' || x === 'declined';
type TabName = (typeof TABS)[number];

export default function PatchPage({ id, tab }: { id: string; tab: string }) {
	const { t } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const patch = usePatch(id);
	const [declining, setDeclining] = useState(false);
	const p = patch.data;
	const active: TabName = (TABS as readonly string[]).includes(tab) ? tab as TabName : 'overview';
	const counts: Partial<Record<TabName, number>> = p ? { missing: p.missing_systems, installed: p.installed_systems, unknown: p.unknown_systems, held: p.held_systems, kept_back: p.kept_back_systems, phased: p.phased_systems, needs_subscription: p.subscription_systems, declined: p.declined_systems, files: p.components.length } : {};

	return (
		<Page title={p?.title || id} heading={p ? <>{p.title || p.id}</> : id} ready={!patch.isPending}
			crumbs={[{ name: t('patches.missing'), to: '/patches/missing' }]}
			sub={p && (
				<div className="tk-headline">
					<Severity value={p.severity} raw={p.severity_raw} derived={p.severity_derived} />
					<code>{p.id}</code>
					{p.bulletins.map(b => <span key={b} className="tk-tag">{b}</span>)}
					{p.kev && <span className="tk-tag tk-tag-warn">{t('kev.listed')}</span>}
					{p.withheld > 0 && <span className="tk-tag tk-tag-warn">{t('patch.withheld', { n: p.withheld })}</span>}
					{p.availability && <span className="tk-tag tk-tag-warn">{t('patch.availability', { service: p.availability })}</span>}
					{!p.signed && <span className="tk-tag tk-tag-warn">▲ {t('prov.unsigned')}</span>}
					{p.reboot !== 'never' && <span className="tk-tag">{t('patch.rebootTag', { need: t(`reboot.${p.reboot}`) })}</span>}
				</div>
			)}
			actions={p && may('deploy') && (
				<>
					{!p.decline && <Button variant="secondary" onClick={() => setDeclining(true)}>{t('decline.open')}</Button>}
					{p.missing_systems === 0 && p.declined_systems > 0 && <Button variant="secondary" onClick={() => url.navigate(startDraft({ patches: { ids: [p.id] }, patchRows: [p], patchCount: 1 }))}>{t('patches.install')}</Button>}
					{p.missing_systems > 0 && <Button variant="primary" onClick={() => url.navigate(startDraft({ patches: { ids: [p.id] }, patchRows: [p], patchCount: 1 }))}>{t('patch.install', { n: p.missing_systems })}</Button>}
				</>
			)}>
			{declining && <DeclineDialog selection={{ ids: [id] }} count={1} onClose={() => setDeclining(false)} onDone={() => setDeclining(false)} />}
			<Loaded query={patch}>
				{d => (
					<>
						{d.superseded_by && (
							<Note tone="warning" title={t('patch.isSuperseded')}>
								<Link href={patchPath(d.superseded_by)}>{d.superseded_by}</Link>
							</Note>
						)}
						<DeclineNotes declines={declinesOf(d)} />
						<Tabs label={d.title} active={active} href={x => patchPath(id, x)}
							tabs={TABS.filter(x => !isHindered(x) || (counts[x] ?? 0) > 0 || active === x).map(x => ({ id: x, name: t(`patch.tab.${x}`), count: counts[x] }))} />
						{active === 'overview' && <Overview p={d} />}
						{(active === 'missing' || active === 'installed' || isHindered(active)) && <PatchSystems key={active} patch={d} state={active as 'missing'} />}
						{active === 'changes' && <Changes patch={d} />}
						{active === 'files' && <Files p={d} />}
						{active === 'supersedence' && <Supersedence p={d} />}
						{active === 'history' && <PatchHistory id={d.id} />}
						{active === 'provenance' && <ProvenanceTab p={d} />}
					</>
				)}
			</Loaded>
		</Page>
	);
}
