// SPDX-License-Identifier: Apache-2.0
// System scan: what each system's last scan said; scan some or all.
import { useState } from 'react';
import { Link } from 'wouter';
import { useDashboard, useSystems, type System, type SystemQuery } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty } from '../../ui/basic';
import type { Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { selectionFilter, useFilters, useListQuery, type Filter } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useUrl } from '../../ui/url';
import { Online } from '../systems/columns';
import { useScan } from './useScan';

const FILTERS: Filter[] = [
	{ param: 'scan', name: 'system.scanStatus', words: 'scan', always: ['never', 'requested', 'ok', 'failed'] },
	{ param: 'online', name: 'system.connection', words: 'online', always: ['true', 'false'], single: true },
	{ param: 'os', name: 'system.os' },
	{ param: 'stale', name: 'system.stale', words: 'yesno', single: true, always: ['true'] },
];

export default function Scan() {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const { may } = useSession();
	const base = useListQuery(FILTERS, '-last_scan');
	const list = useSystems({ ...base, facets: ['scan', 'online', 'os'] } as SystemQuery);
	const dashboard = useDashboard();
	const scan = useScan();
	const [askAll, setAskAll] = useState(false);
	const data = list.data;
	const filter = selectionFilter(base);
	const sel = useSelection(data?.items, s => s.id, JSON.stringify(filter));
	const { menus, chips } = useFilters(FILTERS, data?.facets);
	const total = data?.page.total ?? 0;
	const all = dashboard.data?.systems;
	const columns = useColumns<System>('scan', [
		{ id: 'hostname', header: t('system.name'), words: true, fixed: true, sort: 'hostname', cell: s => <Link href={systemPath(s.id)}>{s.hostname}</Link> },
		{ id: 'status', header: t('scan.lastStatus'), cell: s => <span className={`tk-state tk-state-${s.scan_status}`}>{t(`scan.${s.scan_status}`)}</span> },
		{ id: 'last', header: t('scan.last'), sort: 'last_scan', cell: s => <Time at={s.last_scan} none={t('scan.never')} /> },
		{ id: 'error', header: t('scan.error'), grow: true, title: s => s.scan_error ?? '', cell: s => s.scan_error ? <span className="tk-danger-text" lang="en">{s.scan_error}</span> : <span className="tk-none">–</span> },
		{ id: 'online', drop: 2, header: t('system.connection'), cell: s => <Online on={s.online} i={i} /> },
		{ id: 'contact', drop: 1, header: t('system.lastContact'), sort: 'last_contact', cell: s => <Time at={s.last_contact} relative /> },
		{ id: 'os', drop: 3, header: t('system.os'), words: true, sort: 'os', cell: s => s.os_name },
		{ id: 'agent', header: t('system.agent'), sort: 'agent_version', cell: s => s.agent_version },
	] satisfies Column<System>[], ['agent']);

	return (
		<Page title={t('systems.scan')} count={data && t('list.systems', { n: total })} ready={!list.isPending}
			sub={<p className="tk-lead">{t('scan.lead')}</p>}
			actions={may('scan') && <Button variant="primary" isDisabled={!all || all.total === 0} onClick={() => setAskAll(true)}>{t('scan.all')}</Button>}>
			<ListView label={t('systems.scan')} search={t('systems.search')} list={list} columns={columns} menus={menus} chips={chips}
				rowId={s => s.id} rowName={s => s.hostname} sort="-last_scan" onOpen={s => url.navigate(systemPath(s.id))}
				chosen={may('scan') ? { sel, many: true, actions: <Button variant="primary" size="sm" isDisabled={scan.isPending} onClick={() => scan.mutate(sel.wire(filter, total))}>{t('scan.now')}</Button> } : undefined}
				empty={<Empty title={t('empty.systems')} why={t('empty.systemsWhy')} action={t('empty.toInstall')} to="/agents/install" />} />
			{askAll && all && (
				<Dialog title={t('scan.all')} onClose={() => setAskAll(false)} footer={
					<>
						<Button variant="primary" onClick={() => {
							setAskAll(false);
							scan.mutate({ all: true });
						}}>{t('scan.allButton', { n: all.total })}</Button>
						<Button variant="link" data-first onClick={() => setAskAll(false)}>{t('action.cancel')}</Button>
					</>
				}>
					<p>{t('scan.allText', { n: all.total, online: all.online })}</p>
				</Dialog>
			)}
		</Page>
	);
}
