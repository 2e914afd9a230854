// SPDX-License-Identifier: Apache-2.0
// Name, description, policy and execution of a deployment that has not ended. Someone else's change
// since it was read is told, not overwritten.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import type { DeploymentDetail } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button, Failure, Form } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useToast } from '../../ui/toast';
import { termsOf, type Draft } from '../new-deployment/draft';
import { Name } from '../new-deployment/sections/Name';
import { Policy } from '../new-deployment/sections/Policy';
import { Terms } from '../new-deployment/sections/Terms';

export function EditDialog({ d, onClose }: { d: DeploymentDetail; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const [first] = useState(d);
	const [draft, setDraft] = useState<Draft>({ name: d.name, description: d.description, policy: d.policy, expires: d.expires, retry: d.retry, distribution: d.distribution, notify: d.notify });
	const change = (part: Partial<Draft>) => setDraft(x => ({ ...x, ...part }));
	const save = useMutation({
		mutationFn: () => take(api.PATCH('/deployments/{deployment_id}', {
			params: { path: { deployment_id: d.id }, header: { 'If-Match': first.etag } },
			body: { name: draft.name!.trim(), description: draft.description, policy: draft.policy, ...termsOf(draft) },
		})),
		onSuccess: () => {
			toast.done(t('deployment.did.edit'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
			onClose();
		},
	});
	return (
		<Dialog wide title={t('deployment.editTitle', { name: first.name })} onClose={onClose} footer={
			<>
				<Button variant="primary" isDisabled={save.isPending || !draft.name?.trim()} onClick={() => save.mutate()}>{t('deployment.save')}</Button>
				<Button variant="link" onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<Form onSubmit={e => e.preventDefault()}>
				<Name draft={draft} change={change} />
				<Policy draft={draft} change={change} />
				{first.operation === 'install' && <Terms draft={draft} change={change} />}
			</Form>
			{!!save.error && <Failure error={save.error} />}
		</Dialog>
	);
}
