// SPDX-License-Identifier: Apache-2.0
// A list as every page shows it: search, filters, pager and columns; chips; what can be done with the
// chosen rows; the failure or the table; why it is empty. What a page gives is what is its own.
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { useI18n } from '../i18n';
import { Empty, Failure } from './basic';
import { DataTable, type Column } from './DataTable';
import { Chips, ListSearch, Pager, SelectionBar, ViewMenu, type Chip, type useColumns, type useSelection } from './List';
import { useUrl } from './url';

export interface ListData<R> {
	items: R[];
	page?: Schemas['Page'];
}
export interface ListQuery<R> {
	data: ListData<R> | undefined;
	error: unknown;
	isPlaceholderData: boolean;
	refetch: () => unknown;
}

export function ListView<R>(p: {
	label: string;
	/** Label of the search field; absent = the list has none. */
	search?: string;
	list: ListQuery<R>;
	/** From useColumns(), or a table of few columns that are always shown. */
	columns: ReturnType<typeof useColumns<R>> | Column<R>[];
	menus?: ReactNode;
	chips?: Chip[];
	/** Right of the filters. */
	tools?: ReactNode;
	rowId: (r: R) => string;
	rowName: (r: R) => string;
	/** How it is sorted when the address does not say; absent = by the server's own order. */
	sort?: string;
	onOpen?: (r: R) => void;
	onExplain?: (r: R) => void;
	rowClass?: (r: R) => string | undefined;
	/** Chosen rows and what can be done with them; `many` = everything that matches can be chosen. */
	chosen?: { sel: ReturnType<typeof useSelection<R>>; actions: ReactNode; many?: boolean };
	/** What leads out of nothing matching; by default all filters go. */
	onClear?: () => void;
	/** No row is reached by keys: the page has another table that is. */
	keyboard?: false;
	empty: ReactNode;
}) {
	const { t } = useI18n();
	const url = useUrl();
	const { data, error } = p.list;
	const chips = p.chips ?? [];
	const sel = p.chosen?.sel;
	const total = data?.page?.total ?? data?.items.length ?? 0;
	const narrowed = chips.length > 0 || (p.search !== undefined && url.get('q') !== '');
	return (
		<>
			<div className="tk-toolbar">
				{p.search !== undefined && <ListSearch label={p.search} />}
				{p.menus}
				<span className="tk-grow-space" />
				{p.tools}
				<div className="tk-toolbar-end">
					<Pager page={data?.page} shown={data?.items.length ?? 0} />
					{!Array.isArray(p.columns) && <ViewMenu columns={p.columns} />}
				</div>
			</div>
			<Chips chips={chips} />
			{sel && (
				<SelectionBar count={sel.count(total)} total={total} all={sel.all}
					pageFull={!!p.chosen?.many && !!data && data.items.length > 0 && data.items.every(r => sel.selection.has(p.rowId(r)))}
					onAll={sel.selectAll} onClear={sel.clear}>
					{p.chosen?.actions}
				</SelectionBar>
			)}
			{!!error && <Failure error={error} retry={() => void p.list.refetch()} asOf={data?.page?.as_of} />}
			{!(error && !data) && (
				<DataTable label={p.label} columns={Array.isArray(p.columns) ? p.columns : p.columns.shown} keyboard={p.keyboard} rows={data?.items} rowId={p.rowId} rowName={p.rowName}
					sort={p.sort === undefined ? undefined : (url.get('sort') || p.sort).split(',')[0]}
					onSort={p.sort === undefined ? undefined : s => url.set({ sort: s, cursor: null })}
					selection={sel?.selection} stale={p.list.isPlaceholderData} onOpen={p.onOpen} onExplain={p.onExplain} rowClass={p.rowClass}
					empty={narrowed
						? <Empty title={t('empty.noMatch')} why={t('empty.noMatchWhy')} action={t('filter.clear')} onAction={p.onClear ?? (() => url.navigate(url.path))} />
						: p.empty} />
			)}
		</>
	);
}
