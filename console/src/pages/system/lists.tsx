// SPDX-License-Identifier: Apache-2.0
// Installed packages, vulnerabilities without a fix, and the deployments of one system.
import { useState } from 'react';
import { Link } from 'wouter';
import { useInventory, useSystemDeployments, useUnfixed } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Empty, Failure } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { useListQuery } from '../../ui/filters';
import { ListSearch, Pager } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Severity } from '../../ui/Severity';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { LogDialog } from '../deployment/LogDialog';
import { DeploymentState, TargetReason, TargetState } from '../deployments/state';

export function Packages({ id }: { id: string }) {
	const { t } = useI18n();
	const url = useUrl();
	const list = useInventory(id, useListQuery([]));
	const data = list.data;
	return (
		<>
			<div className="tk-toolbar">
				<ListSearch label={t('packages.search')} />
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
			</div>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('system.tab.packages')} rows={data?.items} rowId={p => `${p.name} ${p.arch} ${p.version}`} rowName={p => p.name} stale={list.isPlaceholderData}
					columns={[
						{ id: 'name', header: t('component.name'), words: true, cell: p => p.name },
						{ id: 'version', header: t('patch.version'), words: true, cell: p => <span className="tk-mono">{p.version}</span> },
						{ id: 'arch', header: t('system.arch'), cell: p => p.arch },
						{ id: 'held', header: t('packages.held'), cell: p => p.held ? <span className="tk-warn-text">{t('packages.isHeld')}</span> : <span className="tk-none">–</span> },
						{ id: 'source', header: t('packages.source'), words: true, cell: p => p.source || p.name },
						{ id: 'sourceVersion', header: t('packages.sourceVersion'), grow: true, title: p => p.source_version || p.version, cell: p => <span className="tk-mono">{p.source_version || p.version}</span> },
					]}
					empty={url.get('q')
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
						: <Empty title={t('empty.packages')} why={t('empty.notScannedWhy')} />} />
			)}
		</>
	);
}

/** What the vendor knows and has not fixed: nothing to install, so no patch. */
export function Unfixed({ id }: { id: string }) {
	const { t } = useI18n();
	const url = useUrl();
	const list = useUnfixed(id, useListQuery([]));
	const data = list.data;
	return (
		<>
			<p className="tk-small">{t('unfixed.lead')}</p>
			<div className="tk-toolbar">
				<ListSearch label={t('unfixed.search')} />
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
			</div>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('system.tab.unfixed')} rows={data?.items} rowId={n => `${n.id} ${n.product}`} rowName={n => n.id} stale={list.isPlaceholderData}
					columns={[
						{ id: 'id', header: t('unfixed.id'), cell: n => n.url ? <a href={n.url} target="_blank" rel="noreferrer noopener">{n.id}</a> : n.id },
						{ id: 'severity', header: t('patch.severity'), cell: n => <Severity value={n.severity} /> },
						{ id: 'product', header: t('packages.source'), words: true, cell: n => n.product },
						{ id: 'package', header: t('component.name'), words: true, cell: n => n.package },
						{ id: 'installed', header: t('patch.version'), words: true, cell: n => <span className="tk-mono">{n.installed}</span> },
						{ id: 'status', header: t('unfixed.status'), grow: true, title: n => n.status, cell: n => n.status },
					]}
					empty={url.get('q')
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
						: <Empty title={t('unfixed.none')} why={t('unfixed.noneWhy')} />} />
			)}
		</>
	);
}

export function SystemDeployments({ id }: { id: string }) {
	const { t, number } = useI18n();
	const list = useSystemDeployments(id, useListQuery([]));
	const [log, setLog] = useState<{ deployment: string; system: string; hostname: string } | null>(null);
	return (
		<>
			<ListView label={t('system.tab.deployments')} list={list} rowId={x => x.deployment.id} rowName={x => x.deployment.name}
				columns={[
					{ id: 'name', header: t('deployment.name'), words: true, cell: x => <Link href={deploymentPath(x.deployment.id)}>{x.deployment.name}</Link> },
					{ id: 'state', header: t('deployment.targetState'), cell: x => <TargetState target={x.target} /> },
					{ id: 'reason', header: t('deployment.reason'), grow: true, words: true, title: x => x.target.detail ?? '', cell: x => <TargetReason target={x.target} /> },
					{ id: 'patches', drop: 2, header: t('deployment.patches'), numeric: true, cell: x => number(x.target.patches) },
					{ id: 'deployment', header: t('deployment.state'), cell: x => <DeploymentState state={x.deployment.state} /> },
					{ id: 'finished', drop: 1, header: t('deployment.finished'), cell: x => <Time at={x.target.finished} /> },
					{ id: 'by', drop: 3, header: t('deployment.createdBy'), words: true, cell: x => x.deployment.created_by },
					{
						id: 'log', header: t('deployment.log'), cell: x => x.target.has_log
							? <button type="button" className="tk-link" aria-label={t('deployment.openLog', { name: x.deployment.name })} onClick={() => setLog({ deployment: x.deployment.id, system: id, hostname: x.target.hostname })}>{t('deployment.showLog')}</button>
							: <span className="tk-none">–</span>,
					},
				]}
				empty={<Empty title={t('empty.systemDeployments')} why={t('empty.systemDeploymentsWhy')} />} />
			{log && <LogDialog {...log} onClose={() => setLog(null)} />}
		</>
	);
}
