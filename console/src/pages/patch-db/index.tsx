// SPDX-License-Identifier: Apache-2.0
// The patch database: every source with its last success, signer, rows and error; sync now.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { useFeeds, useJobs } from '../../api/queries';
import { JobProgress, messageText, useSync } from '../../app/Jobs';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Facts, Failure, Note, Technical } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { OutLink } from '../patch/parts';
import { Settings } from '../settings/Settings';

type Feed = Schemas['Feed'];

export default function PatchDb() {
	const { t, number, word, list } = useI18n();
	const { may } = useSession();
	const feeds = useFeeds();
	const jobs = useJobs();
	const sync = useSync();
	const s = feeds.data?.summary;
	const job = jobs.data?.items.find(j => j.kind === 'sync');
	const running = job && (job.state === 'running' || job.state === 'queued');
	const columns: Column<Feed>[] = [
		{ id: 'id', header: t('feed.id'), words: true, cell: f => <><span className="tk-mono">{f.id}</span><div className="tk-small tk-url" title={f.url}><OutLink url={f.url} /></div></> },
		{ id: 'kind', drop: 2, header: t('feed.kind'), cell: f => word('feedKind', f.kind) },
		{ id: 'state', header: t('feed.state'), cell: f => f.held ? <span className="tk-state tk-state-failed">{t('feed.held')}</span> : f.error ? <span className="tk-state tk-state-failed">{t('feed.failed')}</span> : f.stale_since ? <span className="tk-state tk-state-held">{t('feed.stale')}</span> : f.last_success ? <span className="tk-state tk-state-ok">{t('feed.ok')}</span> : <span className="tk-state tk-state-never">{t('feed.never')}</span> },
		{ id: 'success', header: t('feed.lastSuccess'), cell: f => <><Time at={f.last_success} none={t('sync.never')} />{f.stale_since && <div className="tk-small tk-warn-text">{t('feed.staleSince')} <Time at={f.stale_since} /></div>}</> },
		{ id: 'attempt', drop: 3, header: t('feed.lastAttempt'), cell: f => <Time at={f.last_attempt} relative /> },
		{ id: 'released', drop: 1, header: t('prov.released'), cell: f => <Time at={f.released} /> },
		{ id: 'rows', header: t('feed.rows'), numeric: true, cell: f => number(f.rows) },
		{ id: 'signer', header: t('prov.signature'), cell: f => f.signed ? <span title={f.signer}><span className="tk-ok-text">✓ {t('prov.signed')}</span> <span className="tk-small tk-signer tk-cut">{shortSigner(f.signer)}</span></span> : f.last_success ? <span className="tk-warn-text">{t('prov.unsigned')}</span> : <span className="tk-none">–</span> },
	];
	const failing = feeds.data?.items.filter(f => f.error) ?? [];
	return (
		<Page title={t('admin.patchDb')} ready={!feeds.isPending} sub={<p className="tk-lead">{t('patchdb.lead')}</p>}
			actions={may('sync') && <Button variant="primary" isDisabled={!!running || sync.isPending} onClick={() => sync.mutate()}>{t('sync.now')}</Button>}>
			{!!sync.error && <Failure error={sync.error} />}
			<div className="tk-columns">
				<Card title={t('patchdb.state')}>
					{s && (
						<Facts items={[
							[t('sync.last'), <Time key="l" at={s.last_success} none={t('sync.never')} />],
							[t('patchdb.oldest'), <Time key="o" at={s.oldest_success} />],
							[t('sync.sources'), t('sync.sourcesValue', { n: s.total, failing: s.failing })],
							[t('sync.advisories'), t(s.advisories_present ? 'sync.hasAdvisories' : 'sync.noAdvisories')],
							[t('dashboard.supported'), <Link key="s" href="/patches/supported">{t('patches.supported')}</Link>],
						]} />
					)}
				</Card>
				<Card title={t('patchdb.lastSync')}>{job ? <JobDetails job={job} /> : <p className="tk-none">{t('patchdb.noSync')}</p>}</Card>
			</div>
			{feeds.error && <Failure error={feeds.error} retry={() => void feeds.refetch()} />}
			<h2 className="tk-h2">{t('patchdb.feeds')}</h2>
			{s && !s.files_confined && <Note tone="warning" title={t('patchdb.noLandlock')}>{t('patchdb.noLandlockWhy')}</Note>}
			{failing.length > 0 && (
				<Note tone="danger" title={t('patchdb.failing', { name: list(failing.map(f => f.id)) })}>
					<ul>{failing.map(f => <li key={f.id} className="tk-break"><code>{f.id}</code> <Trouble code={f.held ? 'conflict' : f.trouble?.code} subject={f.held ? undefined : f.trouble?.params?.subject} />{f.error && <Technical text={f.error} />}{f.held && <Held feed={f} />}</li>)}</ul>
				</Note>
			)}
			<DataTable label={t('patchdb.feeds')} columns={columns} rows={feeds.data?.items ?? (feeds.error ? [] : undefined)} rowId={f => f.id} rowName={f => f.id}
				empty={<Empty title={t('empty.feeds')} why={t('empty.feedsWhy')} />} />
			{may('settings') && <Settings />}
		</Page>
	);
}

// What went wrong with a source, in the reader's language, and what it is about: an address, a file.
function Trouble({ code, subject }: { code: unknown; subject: unknown }) {
	const { t, maybe } = useI18n();
	return <>{maybe(`feedError.${String(code)}`) ?? t('feedError.other')}{typeof subject === 'string' && <> <code className="tk-break">{subject}</code></>}</>;
}

// A new generation that waits for somebody to look at it: the numbers, and the button that takes it over.
function Held({ feed }: { feed: Feed }) {
	const { t, number } = useI18n();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const accept = useMutation({
		mutationFn: () => take(api.POST('/feeds:accept', { body: { feed: feed.id } })),
		onSuccess: () => {
			toast.done(t('feed.accepted', { name: feed.id }));
			void client.invalidateQueries();
		},
	});
	return (
		<div className="tk-row">
			<span className="tk-small">{t('feed.heldRows', { now: number(feed.rows), held: number(feed.held?.rows ?? 0) })} <Time at={feed.held?.fetched} /></span>
			{may('settings') && <Button variant="secondary" size="sm" isDisabled={accept.isPending} onClick={() => accept.mutate()}>{t('feed.accept')}</Button>}
			{!!accept.error && <Failure error={accept.error} />}
		</div>
	);
}

function shortSigner(signer: string): string {
	const [fingerprint, ...name] = signer.split(' ');
	return name.length ? name.join(' ') : fingerprint ? `…${fingerprint.slice(-16)}` : '';
}

function JobDetails({ job }: { job: Schemas['Job'] }) {
	const { t, word, number, maybe } = useI18n();
	return (
		<>
			<JobProgress job={job} />
			{job.steps.length > 0 && (
				<ol className="tk-steps">
					{job.steps.map((s, n) => (
						<li key={n} className={`tk-step tk-step-${s.state}`}>
							<span className={`tk-state tk-state-${s.state}`}>{word('stepState', s.state)}</span> {word('jobStep', s.code)}
							{s.state === 'running' && ` ${t('percent', { n: number(Math.round(s.progress * 100)) })}`}
							{s.message && <span className="tk-mono"> {messageText(maybe, s.message)}</span>}
							{typeof s.message?.params?.error === 'string' && <><div className="tk-small"><Trouble code={s.message.params.error_code} subject={s.message.params.error_subject} /></div><Technical text={s.message.params.error} /></>}
						</li>
					))}
				</ol>
			)}
		</>
	);
}
