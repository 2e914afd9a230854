// SPDX-License-Identifier: Apache-2.0
// The waves of a deployment as a track, their gates, and the halt with its cause; halts and resumes.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Failure, FormGroup, Note, TextArea } from '../../ui/basic';
import { StackedBar } from '../../ui/Charts';
import { Dialog } from '../../ui/Dialog';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';

type R = Schemas['Rollout'];
type Wave = R['waves'][number];

export function Rollout({ id, rollout, open }: { id: string; rollout: R; open: boolean }) {
	const { t, maybe } = useI18n();
	const { may } = useSession();
	const [asking, setAsking] = useState<'halt' | 'resume' | null>(null);
	const { halted } = rollout;
	const act = open && may('deploy');
	return (
		<Card title={t('rollout.title')} className={halted && open ? 'tk-card-danger' : undefined}
			extra={act && !halted && <Button variant="secondary" size="sm" onClick={() => setAsking('halt')}>{t('rollout.halt')}</Button>}>
			{halted && open && (
				<Note tone="danger" title={t('rollout.halted', { wave: halted.wave, why: maybe(`rolloutWhy.${halted.why}`) ?? halted.why })}
					action={act && <Button variant="secondary" size="sm" onClick={() => setAsking('resume')}>{t('rollout.resume')}</Button>}>
					<Time at={halted.at} />{halted.by && ` · ${halted.by}`}{halted.by && rollout.reason && ` · ${rollout.reason}`}
				</Note>
			)}
			<ol className="tk-waves">
				{rollout.waves.map((w, n) => <WaveItem key={n} n={n + 1} wave={w} />)}
			</ol>
			<p className="tk-small">{gateText(rollout, t)}</p>
			{!halted && rollout.reason && <p className="tk-small">{t('rollout.said', { reason: rollout.reason })}</p>}
			{asking && <Ask id={id} kind={asking} rollout={rollout} onClose={() => setAsking(null)} />}
		</Card>
	);
}

function WaveItem({ n, wave }: { n: number; wave: Wave }) {
	const { t, number, maybe } = useI18n();
	const parts = [
		['succeeded', wave.succeeded], ['failed', wave.failed], ['installing', wave.running], ['pending', wave.waiting], ['not_applicable', wave.skipped + wave.forgiven],
	] as const;
	const said = parts.filter(p => p[1] > 0).map(([s, k]) => `${t(`targetState.${s}`)} ${number(k)}`).join(', ');
	return (
		<li className={`tk-wave tk-wave-${wave.state}`} aria-current={wave.state === 'running' || wave.state === 'soaking' ? 'step' : undefined}>
			<strong>{t('rollout.wave', { n })} <span className="tk-small">{kindText(wave, t)}</span></strong>
			<span className="tk-wave-state">{t(`rolloutState.${wave.state}`)}</span>
			<StackedBar thin label={said || t('targetState.pending')} segments={parts.map(([s, k]) => ({ id: s, label: s, value: k, className: `tk-tfill-${s}` }))} />
			<span className="tk-small">{t('rollout.counts', { done: wave.succeeded + wave.skipped, all: wave.targets })}{wave.failed > 0 && <b className="tk-danger-text"> {t('rollout.failed', { n: wave.failed })}</b>}</span>
			{wave.silent > 0 && <span className="tk-small tk-warn-text">{t('rollout.silent', { n: wave.silent })}</span>}
			{wave.forgiven > 0 && <span className="tk-small">{t('rollout.forgiven', { n: wave.forgiven })}</span>}
			{wave.why && <span className="tk-small">{maybe(`rolloutWhy.${wave.why}`) ?? wave.why}{wave.until && <> · <Time at={wave.until} /></>}</span>}
		</li>
	);
}

function kindText(w: Wave, t: ReturnType<typeof useI18n>['t']): string {
	if (w.group)
		return t('rollout.group', { name: w.group_name ?? '', n: w.targets });
	return w.percent ? t('rollout.upTo', { n: w.percent }) : t('rollout.systems', { n: w.targets });
}

function gateText(r: R, t: ReturnType<typeof useI18n>['t']): string {
	const g = r.gate, list = [t('rollout.gate.success', { n: g.success_percent ?? 0 })];
	if (typeof g.max_failures === 'number')
		list.push(t('rollout.gate.failures', { n: g.max_failures }));
	if (typeof g.max_silent === 'number')
		list.push(t('rollout.gate.silent', { n: g.max_silent }));
	if (g.soak_minutes)
		list.push(t('rollout.gate.soak', { n: g.soak_minutes }));
	if (typeof r.halt.percent === 'number')
		list.push(t('rollout.gate.percent', { n: r.halt.percent }));
	if (typeof r.halt.failures === 'number')
		list.push(t('rollout.gate.all', { n: r.halt.failures }));
	return t('rollout.gates', { list: list.join(' · ') });
}

function Ask({ id, kind, rollout, onClose }: { id: string; kind: 'halt' | 'resume'; rollout: R; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const [reason, setReason] = useState('');
	const params = { path: { deployment_id: id } };
	const turn = useMutation({
		mutationFn: () => kind === 'halt'
			? take(api.POST('/deployments/{deployment_id}:halt', { params, body: { reason: reason.trim() } }))
			: take(api.POST('/deployments/{deployment_id}:resume-rollout', { params, body: { reason: reason.trim() } })),
		onSuccess: () => {
			toast.done(t(kind === 'halt' ? 'rollout.haltDone' : 'rollout.resumeDone'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
			onClose();
		},
	});
	const failed = rollout.waves.reduce((n, w) => n + w.failed, 0);
	return (
		<Dialog tone="warning" title={t(kind === 'halt' ? 'rollout.haltTitle' : 'rollout.resumeTitle')} onClose={onClose} footer={
			<>
				<Button variant={kind === 'halt' ? 'danger' : 'primary'} isDisabled={!reason.trim() || turn.isPending} onClick={() => turn.mutate()}>{t(kind === 'halt' ? 'rollout.halt' : 'rollout.resumeDo')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{kind === 'halt' ? t('rollout.haltText') : t(failed ? 'rollout.resumeText' : 'rollout.resumeTextNone', { n: failed })}</p>
			<FormGroup fieldId="rollout-reason" label={t('rollout.reason')} isRequired>
				<TextArea id="rollout-reason" value={reason} rows={3} maxLength={160} resizeOrientation="vertical" onChange={(_, v) => setReason(v)} />
			</FormGroup>
			{!!turn.error && <Failure error={turn.error} />}
		</Dialog>
	);
}
