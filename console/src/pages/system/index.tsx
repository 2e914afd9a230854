// SPDX-License-Identifier: Apache-2.0
// One system: overview with evidence, its patches with "why", packages, deployments, agent.
import { useSystem } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Loaded } from '../../ui/basic';
import { Page, Tabs } from '../../ui/Page';
import { Health } from '../../ui/Severity';
import { useUrl } from '../../ui/url';
import { SystemHistory } from '../history';
import { startDraft } from '../new-deployment/draft';
import { useScan } from '../scan/useScan';
import { Online } from '../systems/columns';
import { AgentTab, Overview } from './Overview';
import { Packages, SystemDeployments, Unfixed } from './lists';
import { SystemPatches } from './SystemPatches';

const TABS = ['overview', 'missing', 'installed', 'packages', 'unfixed', 'deployments', 'history', 'agent'] as const;

export default function SystemPage({ id, tab }: { id: string; tab: string }) {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const system = useSystem(id);
	const scan = useScan();
	const s = system.data;
	const active = (TABS as readonly string[]).includes(tab) ? tab : 'overview';
	const counts: Record<string, number | undefined> = s ? { missing: s.missing.total, installed: s.installed } : {};
	return (
		<Page title={s?.hostname ?? t('nav.systems')} ready={!system.isPending} crumbs={[{ name: t('systems.managed'), to: '/systems' }]}
			sub={s && (
				<div className="tk-headline">
					<Health value={s.health} />
					<Online on={s.online} i={i} />
					<span>{s.os_name}</span>
					{s.flags.filter(f => f === 'unsigned_source' || f === 'restart_pending').map(f => <span key={f} className="tk-tag tk-tag-warn">{t(`systemFlag.${f}`)}</span>)}
					{s.reboot_needed && <span className="tk-tag tk-tag-warn">{t('system.rebootNeeded')}</span>}
					{s.state !== 'active' && <span className="tk-tag tk-tag-warn">{t(`systemState.${s.state}`)}</span>}
				</div>
			)}
			actions={s && s.state === 'active' && (
				<>
					{may('scan') && <Button variant="secondary" isDisabled={scan.isPending} onClick={() => scan.mutate({ ids: [s.id] })}>{t('scan.now')}</Button>}
					{may('deploy') && s.missing.total > 0 && (
						<Button variant="primary" onClick={() => url.navigate(startDraft({ systems: { ids: [s.id] }, systemRows: [s], systemCount: 1 }))}>{t('systems.installMissing')}</Button>
					)}
				</>
			)}>
			<Loaded query={system}>
				{d => (
					<>
						<Tabs label={d.hostname} active={active} href={x => systemPath(id, x)} tabs={TABS.map(x => ({ id: x, name: t(`system.tab.${x}`), count: counts[x] }))} />
						{active === 'overview' && <Overview s={d} />}
						{active === 'missing' && <SystemPatches key="m" system={d} states={['missing', 'held', 'kept_back', 'phased', 'needs_subscription', 'superseded', 'declined']} initial={['missing', 'held', 'kept_back']} />}
						{active === 'installed' && <SystemPatches key="i" system={d} states={['installed', 'unknown']} initial={['installed', 'unknown']} />}
						{active === 'packages' && <Packages id={id} />}
						{active === 'unfixed' && <Unfixed id={id} />}
						{active === 'deployments' && <SystemDeployments id={id} />}
						{active === 'history' && <SystemHistory id={id} />}
						{active === 'agent' && <AgentTab s={d} />}
					</>
				)}
			</Loaded>
		</Page>
	);
}
