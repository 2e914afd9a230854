// SPDX-License-Identifier: Apache-2.0
// The one table: a plain <table> of at most a page of rows, which fits its width (useFit.ts). Sorting by
// header button, selection by checkbox, whole headers, keyboard j/k/x/Enter/e. A click on a row does
// nothing; links do.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { useKeys } from './keys';
import { useDelayed } from './useDelayed';
import { fitClass, useFit } from './useFit';

export interface Column<R> {
	id: string;
	header: string;
	cell: (row: R) => ReactNode;
	/** Name the server sorts by; absent = not sortable. */
	sort?: string;
	numeric?: boolean;
	/** Takes the width that is left and ends in "…". */
	grow?: boolean;
	/** A name or other words of any length: wraps where room is short. */
	words?: boolean;
	/** Where room is short the column with the highest number goes first; absent = it stays. */
	drop?: number;
	/** Full text for the tooltip of a growing cell. */
	title?: (row: R) => string;
	hidden?: boolean;
	/** Cannot be switched off. */
	fixed?: boolean;
}

export interface Selection {
	has: (id: string) => boolean;
	toggle: (id: string) => void;
	setPage: (ids: string[], on: boolean) => void;
}

interface Props<R> {
	label: string;
	columns: Column<R>[];
	/** undefined = loading. */
	rows: R[] | undefined;
	rowId: (row: R) => string;
	/** What a row is called, for its checkbox. */
	rowName: (row: R) => string;
	sort?: string;
	onSort?: (sort: string) => void;
	selection?: Selection;
	onOpen?: (row: R) => void;
	onExplain?: (row: R) => void;
	empty: ReactNode;
	rowClass?: (row: R) => string | undefined;
	stale?: boolean;
	keyboard?: boolean;
}

export function DataTable<R>(p: Props<R>) {
	const { t, lang, list } = useI18n();
	const wrap = useRef<HTMLDivElement>(null);
	const body = useRef<HTMLTableSectionElement>(null);
	const [active, setActive] = useState(-1);
	const skeleton = useDelayed(p.rows === undefined, 300);
	const columns = p.columns.filter(c => !c.hidden);
	const rows = p.rows ?? [];
	const ids = rows.map(p.rowId);
	const fit = useFit(wrap, columns, [p.rows, lang, !!p.selection]);
	const gone = columns.filter(c => fit.dropped.includes(c.id));
	const cellClass = (c: Column<R>) => [c.numeric ? 'tk-num' : '', c.grow ? 'tk-grow' : '', c.words ? 'tk-words' : '', gone.includes(c) ? 'tk-gone' : ''].filter(Boolean).join(' ') || undefined;
	const chosen = p.selection ? ids.filter(id => p.selection!.has(id)).length : 0;

	useEffect(() => {
		if (active >= rows.length)
			setActive(-1);
	}, [active, rows.length]);
	const move = (by: number) => {
		if (rows.length === 0)
			return;
		const focused = body.current ? [...body.current.rows].findIndex(r => r.contains(document.activeElement)) : -1;
		const from = focused >= 0 ? focused : active;
		const next = Math.min(rows.length - 1, Math.max(0, from + by));
		setActive(next);
		body.current?.rows[next]?.focus();
	};
	const onActive = (fn: ((row: R) => void) | undefined) => (e: KeyboardEvent) => {
		const target = e.target as HTMLElement;
		if (e.key === 'Enter' && target.closest('a,button,input'))
			return;
		const row = rows[active];
		if (row && fn) {
			e.preventDefault();
			fn(row);
		}
	};
	useKeys({
		j: () => move(1), k: () => move(-1),
		x: onActive(p.selection && (r => p.selection!.toggle(p.rowId(r)))),
		Enter: onActive(p.onOpen), e: onActive(p.onExplain),
	}, p.keyboard !== false);

	const header = (c: Column<R>) => {
		const asc = p.sort === c.sort, desc = p.sort === `-${c.sort}`;
		const ariaSort = !c.sort ? undefined : asc ? 'ascending' as const : desc ? 'descending' as const : 'none' as const;
		return (
			<th key={c.id} scope="col" data-column={c.id} aria-sort={ariaSort} className={cellClass(c)}>
				{c.sort && p.onSort
					? (
						<button type="button" className="tk-th" onClick={() => p.onSort!(desc || (!asc && !c.numeric) ? c.sort! : `-${c.sort}`)}>
							{c.header}
							<span aria-hidden="true" className="tk-sort">{asc ? '▲' : desc ? '▼' : ''}</span>
						</button>
					)
					: c.header}
			</th>
		);
	};

	return (
		<div ref={wrap} className={`tk-tablewrap ${fitClass(fit)} ${p.stale ? 'tk-stale' : ''}`.trim()} tabIndex={-1}>
			<table className="tk-table" aria-label={p.label} aria-busy={p.rows === undefined}>
				<thead>
					<tr>
						{p.selection && (
							<th scope="col" className="tk-check">
								<input type="checkbox" aria-label={t('table.selectPage')} checked={rows.length > 0 && chosen === rows.length}
									ref={el => {
										if (el)
											el.indeterminate = chosen > 0 && chosen < rows.length;
									}}
									disabled={rows.length === 0} onChange={e => p.selection!.setPage(ids, e.target.checked)} />
							</th>
						)}
						{columns.map(header)}
					</tr>
				</thead>
				<tbody ref={body}>
					{rows.map((row, n) => {
						const id = ids[n]!;
						const on = p.selection?.has(id) ?? false;
						return (
							<tr key={id} tabIndex={-1} aria-selected={p.selection ? on : undefined} onFocus={() => setActive(n)}
								className={[on ? 'tk-on' : '', p.rowClass?.(row) ?? ''].join(' ').trim() || undefined}>
								{p.selection && (
									<td className="tk-check">
										<input type="checkbox" checked={on} aria-label={t('table.selectRow', { name: p.rowName(row) })}
											onChange={() => p.selection!.toggle(id)} />
									</td>
								)}
								{columns.map(c => <td key={c.id} className={cellClass(c)} title={c.title?.(row)}>{c.cell(row)}</td>)}
							</tr>
						);
					})}
					{p.rows === undefined && skeleton && [0, 1, 2, 3, 4, 5].map(n => (
						<tr key={n} aria-hidden="true">
							{p.selection && <td className="tk-check" />}
							{columns.map(c => <td key={c.id} className={cellClass(c)}><span className="tk-skeleton" /></td>)}
						</tr>
					))}
				</tbody>
			</table>
			{p.rows === undefined && skeleton && <p className="tk-sr" role="status">{t('state.loading')}</p>}
			{p.rows !== undefined && rows.length === 0 && <div className="tk-empty-row">{p.empty}</div>}
			{gone.length > 0 && rows.length > 0 && <p className="tk-small tk-gone-note">{t('table.gone', { n: gone.length, names: list(gone.map(c => c.header)) })}</p>}
		</div>
	);
}
