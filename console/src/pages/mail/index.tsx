// SPDX-License-Identifier: Apache-2.0
// The mail server: its settings, a test mail with the conversation as it goes on, and the outbox.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useMails } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Failure, Form, FormGroup, Loaded, Note, Technical, TextInput } from '../../ui/basic';
import type { Column } from '../../ui/DataTable';
import { useListQuery } from '../../ui/filters';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { Settings } from '../settings/Settings';

type Mail = Schemas['Mail'];
const TONE: Record<Mail['state'], string> = { waiting: 'held', sent: 'ok', given_up: 'failed' };

export default function MailServer() {
	const { t } = useI18n();
	const { may } = useSession();
	return (
		<Page title={t('mail.title')} ready sub={<p className="tk-lead">{t('mail.lead')}</p>}>
			{may('settings') ? (
				<>
					<div className="tk-columns">
						<Settings match={/^mail\./} title={t('mail.settings')} />
						<Test />
					</div>
					<Outbox />
				</>
			) : <Empty title={t('mail.denied')} why={t('mail.deniedWhy')} />}
		</Page>
	);
}

function Test() {
	const { t } = useI18n();
	const [to, setTo] = useState('');
	const [id, setId] = useState('');
	const start = useMutation({
		mutationFn: () => take(api.POST('/mail-tests', { body: { to: to.trim() } })),
		onSuccess: d => setId(d.id),
	});
	const test = useQuery({
		queryKey: ['mail-test', id], enabled: id !== '',
		queryFn: ({ signal }) => take(api.GET('/mail-tests/{test_id}', { params: { path: { test_id: id } }, signal })),
		refetchInterval: q => q.state.data && q.state.data.state !== 'running' ? false : 500,
	});
	const d = id ? test.data : undefined;
	const running = start.isPending || (id !== '' && (!d || d.state === 'running') && !test.error);
	return (
		<Card title={t('mail.test')}>
			<Form onSubmit={e => {
				e.preventDefault();
				if (to.trim() && !running)
					start.mutate();
			}}>
				<FormGroup label={t('mail.testTo')} fieldId="mail-test-to">
					<TextInput id="mail-test-to" type="email" value={to} maxLength={254} onChange={(_, v) => setTo(v)} autoComplete="email" />
					<p className="tk-small">{t('mail.testHelp')}</p>
				</FormGroup>
				{!!start.error && <Failure error={start.error} />}
				{!!test.error && <Failure error={test.error} />}
				<div className="tk-row"><Button type="submit" variant="secondary" isDisabled={!to.trim() || running}>{t('mail.testSend')}</Button></div>
			</Form>
			<div role="status">
				{d?.state === 'running' && <p>{t('mail.testRunning')}</p>}
				{d?.state === 'sent' && <Note tone="success" title={t('mail.testSent', { to: d.to })}>{t('mail.testSentWhy')}</Note>}
				{d?.state === 'failed' && <Note tone="danger" title={t('mail.testFailed')}><span className="tk-break" lang="en">{d.error}</span></Note>}
			</div>
			{d && d.transcript.length > 0 && (
				<>
					<h3 className="tk-h3">{t('mail.transcript')}</h3>
					<pre className="tk-log" tabIndex={0} aria-label={t('mail.transcript')} lang="en">{d.transcript.join('\n')}</pre>
					<p className="tk-small">{t('mail.transcriptHelp')}</p>
				</>
			)}
		</Card>
	);
}

function Outbox() {
	const { t, number } = useI18n();
	const client = useQueryClient();
	const mails = useMails(useListQuery([]));
	const retry = useMutation({
		mutationFn: (id: string) => take(api.POST('/mails/{mail_id}:retry', { params: { path: { mail_id: id } } })),
		onSettled: () => void client.invalidateQueries({ queryKey: ['mails'] }),
	});
	const columns: Column<Mail>[] = [
		{ id: 'created', header: t('mail.created'), cell: m => <Time at={m.created} /> },
		{ id: 'subject', header: t('mail.subject'), words: true, cell: m => m.subject },
		{ id: 'to', header: t('mail.to'), words: true, cell: m => m.to },
		{ id: 'state', header: t('mail.state'), words: true, cell: m => <><span className={`tk-state tk-state-${TONE[m.state]}`}>{t(`mailState.${m.state}`)}</span>{m.error && <Technical text={m.error} />}</> },
		{ id: 'attempts', header: t('mail.attempts'), numeric: true, drop: 2, cell: m => number(m.attempts) },
		{ id: 'when', header: t('mail.when'), drop: 1, cell: m => m.state === 'waiting' ? <>{t('mail.next')} <Time at={m.next_attempt} /></> : <Time at={m.ended} /> },
		{ id: 'retry', header: t('mail.action'), cell: m => m.state === 'sent' ? null : <Button variant="link" isInline isDisabled={retry.isPending} onClick={() => retry.mutate(m.id)}>{t('mail.retry')}</Button> },
	];
	return (
		<>
			<h2 className="tk-h2">{t('mail.outbox')}</h2>
			<Loaded query={mails}>
				{d => (
					<>
						{!d.configured && d.by_state.waiting > 0 && <Note tone="warning" title={t('mail.notConfigured')}>{t('mail.notConfiguredWhy', { n: d.by_state.waiting })}</Note>}
						{!!retry.error && <Failure error={retry.error} />}
						<p className="tk-small">{t('mail.counts', { waiting: number(d.by_state.waiting), sent: number(d.by_state.sent), given_up: number(d.by_state.given_up) })}</p>
						<ListView label={t('mail.outbox')} list={{ ...mails, error: null }} keyboard={false} columns={columns} rowId={m => m.id} rowName={m => m.subject}
							empty={<Empty title={t('mail.none')} why={t('mail.noneWhy')} />} />
					</>
				)}
			</Loaded>
		</>
	);
}
