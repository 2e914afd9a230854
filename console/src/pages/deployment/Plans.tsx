// SPDX-License-Identifier: Apache-2.0
// The exact plans of a deployment: what they do as a whole, then equal ones together, each in full, with what was
// approved where it has drifted, and the button that approves it.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Loaded, Note } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { useListQuery } from '../../ui/filters';
import { Pager } from '../../ui/List';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { PlanSummary } from './PlanSummary';

export function Plans({ id, open }: { id: string; open: boolean }) {
	const { t } = useI18n();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const params = { path: { deployment_id: id } };
	const query = useListQuery([]);
	const plans = useQuery({
		placeholderData: keepPreviousData, queryKey: ['deployments', 'plans', id, query],
		queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/plans', { params: { ...params, query }, signal })),
	});
	const approve = useMutation({
		mutationFn: (hashes: string[]) => take(api.POST('/deployments/{deployment_id}/plans:approve', { params, body: { hashes } })),
		onSuccess: () => {
			toast.done(t('plans.done'));
			void client.invalidateQueries({ queryKey: ['deployments'] });
		},
		onError: toast.failed,
	});
	return (
		<Loaded query={plans}>
			{list => (
				<>
					{list.waiting > 0 && <Note tone="warning" title={t('plans.waiting')}>{t('plans.waitingText')}</Note>}
					{list.items.length === 0 && <Empty title={t('plans.none')} why={t('plans.noneWhy')} />}
					{list.items.length > 0 && <PlanSummary summary={list.summary} drift={list.approval === 'plan' ? list.drift : undefined} />}
					{(list.page.total > list.items.length || !!list.page.prev_cursor) && <div className="tk-toolbar"><span className="tk-grow-space" /><Pager page={list.page} shown={list.items.length} /></div>}
					{list.items.map(p => (
						<Card key={`${p.hash} ${p.was?.hash ?? ''} ${p.drift_allowed}`} title={t('plans.systems', { n: p.systems })} extra={
							list.approval !== 'plan' ? undefined
								: p.approved_by ? <span>{t('plans.approvedBy', { name: p.approved_by })} <Time at={p.approved} /></span>
									: p.drift_allowed ? <span>{t('plans.driftAllowed')}</span>
										: open && may('deploy') && <Button variant="primary" size="sm" isDisabled={approve.isPending} onClick={() => approve.mutate([p.hash])}>{t('plans.approve', { n: p.systems })}</Button>
						}>
							{p.was ? <Drift now={p.steps} was={p.was} /> : <Steps steps={p.steps} />}
							<p className="tk-small">{p.was && `${t('plans.now')}: `}SHA-256 <code>{p.hash}</code></p>
						</Card>
					))}
				</>
			)}
		</Loaded>
	);
}

type Step = Schemas['PlanStep'];
const Version = ({ v }: { v: string | undefined }) => v ? <span className="tk-mono">{v}</span> : <span className="tk-none">–</span>;

export function Steps({ steps }: { steps: Step[] }) {
	const { t, word } = useI18n();
	return (
		<DataTable label={t('plans.steps')} keyboard={false} rows={steps} rowId={s => `${s.action} ${s.name} ${s.arch} ${s.to}`} rowName={s => s.name} empty={null} columns={[
			{ id: 'action', header: t('plans.action'), cell: s => word('planAction', s.action) },
			{ id: 'name', header: t('component.name'), fixed: true, cell: s => `${s.name}:${s.arch}` },
			{ id: 'from', header: t('uninstall.from'), cell: s => <Version v={s.from} /> },
			{ id: 'to', header: t('plans.to'), cell: s => <Version v={s.to} /> },
		]} />
	);
}

interface Pair { key: string; was?: Step; now?: Step; change: 'same' | 'changed' | 'added' | 'gone' }
const CHANGES = ['changed', 'added', 'gone', 'same'];

/** The approved plan beside the present one, step by step; what differs first. */
export function Drift({ now, was }: { now: Step[]; was: Schemas['PlanWas'] }) {
	const { t, word } = useI18n();
	const key = (s: Step) => `${s.name}:${s.arch}`;
	const pairs = new Map<string, Pair>();
	const of = (list: Step[], side: 'was' | 'now') => {
		const seen = new Map<string, number>();
		for (const s of list) {
			const n = (seen.get(key(s)) ?? 0) + 1;
			seen.set(key(s), n);
			const id = `${key(s)} ${n}`;
			pairs.set(id, { ...pairs.get(id) ?? { key: id, change: 'same' }, [side]: s });
		}
	};
	of(was.steps, 'was');
	of(now, 'now');
	const rows = [...pairs.values()].map(({ ...p }) => {
		p.change = !p.was ? 'added' : !p.now ? 'gone' : p.was.action === p.now.action && p.was.from === p.now.from && p.was.to === p.now.to ? 'same' : 'changed';
		return p;
	}).sort((a, b) => CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change));
	const step = (s: Step | undefined) => s
		? <>{word('planAction', s.action)} <span className="tk-mono">{[s.from, s.to].filter(Boolean).join(' → ')}</span></>
		: <span className="tk-none">–</span>;
	return (
		<>
			<DataTable label={t('plans.driftSteps')} keyboard={false} rows={rows} rowId={p => p.key} rowName={p => p.key} empty={null} columns={[
				{ id: 'change', header: t('plans.change'), cell: p => p.change === 'same' ? t('planChange.same') : <strong>{t(`planChange.${p.change}`)}</strong> },
				{ id: 'name', header: t('component.name'), fixed: true, cell: p => key((p.now ?? p.was)!) },
				{ id: 'was', header: t('plans.was'), cell: p => step(p.was) },
				{ id: 'now', header: t('plans.now'), cell: p => step(p.now) },
			]} />
			<p className="tk-small">{t('plans.was')}: SHA-256 <code>{was.hash}</code></p>
		</>
	);
}
