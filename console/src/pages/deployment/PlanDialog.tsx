// SPDX-License-Identifier: Apache-2.0
// One system's plan and what follows from it there, as far as its agent could tell before.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Facts, Loaded, Note } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { diskText } from './PlanSummary';
import { Drift, Steps } from './Plans';

export function PlanDialog({ deployment, system, hostname, onClose }: { deployment: string; system: string; hostname: string; onClose: () => void }) {
	const { t } = useI18n();
	const params = { path: { deployment_id: deployment, system_id: system } };
	const plan = useQuery({ queryKey: ['deployments', 'plan', deployment, system], retry: false, queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/targets/{system_id}/plan', { params, signal })) });
	return (
		<Dialog wide title={t('plans.of', { name: hostname })} onClose={onClose}>
			<Loaded query={plan}>
				{p => (
					<>
						{p.details ? <Details d={p.details} /> : <Note tone="info" title={t('plans.noDetails')} />}
						{p.was ? <Drift now={p.steps} was={p.was} /> : <Steps steps={p.steps} />}
						<p className="tk-small">SHA-256 <code>{p.hash}</code></p>
					</>
				)}
			</Loaded>
		</Dialog>
	);
}

function Details({ d }: { d: Schemas['PlanDetails'] }) {
	const { t, bytes } = useI18n();
	const unknown = <span className="tk-none">{t('plans.unknown')}</span>;
	const none = <span className="tk-none">{t('plans.nothing')}</span>;
	const { download, disk, free, config_files: files, services, reboot } = d;
	return (
		<>
			{disk !== undefined && free !== undefined && disk > free && <Note tone="danger" title={t('plans.noRoom', { n: 1 })} />}
			<Facts wide items={[
				[t('plans.download'), download === undefined ? unknown : bytes(download)],
				[t('plans.disk'), disk === undefined ? unknown : `${diskText(t, bytes, disk)}${free === undefined ? '' : ` ${t('plans.free', { size: bytes(free) })}`}`],
				[t('plans.configFiles'), !files ? unknown : files.length === 0 ? none : <ul>{files.map(f => <li key={f.path}><span className="tk-mono">{f.path}</span> ({f.package}): {t(`planFate.${f.fate}`)}</li>)}</ul>],
				[t('plans.services'), !services ? unknown : services.length === 0 ? none : <ul>{services.map(s => <li key={s.unit}><span className="tk-mono">{s.unit}</span> ({s.packages.join(', ')})</li>)}</ul>],
				[t('plans.reboot'), !reboot || reboot.why === 'unknown' ? unknown : `${t(`planReboot.${reboot.why}`)}${reboot.packages?.length ? ` (${reboot.packages.join(', ')})` : ''}`],
			] as [string, ReactNode][]} />
		</>
	);
}
