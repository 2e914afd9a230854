// SPDX-License-Identifier: Apache-2.0
// Restarting the services of one system that run replaced files: what it will do, asked before it is done.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, newKey, take, type Schemas } from '../../api/client';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';

export function RestartServices({ s }: { s: Schemas['SystemDetail'] }) {
	const { t } = useI18n();
	const { may } = useSession();
	const url = useUrl();
	const toast = useToast();
	const client = useQueryClient();
	const [asking, setAsking] = useState(false);
	const processes = s.evidence?.restart ?? [];
	const services = [...new Set(processes.filter(x => x.remedy === 'restart').map(x => x.unit ?? ''))];
	const restart = useMutation({
		mutationFn: () => take(api.POST('/systems/{system_id}:restart-services', {
			params: { path: { system_id: s.id }, header: { 'Idempotency-Key': newKey() } }, body: { services },
		})),
		onSuccess: d => {
			toast.done(t('evidence.restartAsked'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
			url.navigate(deploymentPath(d.id));
		},
		onError: toast.failed,
	});
	if (s.state !== 'active' || !may('deploy') || services.length === 0)
		return null;
	return (
		<>
			<Button variant="secondary" isDisabled={restart.isPending} onClick={() => setAsking(true)}>{t('evidence.restartAll')}</Button>
			{asking && (
				<Dialog tone="warning" title={t('evidence.restartTitle', { name: s.hostname })} onClose={() => setAsking(false)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(false);
							restart.mutate();
						}}>{t('evidence.restartButton', { n: services.length })}</Button>
						<Button variant="link" data-first onClick={() => setAsking(false)}>{t('action.cancel')}</Button>
					</>
				}>
					<p>{t('evidence.restartText')}</p>
					<ul aria-label={t('evidence.services')}>{services.map(x => <li key={x} className="tk-mono">{x}</li>)}</ul>
					{processes.some(x => x.remedy === 'reboot') && <p>{t('evidence.restartNever')}</p>}
				</Dialog>
			)}
		</>
	);
}
