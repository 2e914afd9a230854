// SPDX-License-Identifier: Apache-2.0
// What became of patches on a system, or of a patch on systems: the same table, newest first.
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { usePatchHistory, useSystemHistory } from '../../api/queries';
import { deploymentPath, patchPath, systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { useListQuery } from '../../ui/filters';
import { Pager } from '../../ui/List';
import { Severity } from '../../ui/Severity';
import { Time } from '../../ui/Time';

type Item = Schemas['HistoryItem'];

export function SystemHistory({ id }: { id: string }) {
	return <History query={useSystemHistory(id, useListQuery([]))} of="system" />;
}

export function PatchHistory({ id }: { id: string }) {
	return <History query={usePatchHistory(id, useListQuery([]))} of="patch" />;
}

function History({ query, of }: { query: UseQueryResult<Schemas['History']>; of: 'system' | 'patch' }) {
	const { t, word } = useI18n();
	const data = query.data;
	const none = <span className="tk-none">–</span>;
	const subject: Column<Item>[] = of === 'system'
		? [
			{ id: 'patch', header: t('patch.id'), words: true, cell: x => <Link href={patchPath(x.patch.id)} className="tk-mono">{x.patch.id}</Link> },
			{ id: 'severity', header: t('patch.severity'), cell: x => x.patch.severity ? <Severity value={x.patch.severity} /> : none },
			{ id: 'title', header: t('patch.description'), grow: true, title: x => x.patch.title ?? '', cell: x => x.patch.title ?? none },
		]
		: [
			{
				id: 'system', header: t('history.system'), grow: true, cell: x => x.system
					? <Link href={systemPath(x.system.id)}>{x.system.hostname ?? x.system.id}</Link>
					: x.systems ? t('history.systems', { n: x.systems }) : none,
			},
		];
	return (
		<>
			<div className="tk-toolbar">
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
			</div>
			{query.error && <Failure error={query.error} retry={() => void query.refetch()} asOf={data?.page.as_of} />}
			{!(query.error && !data) && (
				<DataTable label={t('history.title')} keyboard={false} rows={data?.items.map((x, i) => ({ ...x, key: String(i) }))} rowId={x => x.key}
					rowName={x => x.patch.id} stale={query.isPlaceholderData}
					columns={[
						{ id: 'at', header: t('history.at'), cell: x => <Time at={x.at} /> },
						{ id: 'event', header: t('history.event'), cell: x => word('historyEvent', x.event) },
						...subject,
						{ id: 'deployment', header: t('history.deployment'), cell: x => x.deployment ? <Link href={deploymentPath(x.deployment)}>{t('history.open')}</Link> : none },
					]}
					empty={<Empty title={t('empty.history')} why={t('empty.historyWhy')} />} />
			)}
		</>
	);
}
