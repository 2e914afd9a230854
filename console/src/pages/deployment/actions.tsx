// SPDX-License-Identifier: Apache-2.0
// What can be done with a deployment in the state it is in (S-11).
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, newKey, take } from '../../api/client';
import type { Deployment, DeploymentDetail } from '../../api/queries';
import { draftPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Button } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { EditDialog } from './EditDialog';

export const isOpen = (d: Deployment) => d.state === 'ready' || d.state === 'in_progress' || d.state === 'suspended';

export function useRetry(id: string) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	return useMutation({
		mutationFn: (body: { systems?: string[]; reason?: string }) => take(api.POST('/deployments/{deployment_id}:retry', { params: { path: { deployment_id: id } }, body })),
		onSuccess: () => {
			toast.done(t('deployment.retried'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
		},
		onError: toast.failed,
	});
}
export type Retry = ReturnType<typeof useRetry>;

type Verb = 'suspend' | 'resume' | 'cancel' | 'restore';

function useVerb(d: DeploymentDetail) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const params = { path: { deployment_id: d.id } };
	return useMutation({
		mutationFn: (verb: Verb) => verb === 'suspend' ? take(api.POST('/deployments/{deployment_id}:suspend', { params }))
			: verb === 'resume' ? take(api.POST('/deployments/{deployment_id}:resume', { params }))
				: verb === 'cancel' ? take(api.POST('/deployments/{deployment_id}:cancel', { params }))
					: take(api.POST('/deployments/{deployment_id}:restore', { params })),
		onSuccess: (_, verb) => {
			toast.done(t(`deployment.did.${verb}`));
			void client.invalidateQueries({ queryKey: ['deployments'] });
		},
		onError: toast.failed,
	});
}

/** Into a draft, which is then shown in the form. */
function useClone(id: string) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const url = useUrl();
	const [key] = useState(newKey);
	return useMutation({
		mutationFn: () => take(api.POST('/deployments/{deployment_id}:clone', { params: { path: { deployment_id: id }, header: { 'Idempotency-Key': key } } })),
		onSuccess: d => {
			toast.done(t('deployment.did.clone'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
			url.navigate(draftPath(d.id));
		},
		onError: toast.failed,
	});
}

function useRemove(id: string) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const url = useUrl();
	return useMutation({
		mutationFn: () => take(api.DELETE('/deployments/{deployment_id}', { params: { path: { deployment_id: id } } })),
		onSuccess: () => {
			toast.done(t('deployment.did.remove'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
			url.navigate('/deploy/tasks');
		},
		onError: toast.failed,
	});
}

export function Actions({ d }: { d: DeploymentDetail }) {
	const { t } = useI18n();
	const url = useUrl();
	const verb = useVerb(d), clone = useClone(d.id), remove = useRemove(d.id), retry = useRetry(d.id);
	const [asking, setAsking] = useState<'cancel' | 'remove' | 'edit' | null>(null);
	const open = isOpen(d), draft = d.state === 'draft';
	const waiting = d.targets.pending + d.targets.awaiting_approval + d.targets.downloading;
	const busy = verb.isPending || clone.isPending || remove.isPending || retry.isPending;
	if (d.removed)
		return <Button variant="secondary" isDisabled={busy} onClick={() => verb.mutate('restore')}>{t('deployment.do.restore')}</Button>;
	return (
		<div className="tk-row">
			{draft && <Button variant="primary" onClick={() => url.navigate(draftPath(d.id))}>{t('deployment.do.editDraft')}</Button>}
			{d.targets.failed > 0 && <Button variant="primary" isDisabled={busy} onClick={() => retry.mutate({})}>{t('deployment.retryGroup', { n: d.targets.failed })}</Button>}
			{d.state === 'suspended' && <Button variant="primary" isDisabled={busy} onClick={() => verb.mutate('resume')}>{t('deployment.do.resume')}</Button>}
			{open && d.state !== 'suspended' && <Button variant="secondary" isDisabled={busy} onClick={() => verb.mutate('suspend')}>{t('deployment.do.suspend')}</Button>}
			{open && <Button variant="secondary" isDisabled={busy} onClick={() => setAsking('edit')}>{t('deployment.do.edit')}</Button>}
			{!draft && (d.operation === 'install' || d.operation === 'uninstall') && <Button variant="secondary" isDisabled={busy} onClick={() => clone.mutate()}>{t('deployment.do.clone')}</Button>}
			{open && <Button variant="danger" onClick={() => setAsking('cancel')}>{t('deployment.cancel')}</Button>}
			{!open && <Button variant="link" isDisabled={busy} onClick={() => setAsking('remove')}>{t('deployment.do.remove')}</Button>}
			{asking === 'edit' && <EditDialog d={d} onClose={() => setAsking(null)} />}
			{asking === 'cancel' && (
				<Dialog tone="warning" title={t('deployment.cancelTitle', { name: d.name })} onClose={() => setAsking(null)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(null);
							verb.mutate('cancel');
						}}>{t('deployment.cancelButton', { n: waiting })}</Button>
						<Button variant="link" data-first onClick={() => setAsking(null)}>{t('deployment.keep')}</Button>
					</>
				}>
					<p>{t('deployment.cancelText', { waiting, installing: d.targets.installing })}</p>
				</Dialog>
			)}
			{asking === 'remove' && (
				<Dialog tone="warning" title={t('deployment.removeTitle', { name: d.name })} onClose={() => setAsking(null)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(null);
							remove.mutate();
						}}>{t('deployment.do.remove')}</Button>
						<Button variant="link" data-first onClick={() => setAsking(null)}>{t('deployment.keep')}</Button>
					</>
				}>
					<p>{t('deployment.removeText')}</p>
				</Dialog>
			)}
		</div>
	);
}
