// SPDX-License-Identifier: Apache-2.0
// Restarting services that run replaced files, of one system or of many: what it will do, asked before it is done.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api, newKey, take, type Schemas } from '../../api/client';
import type { Selection } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';

export function Asked({ open, done, text, title, button, order, small, children }: {
	open: string; done: string; text: string; title: string; button: string; order: () => Promise<Schemas['Deployment']>; small?: boolean; children?: ReactNode;
}) {
	const { t } = useI18n();
	const url = useUrl();
	const toast = useToast();
	const client = useQueryClient();
	const [asking, setAsking] = useState(false);
	const restart = useMutation({
		mutationFn: order,
		onSuccess: d => {
			toast.done(done);
			void client.invalidateQueries({ queryKey: ['deployments'] });
			url.navigate(deploymentPath(d.id));
		},
		onError: toast.failed,
	});
	return (
		<>
			<Button variant="secondary" size={small ? 'sm' : undefined} isDisabled={restart.isPending} onClick={() => setAsking(true)}>{open}</Button>
			{asking && (
				<Dialog tone="warning" title={title} onClose={() => setAsking(false)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(false);
							restart.mutate();
						}}>{button}</Button>
						<Button variant="link" data-first onClick={() => setAsking(false)}>{t('action.cancel')}</Button>
					</>
				}>
					<p>{text}</p>
					{children}
				</Dialog>
			)}
		</>
	);
}

export function RestartServices({ s }: { s: Schemas['SystemDetail'] }) {
	const { t } = useI18n();
	const { may } = useSession();
	const processes = s.evidence?.restart ?? [];
	const services = [...new Set(processes.filter(x => x.remedy === 'restart').map(x => x.unit ?? ''))];
	if (s.state !== 'active' || !may('deploy') || services.length === 0)
		return null;
	return (
		<Asked open={t('evidence.restartAll')} done={t('evidence.restartAsked')} text={t('evidence.restartText')} title={t('evidence.restartTitle', { name: s.hostname })} button={t('evidence.restartButton', { n: services.length })}
			order={() => take(api.POST('/systems/{system_id}:restart-services', {
				params: { path: { system_id: s.id }, header: { 'Idempotency-Key': newKey() } }, body: { services },
			}))}>
			<ul aria-label={t('evidence.services')}>{services.map(x => <li key={x} className="tk-mono">{x}</li>)}</ul>
			{processes.some(x => x.remedy === 'reboot') && <p>{t('evidence.restartNever')}</p>}
		</Asked>
	);
}

/** On every chosen system whose agent names such services; the others are left out. */
export function RestartServicesOfMany({ systems, count }: { systems: Selection; count: number }) {
	const { t } = useI18n();
	return (
		<Asked small open={t('evidence.restartAll')} done={t('evidence.restartAsked')} text={t('evidence.restartText')} title={t('evidence.restartManyTitle', { n: count })} button={t('evidence.restartManyButton', { n: count })}
			order={() => take(api.POST('/systems:restart-services', { params: { header: { 'Idempotency-Key': newKey() } }, body: { systems } }))}>
			<p>{t('evidence.restartManyText')}</p>
		</Asked>
	);
}
