// SPDX-License-Identifier: Apache-2.0
// States of deployments and of their targets: word, colour token and the bar of progress.
import { useReasons, type Deployment, type Target } from '../../api/queries';
import { useI18n } from '../../i18n';
import { StackedBar } from '../../ui/Charts';
import { Time } from '../../ui/Time';

export const TARGET_STATES = ['succeeded', 'installing', 'downloading', 'awaiting_approval', 'pending', 'failed', 'not_applicable', 'cancelled', 'expired'] as const;

export function DeploymentState({ state }: { state: Deployment['state'] }) {
	const { word } = useI18n();
	return <span className={`tk-state tk-state-${state}`}>{word('deploymentState', state)}</span>;
}

/** What is published and waits for its users has a word of its own. */
export function TargetState({ target }: { target: Target }) {
	const { word, t } = useI18n();
	const published = target.state === 'pending' && target.reason === 'published';
	return <span className={`tk-state tk-state-${target.state}`}>{published ? t('targetState.published') : word('targetState', target.state)}</span>;
}

/** Its users see a countdown to the restart, or have put it off. */
export const countsDown = (x: Target) => x.state === 'installing' && !!x.notice && !!x.next_attempt;

/** A stable reason in words; a word that the server does not know either stays as it is. */
export function useReasonText() {
	const { lang, maybe } = useI18n();
	const reasons = useReasons();
	return (word: string) => reasons.data?.get(word)?.title[lang] ?? maybe(`reason.${word}`) ?? word;
}

/** When it goes on, as far as that is known: the next attempt, or the window that comes next. */
function WhenNext({ target: x }: { target: Target }) {
	const { t, exact } = useI18n();
	if (countsDown(x))
		return <span className="tk-small tk-when">{t('why.rebootAt')} <Time at={x.next_attempt!} /></span>;
	if (x.state !== 'pending' && x.state !== 'awaiting_approval')
		return null;
	if (x.next_attempt && Date.parse(x.next_attempt) > Date.now())
		return <span className="tk-small tk-when">{t('why.nextAttempt')} <Time at={x.next_attempt} /></span>;
	if (!x.window?.end && !x.window?.local_end) // of a policy without windows: it may start at any time
		return null;
	const [from, to] = x.window.zone ? [exact(x.window.start!, x.window.zone), exact(x.window.end!, x.window.zone)]
		: [x.window.local_start!.replace('T', ' '), x.window.local_end!.replace('T', ' ')];
	return <span className="tk-small tk-when">{t(x.window.zone ? 'why.window' : 'why.windowLocal', { from, to, zone: x.window.zone ?? '' })}</span>;
}

/** Why it waits or how it ended, in words, then what was said besides, then when it goes on. */
export function TargetReason({ target }: { target: Target }) {
	const { t } = useI18n();
	const text = useReasonText();
	const full = target.reason === 'group_full' ? /^(.*) (\d+)\/(\d+)$/.exec(target.detail ?? '') : null;
	if (full)
		return <>{t('why.groupFull', { group: full[1]!, n: Number(full[2]), of: Number(full[3]) })}</>;
	const words = target.reason ? text(target.reason) : '';
	return (
		<>
			{words}
			{target.cause && target.state !== 'failed' && target.cause !== target.reason && <span className="tk-small"> {t('why.lastCause', { why: text(target.cause) })}</span>}
			{target.detail && <span lang="en" className={words ? 'tk-small tk-when tk-said' : 'tk-small'}>{target.detail}</span>}
			{target.notice && <NoticeText notice={target.notice} />}
			{target.wake && target.state === 'pending' && <WakeText wake={target.wake} />}
			{target.scripts.map(s => <ScriptText key={s.stage} script={s} />)}
			{!words && !target.detail && <span className="tk-none">–</span>}
			<WhenNext target={target} />
		</>
	);
}

/** Of a target that waits for its users (or is about to be restarted): when they were told, and what they put off. */
function NoticeText({ notice }: { notice: NonNullable<Target['notice']> }) {
	const { t, dateTime } = useI18n();
	const said: string[] = [];
	if (notice.shown)
		said.push(t('notify.seen', { time: dateTime(notice.shown) }));
	else if (notice.postponed === 0) // what was put off is told again when its time has come
		said.push(t('notify.notYet'));
	if (notice.allowed > 0)
		said.push(t('notify.put', { n: notice.postponed, of: notice.allowed }));
	if (notice.deadline)
		said.push(t('notify.until', { time: dateTime(notice.deadline) }));
	return <span className="tk-small tk-when">{said.join(' · ')}</span>;
}

/** What was done to wake it for a window. */
function WakeText({ wake }: { wake: NonNullable<Target['wake']> }) {
	const { t, dateTime } = useI18n();
	return <span className="tk-small tk-when">{t(`wake.${wake.state}`, { by: wake.by ?? t('wake.server'), time: dateTime(wake.at!) })}</span>;
}

/** What became of a script of its policy. */
function ScriptText({ script }: { script: Target['scripts'][number] }) {
	const { t } = useI18n();
	const name = script.name ? t('scripts.named', { name: script.name, version: script.version }) : '';
	const end = script.state !== 'ended' ? t(`scriptState.${script.state}`) : script.timed_out ? t('scriptState.timeout') : t('scriptState.exit', { code: script.exit_status ?? 0 });
	return <span className={script.good ? 'tk-small tk-when' : 'tk-small tk-when tk-danger-text'}>{t(`scriptStage.${script.stage}`)} {name} {end}</span>;
}

export function TargetsBar({ counts, thin }: { counts: Deployment['targets']; thin?: boolean }) {
	const { word, number } = useI18n();
	const said = TARGET_STATES.filter(s => counts[s] > 0).map(s => `${word('targetState', s)} ${number(counts[s])}`).join(', ');
	return <StackedBar thin={thin} label={said || word('targetState', 'pending')} segments={TARGET_STATES.map(s => ({ id: s, label: s, value: counts[s], className: `tk-tfill-${s}` }))} />;
}
