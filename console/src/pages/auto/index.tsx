// SPDX-License-Identifier: Apache-2.0
// Automated deployments: what is deployed by itself, and whether it runs.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { useAutoDeployments, usePolicies } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useCriteriaText } from './text';

type Task = Schemas['AutoDeployment'];

export default function AutoDeployments() {
	const { t, lang } = useI18n();
	const { may } = useSession();
	const criteria = useCriteriaText();
	const list = useAutoDeployments();
	const policies = usePolicies();
	const toast = useToast();
	const client = useQueryClient();
	const [removing, setRemoving] = useState<Task | null>(null);
	const edit = may('deploy');
	const pause = useMutation({
		mutationFn: (x: Task) => take(x.paused
			? api.POST('/auto-deployments/{auto_id}:resume', { params: { path: { auto_id: x.id } } })
			: api.POST('/auto-deployments/{auto_id}:pause', { params: { path: { auto_id: x.id } } })),
		onError: toast.failed,
		onSettled: () => void client.invalidateQueries({ queryKey: ['auto'] }),
	});
	const policy = (id: string) => policies.data?.items.find(p => p.id === id)?.name[lang] ?? '';
	return (
		<Page title={t('auto.title')} count={list.data && t('list.items', { n: list.data.items.length })} ready={!list.isPending} sub={<p className="tk-lead">{t('auto.lead')}</p>}
			actions={edit && <Link href="/deploy/auto/new" className="pf-v6-c-button pf-m-primary">{t('auto.new')}</Link>}>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
			{!(list.error && !list.data) && (
				<DataTable label={t('auto.title')} rows={list.data?.items} rowId={x => x.id} rowName={x => x.name}
					columns={[
						{ id: 'name', header: t('policies.name'), words: true, cell: x => <Link href={`/deploy/auto/${x.id}`}>{x.name}</Link> },
						{ id: 'state', header: t('auto.runState'), cell: x => t(x.paused ? 'auto.paused' : 'auto.running') },
						{ id: 'criteria', header: t('auto.criteria'), grow: true, title: x => criteria(x), cell: x => criteria(x) },
						{ id: 'policy', header: t('deployment.policy'), words: true, cell: x => policy(x.policy) },
						{ id: 'last', header: t('auto.last'), cell: x => <Time at={x.last_deployed} /> },
						...(edit ? [{
							id: 'do', header: t('deploy.action'), cell: (x: Task) => (
								<span className="tk-row">
									<Button variant="link" isInline isDisabled={pause.isPending} aria-label={t(x.paused ? 'auto.resumeName' : 'auto.pauseName', { name: x.name })} onClick={() => pause.mutate(x)}>{t(x.paused ? 'auto.resume' : 'auto.pause')}</Button>
									<Button variant="link" isInline aria-label={t('policies.removeName', { name: x.name })} onClick={() => setRemoving(x)}>{t('policies.remove')}</Button>
								</span>
							),
						}] : []),
					]}
					empty={<Empty title={t('auto.none')} why={t('auto.lead')} />} />
			)}
			{removing && <Remove task={removing} onClose={() => setRemoving(null)} />}
		</Page>
	);
}

function Remove({ task, onClose }: { task: Task; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const remove = useMutation({
		mutationFn: () => take(api.DELETE('/auto-deployments/{auto_id}', { params: { path: { auto_id: task.id } } })),
		onSuccess: () => {
			toast.done(t('policies.removed', { name: task.name }));
			void client.invalidateQueries({ queryKey: ['auto'] });
			onClose();
		},
	});
	return (
		<Dialog tone="warning" title={t('auto.removeTitle', { name: task.name })} onClose={onClose} footer={
			<>
				<Button variant="danger" isDisabled={remove.isPending} onClick={() => remove.mutate()}>{t('policies.remove')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('auto.removeText')}</p>
			{!!remove.error && <Failure error={remove.error} />}
		</Dialog>
	);
}
