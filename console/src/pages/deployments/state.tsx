// SPDX-License-Identifier: Apache-2.0
// States of deployments and of their targets: word, colour token and the bar of progress.
import type { Deployment, Target } from '../../api/queries';
import { useI18n } from '../../i18n';
import { StackedBar } from '../../ui/Charts';

export const TARGET_STATES = ['succeeded', 'installing', 'downloading', 'pending', 'failed', 'not_applicable', 'cancelled'] as const;

export function DeploymentState({ state }: { state: Deployment['state'] }) {
	const { word } = useI18n();
	return <span className={`tk-state tk-state-${state}`}>{word('deploymentState', state)}</span>;
}

export function TargetState({ state }: { state: Target['state'] }) {
	const { word } = useI18n();
	return <span className={`tk-state tk-state-${state}`}>{word('targetState', state)}</span>;
}

/** The stable reason in words, then the agent's own text. */
export function TargetReason({ target }: { target: Target }) {
	const { maybe } = useI18n();
	const full = target.reason === 'group_full' ? /^(.*) (\d+)\/(\d+)$/.exec(target.detail ?? '') : null;
	if (full)
		return <>{maybe('reason.group_full_of', { group: full[1]!, n: Number(full[2]), of: Number(full[3]) })}</>;
	const words = target.reason ? maybe(`reason.${target.reason}`) ?? target.reason : '';
	return (
		<>
			{words}
			{words && target.detail && ' — '}
			{target.detail && <span lang="en" className="tk-small">{target.detail}</span>}
			{target.notice && <> — <NoticeText notice={target.notice} /></>}
			{target.scripts.map(s => <ScriptText key={s.stage} script={s} />)}
			{!words && !target.detail && <span className="tk-none">–</span>}
		</>
	);
}

/** Of a target that waits for its users: when they were told, and what they put off. */
function NoticeText({ notice }: { notice: NonNullable<Target['notice']> }) {
	const { t, dateTime } = useI18n();
	const said = [notice.shown ? t('notify.seen', { time: dateTime(notice.shown) }) : t('notify.notYet')];
	if (notice.allowed > 0)
		said.push(t('notify.put', { n: notice.postponed, of: notice.allowed }));
	if (notice.deadline)
		said.push(t('notify.until', { time: dateTime(notice.deadline) }));
	return <span className="tk-small">{said.join(' · ')}</span>;
}

/** What became of a script of its policy. */
function ScriptText({ script }: { script: Target['scripts'][number] }) {
	const { t } = useI18n();
	const name = script.name ? t('scripts.named', { name: script.name, version: script.version }) : '';
	const end = script.state !== 'ended' ? t(`scriptState.${script.state}`) : script.timed_out ? t('scriptState.timeout') : t('scriptState.exit', { code: script.exit_status ?? 0 });
	return <span className={script.good ? 'tk-small' : 'tk-small tk-danger'}> · {t(`scriptStage.${script.stage}`)} {name} {end}</span>;
}

export function TargetsBar({ counts, thin }: { counts: Deployment['targets']; thin?: boolean }) {
	const { word, number } = useI18n();
	const said = TARGET_STATES.filter(s => counts[s] > 0).map(s => `${word('targetState', s)} ${number(counts[s])}`).join(', ');
	return <StackedBar thin={thin} label={said || word('targetState', 'pending')} segments={TARGET_STATES.map(s => ({ id: s, label: s, value: counts[s], className: `tk-tfill-${s}` }))} />;
}
