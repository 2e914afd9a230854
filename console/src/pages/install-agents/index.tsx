// SPDX-License-Identifier: Apache-2.0
// Install agents: make an enrolment token, copy the one-line command, watch the machines arrive.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { useAllOffices, useEnrolmentTokens, useSystems } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Failure, Form, FormGroup, Loaded, Note, TextInput } from '../../ui/basic';
import { Copyable } from '../../ui/Copy';
import { Dialog } from '../../ui/Dialog';
import { useListQuery } from '../../ui/filters';
import { ListView, type ListQuery } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time, useNow } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { Online } from '../systems/columns';

type Token = Schemas['EnrolmentToken'];
const LIFES = [3600, 86_400, 604_800, 2_592_000, 31_536_000];

export default function InstallAgents() {
	const { t } = useI18n();
	const { may } = useSession();
	const tokens = useEnrolmentTokens(useListQuery([]));
	return (
		<Page title={t('agents.install')} ready={!tokens.isPending} sub={<p className="tk-lead">{t('install.lead')}</p>}>
			<div className="tk-columns">
				{may('agents') && <NewToken />}
				<Arrivals />
			</div>
			<Card title={t('install.tokens')}>
				<Tokens list={tokens} />
			</Card>
		</Page>
	);
}

function NewToken() {
	const { t, lang, word } = useI18n();
	const client = useQueryClient();
	const offices = useAllOffices();
	const [office, setOffice] = useState('local');
	const [label, setLabel] = useState('');
	const [life, setLife] = useState(604_800);
	const [uses, setUses] = useState('10');
	const count = Number(uses);
	const valid = Number.isInteger(count) && count >= 1 && count <= 1_000_000;
	const make = useMutation({
		mutationFn: () => take(api.POST('/enrolment-tokens', { body: { office, label: label.trim(), expires_in_s: life, max_uses: count } })),
		onSuccess: () => client.invalidateQueries({ queryKey: ['enrolment'] }),
	});
	const made = make.data;
	return (
		<Card title={t('install.new')}>
			{made
				? (
					<div className="tk-made">
						<Note tone="warning" title={t('install.once')} />
						{made.install.map(x => (
							<div key={x.platform}>
								<h3>{word('installOn', x.platform)}</h3>
								<p className="tk-small">{t('install.asRoot')}</p>
								<Copyable text={x.command} what={t('install.command')} />
							</div>
						))}
						<h3>{t('install.token')}</h3>
						<Copyable text={made.token} what={t('install.token')} />
						<p className="tk-small">{t('install.server')}: <code>{made.server_url}</code> · {t('install.expires')}: <Time at={made.enrolment_token.expires} /> · {t('install.uses', { n: made.enrolment_token.max_uses })}</p>
						<Button variant="secondary" onClick={() => make.reset()}>{t('install.another')}</Button>
					</div>
				)
				: (
					<Form onSubmit={e => {
						e.preventDefault();
						if (valid)
							make.mutate();
					}}>
						<FormGroup label={t('system.office')} fieldId="office">
							<select id="office" className="tk-select" value={office} onChange={e => setOffice(e.target.value)}>
								{(offices.data ?? []).map(o => <option key={o.id} value={o.id}>{o.name[lang]}</option>)}
							</select>
						</FormGroup>
						<FormGroup label={t('install.label')} fieldId="label">
							<TextInput id="label" value={label} maxLength={100} placeholder={t('install.labelHint')} onChange={(_, v) => setLabel(v)} />
						</FormGroup>
						<div className="tk-two">
							<FormGroup label={t('install.life')} fieldId="life">
								<select id="life" className="tk-select" value={life} onChange={e => setLife(Number(e.target.value))}>
									{LIFES.map(s => <option key={s} value={s}>{t(`install.life.${s}` as 'install.life.3600')}</option>)}
								</select>
							</FormGroup>
							<FormGroup label={t('install.maxUses')} fieldId="uses">
								<TextInput id="uses" type="number" min={1} max={1000000} value={uses} validated={valid ? 'default' : 'error'} onChange={(_, v) => setUses(v)} />
							</FormGroup>
						</div>
						{!!make.error && <Failure error={make.error} />}
						<Button type="submit" variant="primary" isDisabled={!valid || make.isPending}>{t('install.make')}</Button>
					</Form>
				)}
		</Card>
	);
}

/** Systems that enrolled within the last day, newest contact first. */
function Arrivals() {
	const i = useI18n();
	const { t } = i;
	const now = useNow();
	const list = useSystems({ sort: '-last_contact', limit: 50 });
	return (
		<Card title={t('install.arrivals')} extra={<span className="tk-small"><span className="tk-live" aria-hidden="true" />{t('install.live')}</span>}>
			<Loaded query={list}>
				{d => {
					const fresh = d.items.filter(s => s.enrolled && now - Date.parse(s.enrolled) < 86_400_000)
						.sort((a, b) => Date.parse(b.enrolled!) - Date.parse(a.enrolled!)).slice(0, 12);
					return fresh.length === 0
						? <p className="tk-none" role="status">{t('install.waiting')}</p>
						: (
							<ul className="tk-rows" aria-live="polite">
								{fresh.map(s => (
									<li key={s.id}>
										<Online on={s.online} i={i} />
										<Link href={systemPath(s.id)} className="tk-rows-name">{s.hostname}</Link>
										<span className={`tk-state tk-state-${s.scan_status}`}>{t(`scan.${s.scan_status}`)}</span>
										<Time at={s.enrolled} relative />
									</li>
								))}
							</ul>
						);
				}}
			</Loaded>
		</Card>
	);
}

function Tokens({ list }: { list: ListQuery<Token> }) {
	const { t, number, word } = useI18n();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const [asking, setAsking] = useState<Token | null>(null);
	const revoke = useMutation({
		mutationFn: (x: Token) => take(api.DELETE('/enrolment-tokens/{token_id}', { params: { path: { token_id: x.id } } })),
		onSuccess: () => {
			toast.done(t('install.revoked'));
			void client.invalidateQueries({ queryKey: ['enrolment'] });
		},
		onError: toast.failed,
	});
	return (
		<>
			<ListView label={t('install.tokens')} list={list} rowId={x => x.id} rowName={x => x.label || x.id} keyboard={false}
				columns={[
					{ id: 'label', header: t('install.label'), grow: true, cell: x => x.label || <span className="tk-none">–</span> },
					{ id: 'id', header: t('install.tokenId'), cell: x => <span className="tk-mono">{x.id}</span> },
					{ id: 'office', header: t('system.office'), cell: x => word('office', x.office) },
					{ id: 'state', header: t('agent.state'), cell: x => <span className={`tk-state tk-state-${x.state}`}>{t(`tokenState.${x.state}`)}</span> },
					{ id: 'uses', header: t('install.used'), numeric: true, cell: x => `${number(x.uses)} / ${number(x.max_uses)}` },
					{ id: 'created', header: t('deployment.created'), cell: x => <Time at={x.created} /> },
					{ id: 'expires', header: t('install.expires'), cell: x => <Time at={x.expires} /> },
					...(may('agents') ? [{ id: 'revoke', header: t('deploy.action'), cell: (x: Token) => x.state === 'usable' ? <button type="button" className="tk-link" aria-label={t('install.revokeName', { name: x.label || x.id })} onClick={() => setAsking(x)}>{t('install.revoke')}</button> : <span className="tk-none">–</span> }] : []),
				]}
				empty={<Empty title={t('empty.tokens')} why={t('empty.tokensWhy')} />} />
			{asking && (
				<Dialog tone="warning" title={t('install.revokeTitle', { name: asking.label || asking.id })} onClose={() => setAsking(null)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setAsking(null);
							revoke.mutate(asking);
						}}>{t('install.revoke')}</Button>
						<Button variant="link" data-first onClick={() => setAsking(null)}>{t('action.cancel')}</Button>
					</>
				}>
					<p>{t('install.revokeText')}</p>
				</Dialog>
			)}
		</>
	);
}
