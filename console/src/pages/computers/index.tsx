// SPDX-License-Identifier: Apache-2.0
// Enrolled computers from the agent's side: connection, version, certificate life; retire.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take } from '../../api/client';
import { useSystems, type System, type SystemQuery } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { useFilters, useListQuery, type Filter } from '../../ui/filters';
import { Chips, ListSearch, Pager, useColumns, ViewMenu } from '../../ui/List';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { Online } from '../systems/columns';

const FILTERS: Filter[] = [
	{ param: 'online', name: 'system.connection', words: 'online', always: ['true', 'false'], single: true },
	{ param: 'agent_version', name: 'system.agent' },
	{ param: 'office', name: 'system.office', words: 'office' },
	{ param: 'state', name: 'agent.state', words: 'systemState', always: ['active', 'retired', 'quarantined'] },
];

export default function Computers() {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const list = useSystems({ ...useListQuery(FILTERS, 'hostname'), facets: ['online', 'agent_version', 'office'] } as SystemQuery);
	const data = list.data;
	const { menus, chips } = useFilters(FILTERS, data?.facets);
	const [retiring, setRetiring] = useState<System | null>(null);
	const retire = useMutation({
		mutationFn: (s: System) => take(api.DELETE('/systems/{system_id}', { params: { path: { system_id: s.id } } })),
		onSuccess: (_, s) => {
			toast.done(t('agent.retired', { name: s.hostname }));
			void client.invalidateQueries({ queryKey: ['systems'] });
		},
		onError: toast.failed,
	});
	const columns = useColumns<System>('computers', [
		{ id: 'hostname', header: t('system.name'), words: true, fixed: true, sort: 'hostname', cell: s => <Link href={systemPath(s.id, 'agent')}>{s.hostname}</Link> },
		{ id: 'online', header: t('system.connection'), cell: s => <Online on={s.online} i={i} /> },
		{ id: 'state', header: t('agent.state'), cell: s => t(`systemState.${s.state}`) },
		{ id: 'agent', header: t('agent.version'), sort: 'agent_version', cell: s => s.agent_version },
		{ id: 'contact', header: t('system.lastContact'), sort: 'last_contact', cell: s => <Time at={s.last_contact} /> },
		{ id: 'office', drop: 3, header: t('system.office'), words: true, sort: 'office', cell: s => i.word('office', s.office) },
		{ id: 'address', drop: 2, header: t('system.address'), words: true, sort: 'address', cell: s => <span className="tk-mono">{s.address}</span> },
		{ id: 'os', drop: 1, header: t('system.os'), sort: 'os', grow: true, title: s => s.os_name, cell: s => s.os_name },
		{ id: 'enrolled', drop: 4, header: t('agent.enrolled'), cell: s => <Time at={s.enrolled} /> },
		...(may('agents') ? [{
			id: 'retire', header: t('deploy.action'), cell: (s: System) => s.state === 'active'
				? <button type="button" className="tk-link" aria-label={t('agent.retireName', { name: s.hostname })} onClick={() => setRetiring(s)}>{t('agent.retire')}</button>
				: <span className="tk-none">–</span>,
		}] : []),
	] satisfies Column<System>[], []);
	return (
		<Page title={t('agents.computers')} count={data && t('list.systems', { n: data.page.total })} ready={!list.isPending}
			actions={may('agents') && <Link href="/agents/install" className="pf-v6-c-button pf-m-primary">{t('agents.install')}</Link>}>
			<div className="tk-toolbar">
				<ListSearch label={t('systems.search')} />
				{menus}
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
				<ViewMenu columns={columns} />
			</div>
			<Chips chips={chips} />
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('agents.computers')} columns={columns.shown} rows={data?.items} rowId={s => s.id} rowName={s => s.hostname}
					sort={url.get('sort') || 'hostname'} onSort={s => url.set({ sort: s, cursor: null })} stale={list.isPlaceholderData}
					onOpen={s => url.navigate(systemPath(s.id, 'agent'))}
					empty={chips.length > 0 || url.get('q')
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={() => url.navigate(url.path)} />
						: <Empty title={t('empty.systems')} why={t('empty.systemsWhy')} action={t('empty.toInstall')} to="/agents/install" />} />
			)}
			{retiring && (
				<Dialog tone="warning" title={t('agent.retireTitle', { name: retiring.hostname })} onClose={() => setRetiring(null)} footer={
					<>
						<Button variant="danger" onClick={() => {
							setRetiring(null);
							retire.mutate(retiring);
						}}>{t('agent.retireButton', { name: retiring.hostname })}</Button>
						<Button variant="link" data-first onClick={() => setRetiring(null)}>{t('action.cancel')}</Button>
					</>
				}>
					<p>{t('agent.retireText')}</p>
				</Dialog>
			)}
		</Page>
	);
}
