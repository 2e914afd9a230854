// SPDX-License-Identifier: Apache-2.0
// Manual deployments, newest first.
import { Link } from 'wouter';
import { useDeployments, type Deployment } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { useListQuery } from '../../ui/filters';
import { Pager, useColumns, ViewMenu } from '../../ui/List';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { DeploymentState, TargetsBar } from './state';

export default function Deployments() {
	const { t, number, lang } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const { limit, cursor } = useListQuery([]) as { limit: number; cursor?: string };
	const trash = url.get('trash') === 'true';
	const list = useDeployments({ limit, cursor, trash: trash || undefined });
	const data = list.data;
	const columns = useColumns<Deployment>('deployments', [
		{ id: 'name', header: t('deployment.name'), fixed: true, grow: true, title: d => d.name, cell: d => <Link href={deploymentPath(d.id)}>{d.name}</Link> },
		{ id: 'operation', drop: 5, header: t('deployment.operation'), cell: d => t(`operation.${d.operation}`) },
		{ id: 'state', header: t('deployment.state'), cell: d => <DeploymentState state={d.state} /> },
		{ id: 'progress', header: t('deployment.progress'), cell: d => <span className="tk-progresscell"><TargetsBar thin counts={d.targets} /><span className="tk-num">{number(d.targets.succeeded)} / {number(d.targets.total)}</span></span> },
		{ id: 'failed', header: t('targetState.failed'), numeric: true, cell: d => d.targets.failed ? <Link className="tk-danger-text" href={`${deploymentPath(d.id)}?state=failed`}>{number(d.targets.failed)}</Link> : <span className="tk-none">–</span> },
		{ id: 'targets', drop: 7, header: t('deployment.targets'), numeric: true, cell: d => number(d.targets.total) },
		{ id: 'patches', drop: 4, header: t('deployment.patches'), numeric: true, cell: d => number(d.patches) },
		{ id: 'policy', drop: 3, header: t('deployment.policy'), words: true, cell: d => d.policy_name[lang] },
		{ id: 'created', drop: 1, header: t('deployment.created'), cell: d => <Time at={d.created} /> },
		{ id: 'started', drop: 5, header: t('deployment.started'), cell: d => <Time at={d.started} /> },
		{ id: 'finished', drop: 2, header: t('deployment.finished'), cell: d => <Time at={d.finished} /> },
		{ id: 'by', drop: 6, header: t('deployment.createdBy'), words: true, cell: d => d.created_by },
	] satisfies Column<Deployment>[], ['operation', 'started']);
	return (
		<Page title={t(trash ? 'deployments.trash' : 'deploy.tasks')} count={data && t('list.items', { n: data.page.total })} ready={!list.isPending}
			sub={<p className="tk-lead">{t('deploy.lead')}</p>}
			actions={may('deploy') && <Link href="/deploy/tasks/new" className="pf-v6-c-button pf-m-primary">{t('deploy.new')}</Link>}>
			<div className="tk-toolbar">
				<Button variant="link" size="sm" onClick={() => url.set({ trash: trash ? null : 'true', cursor: null })}>{t(trash ? 'deployments.leaveTrash' : 'deployments.trash')}</Button>
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
				<ViewMenu columns={columns} />
			</div>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('deploy.tasks')} columns={columns.shown} rows={data?.items} rowId={d => d.id} rowName={d => d.name} stale={list.isPlaceholderData}
					onOpen={d => url.navigate(deploymentPath(d.id))}
					empty={trash ? <Empty title={t('deployments.trashEmpty')} why={t('deployments.trashWhy')} /> : <Empty title={t('empty.deployments')} why={t('empty.deploymentsWhy')} action={t('empty.toMissing')} to="/patches/missing" />} />
			)}
		</Page>
	);
}
