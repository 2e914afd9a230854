// SPDX-License-Identifier: Apache-2.0
// Long work at a glance: the state of the patch database with "sync now", and the tray of jobs.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { api, newKey, take } from '../api/client';
import { useFeeds, useJobs, type Job } from '../api/queries';
import { useI18n, type Params } from '../i18n';
import { Button, Failure, Technical } from '../ui/basic';
import { SyncIcon, TasksIcon } from '../ui/Icon';
import { Popup } from '../ui/Menu';
import { Time, useNow } from '../ui/Time';
import { useToast } from '../ui/toast';
import { useSession } from './session';

const isActive = (j: Job) => j.state === 'queued' || j.state === 'running';

/** The translated message of a job or step; an untranslated code is shown as it is. */
export function messageText(maybe: (key: string, params?: Params) => string | undefined, m: Job['message'] | undefined): string {
	return m ? maybe(`jobMessage.${m.code}`, m.params as Params) ?? m.code : '';
}

export function useSync() {
	const client = useQueryClient();
	return useMutation({
		mutationFn: () => take(api.POST('/feeds:sync', { params: { header: { 'Idempotency-Key': newKey() } } })),
		onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }),
	});
}

export function JobProgress({ job }: { job: Job }) {
	const { t, word, number, maybe } = useI18n();
	const percent = Math.round(job.progress * 100);
	const step = job.steps.find(s => s.state === 'running');
	return (
		<div className="tk-job">
			<div className="tk-job-head">
				<strong>{word('job', job.kind)}</strong>
				<span className={`tk-state tk-state-${job.state}`}>{word('jobState', job.state)}</span>
				{isActive(job) && <span className="tk-num">{t('percent', { n: number(percent) })}</span>}
				{!isActive(job) && <Time at={job.finished ?? job.created} relative />}
			</div>
			{isActive(job) && (
				<>
					<div className="tk-meter" role="progressbar" aria-label={word('job', job.kind)} aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100}>
						<span style={{ width: `${percent}%` }} />
					</div>
					<div className="tk-small">{step ? word('jobStep', step.code) : ''} {messageText(maybe, step?.message ?? job.message)}</div>
				</>
			)}
			{job.error && <Technical text={job.error} />}
		</div>
	);
}

export function SyncStatus() {
	const { t, relative } = useI18n();
	const { may } = useSession();
	const feeds = useFeeds();
	const jobs = useJobs();
	const sync = useSync();
	const now = useNow();
	const summary = feeds.data?.summary;
	const running = jobs.data?.items.find(j => j.kind === 'sync' && isActive(j));
	const last = jobs.data?.items.find(j => j.kind === 'sync');
	const text = running ? t('sync.running') : summary?.last_success ? t('sync.ago', { ago: relative(summary.last_success, Math.max(now, Date.parse(summary.last_success))) })
		: summary ? t('sync.never') : t('sync.short');
	return (
		<Popup plain align="right" className="tk-sync"
			button={<><SyncIcon className={running ? 'tk-turning' : undefined} /><span className="tk-top-word">{text}</span>{!!summary?.failing && <span className="tk-dot" title={t('sync.failing', { n: summary.failing })}>!</span>}</>}
			label={t('sync.open', { state: text })}>
			{close => (
				<div className="tk-tray">
					<h2>{t('sync.title')}</h2>
					{feeds.error && <Failure error={feeds.error} retry={() => void feeds.refetch()} />}
					{summary && (
						<dl className="tk-facts tk-facts-small">
							<div><dt>{t('sync.last')}</dt><dd><Time at={summary.last_success} none={t('sync.never')} /></dd></div>
							<div><dt>{t('sync.sources')}</dt><dd>{t('sync.sourcesValue', { n: summary.total, failing: summary.failing })}</dd></div>
							{!summary.advisories_present && summary.last_success && <div><dt>{t('sync.advisories')}</dt><dd>{t('sync.noAdvisories')}</dd></div>}
						</dl>
					)}
					{last && <JobProgress job={last} />}
					{sync.error && <Failure error={sync.error} />}
					<div className="tk-row">
						{may('sync') && <Button size="sm" variant="primary" isDisabled={!!running || sync.isPending} onClick={() => sync.mutate()}>{t('sync.now')}</Button>}
						<Link href="/admin/patch-db" onClick={close}>{t('sync.details')}</Link>
					</div>
				</div>
			)}
		</Popup>
	);
}

export function JobTray() {
	const { t, word } = useI18n();
	const jobs = useJobs();
	const toast = useToast();
	const items = jobs.data?.items ?? [];
	const active = items.filter(isActive);
	const { refetch } = jobs;
	useEffect(() => {
		if (active.length === 0)
			return;
		const timer = setInterval(() => void refetch(), 3000);
		return () => clearInterval(timer);
	}, [active.length, refetch]);

	const seen = useRef<Map<string, string> | null>(null);
	useEffect(() => {
		if (!jobs.data)
			return;
		const before = seen.current;
		seen.current = new Map(jobs.data.items.map(j => [j.id, j.state]));
		for (const j of before ? jobs.data.items : []) {
			const was = before?.get(j.id);
			if ((was === 'queued' || was === 'running') && j.state === 'succeeded')
				toast.done(t('job.finished', { name: word('job', j.kind) }));
			if ((was === 'queued' || was === 'running') && j.state === 'failed')
				toast.ended(t('job.failed', { name: word('job', j.kind) }), j.error ?? undefined);
		}
	}, [jobs.data, toast, t, word]);

	return (
		<Popup plain align="right" label={t('jobs.open', { n: active.length })} button={<><TasksIcon />{active.length > 0 && <span className="tk-badge">{active.length}</span>}</>}>
			{() => (
				<div className="tk-tray">
					<h2>{t('jobs.title')}</h2>
					{jobs.error && <Failure error={jobs.error} retry={() => void jobs.refetch()} />}
					{items.slice(0, 8).map(j => <JobProgress key={j.id} job={j} />)}
					{jobs.data && items.length === 0 && <p className="tk-none">{t('jobs.none')}</p>}
				</div>
			)}
		</Popup>
	);
}
