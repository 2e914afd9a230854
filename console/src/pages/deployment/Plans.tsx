// SPDX-License-Identifier: Apache-2.0
// The exact plans of a deployment: equal ones together, each in full, with the button that approves it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Loaded, Note } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';

export function Plans({ id, open }: { id: string; open: boolean }) {
	const { t } = useI18n();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const params = { path: { deployment_id: id } };
	const plans = useQuery({ queryKey: ['deployments', 'plans', id], queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/plans', { params, signal })) });
	const approve = useMutation({
		mutationFn: (hashes: string[]) => take(api.POST('/deployments/{deployment_id}/plans:approve', { params, body: { hashes } })),
		onSuccess: () => {
			toast.done(t('plans.done'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
		},
		onError: toast.failed,
	});
	return (
		<Loaded query={plans}>
			{list => (
				<>
					{list.approval === 'plan' && list.items.some(p => !p.approved_by) && <Note tone="warning" title={t('plans.waiting')}>{t('plans.waitingText')}</Note>}
					{list.items.length === 0 && <Empty title={t('plans.none')} why={t('plans.noneWhy')} />}
					{list.items.map(p => (
						<Card key={p.hash} title={t('plans.systems', { n: p.systems })} extra={
							list.approval !== 'plan' ? undefined
								: p.approved_by ? <span>{t('plans.approvedBy', { name: p.approved_by })} <Time at={p.approved} /></span>
									: open && may('deploy') && <Button variant="primary" size="sm" isDisabled={approve.isPending} onClick={() => approve.mutate([p.hash])}>{t('plans.approve', { n: p.systems })}</Button>
						}>
							<Steps plan={p} />
							<p className="tk-small">SHA-256 <code>{p.hash}</code></p>
						</Card>
					))}
				</>
			)}
		</Loaded>
	);
}

function Steps({ plan }: { plan: Schemas['Plan'] }) {
	const { t, word } = useI18n();
	return (
		<DataTable label={t('plans.steps')} keyboard={false} rows={plan.steps} rowId={s => `${s.action} ${s.name} ${s.arch} ${s.to}`} rowName={s => s.name} empty={null} columns={[
			{ id: 'action', header: t('plans.action'), cell: s => word('planAction', s.action) },
			{ id: 'name', header: t('component.name'), fixed: true, cell: s => `${s.name}:${s.arch}` },
			{ id: 'from', header: t('uninstall.from'), cell: s => s.from ? <span className="tk-mono">{s.from}</span> : <span className="tk-none">–</span> },
			{ id: 'to', header: t('plans.to'), cell: s => s.to ? <span className="tk-mono">{s.to}</span> : <span className="tk-none">–</span> },
		]} />
	);
}
