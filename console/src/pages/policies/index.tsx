// SPDX-License-Identifier: Apache-2.0
// Deployment policies: when installations may start.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { usePolicies } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useWindowText } from '../policy/text';

type Policy = Schemas['Policy'];

export default function Policies() {
	const { t, lang, number } = useI18n();
	const { may } = useSession();
	const windows = useWindowText();
	const list = usePolicies();
	const [removing, setRemoving] = useState<Policy | null>(null);
	const edit = may('deploy');
	return (
		<Page title={t('policies.title')} count={list.data && t('list.items', { n: list.data.items.length })} ready={!list.isPending}
			actions={edit && <Link href="/deploy/policies/new" className="pf-v6-c-button pf-m-primary">{t('policies.new')}</Link>} sub={<p className="tk-lead">{t('policies.lead')}</p>}>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
			{!(list.error && !list.data) && (
				<DataTable label={t('policies.title')} rows={list.data?.items} rowId={p => p.id} rowName={p => p.name[lang]}
					columns={[
						{ id: 'name', header: t('policies.name'), words: true, cell: p => p.built_in ? <>{p.name[lang]} <span className="tk-tag">{t('deploy.builtIn')}</span></> : <Link href={`/deploy/policies/${p.id}`}>{p.name[lang]}</Link> },
						{ id: 'when', header: t('policies.when'), grow: true, title: p => windows(p.schedule), cell: p => windows(p.schedule) },
						{ id: 'zone', header: t('policies.zone'), cell: p => p.schedule?.zone ?? t('policies.ownZone') },
						{ id: 'open', header: t('policies.open'), numeric: true, cell: p => p.open_deployments === null ? '' : number(p.open_deployments) },
						{ id: 'updated', drop: 1, header: t('policies.updated'), cell: p => <Time at={p.updated} /> },
						...(edit ? [{ id: 'do', header: t('deploy.action'), cell: (p: Policy) => !p.built_in && <Button variant="link" isInline aria-label={t('policies.removeName', { name: p.name[lang] })} onClick={() => setRemoving(p)}>{t('policies.remove')}</Button> }] : []),
					]}
					empty={<Empty title={t('empty.noMatch')} why={t('policies.lead')} />} />
			)}
			{removing && <Remove policy={removing} onClose={() => setRemoving(null)} />}
		</Page>
	);
}

function Remove({ policy, onClose }: { policy: Policy; onClose: () => void }) {
	const { t, lang } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const remove = useMutation({
		mutationFn: () => take(api.DELETE('/deployment-policies/{policy_id}', { params: { path: { policy_id: policy.id } } })),
		onSuccess: () => {
			toast.done(t('policies.removed', { name: policy.name[lang] }));
			void client.invalidateQueries({ queryKey: ['policies'] });
			onClose();
		},
	});
	return (
		<Dialog tone="warning" title={t('policies.removeTitle', { name: policy.name[lang] })} onClose={onClose} footer={
			<>
				<Button variant="danger" isDisabled={remove.isPending} onClick={() => remove.mutate()}>{t('policies.remove')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('policies.removeText')}</p>
			{!!remove.error && <Failure error={remove.error} />}
		</Dialog>
	);
}
