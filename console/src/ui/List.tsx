// SPDX-License-Identifier: Apache-2.0
// What stands around a table: search, filters as chips, columns, selection bar, pager; and the hooks
// that keep all of it in the query string.
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Schemas } from '../api/client';
import type { Selection as WireSelection } from '../api/queries';
import { useI18n } from '../i18n';
import { Button } from './basic';
import type { Column, Selection } from './DataTable';
import { AngleLeftIcon, AngleRightIcon, CloseIcon, ColumnsIcon, SearchIcon } from './Icon';
import { useKeys } from './keys';
import { Popup } from './Menu';
import { useStored } from './store';
import { useUrl } from './url';

/** The search field of a list; "/" belongs to the search of the whole product, "f" comes here. */
export function ListSearch({ label, param = 'q' }: { label: string; param?: string }) {
	const url = useUrl();
	const value = url.get(param);
	const [text, setText] = useState(value);
	const input = useRef<HTMLInputElement>(null);
	const sent = useRef(value);
	useEffect(() => {
		if (value !== sent.current) {
			sent.current = value;
			setText(value);
		}
	}, [value]);
	useEffect(() => {
		const next = text.trim();
		if (next === sent.current)
			return;
		const timer = setTimeout(() => {
			sent.current = next;
			url.set({ [param]: next, cursor: null }, { replace: true });
		}, 250);
		return () => clearTimeout(timer);
	}, [text, param, url]);
	useKeys({
		f: e => {
			e.preventDefault();
			input.current?.focus();
		},
	});
	return (
		<div className="tk-search">
			<SearchIcon className="tk-search-icon" />
			<input ref={input} type="search" className="tk-input" aria-label={label} placeholder={label} value={text} maxLength={200}
				onChange={e => setText(e.target.value)} />
		</div>
	);
}

export interface Chip {
	param: string;
	value: string;
	name: string;
	text: string;
}
/** The filters in force, each removable. */
export function Chips({ chips }: { chips: Chip[] }) {
	const { t } = useI18n();
	const url = useUrl();
	if (chips.length === 0)
		return null;
	return (
		<div className="tk-chips" role="group" aria-label={t('filter.active')}>
			{chips.map(c => (
				<span key={`${c.param} ${c.value}`} className="tk-chip">
					<span className="tk-chip-name">{c.name}</span>{c.text}
					<button type="button" aria-label={t('filter.remove', { name: c.name, value: c.text })} title={t('filter.remove', { name: c.name, value: c.text })}
						onClick={() => url.set({ [c.param]: url.list(c.param).filter(v => v !== c.value), cursor: null })}>
						<CloseIcon />
					</button>
				</span>
			))}
			<Button variant="link" isInline onClick={() => url.set({ ...Object.fromEntries(chips.map(c => [c.param, null])), cursor: null })}>{t('filter.clear')}</Button>
		</div>
	);
}

/** Which columns are shown, remembered by this browser. */
export function useColumns<R>(list: string, columns: Column<R>[], hiddenAtFirst: string[]) {
	const [hidden, setHidden] = useStored<string[]>(`tk.columns.${list}`, hiddenAtFirst);
	// What a person has switched on stays, however narrow the window.
	const shown = useMemo(() => columns.map(c => ({ ...c, hidden: !c.fixed && hidden.includes(c.id), drop: hiddenAtFirst.includes(c.id) ? undefined : c.drop })), [columns, hidden, hiddenAtFirst]);
	return { shown, hidden, setHidden, reset: () => setHidden(hiddenAtFirst) };
}

export function ViewMenu<R>({ columns }: { columns: { shown: Column<R>[]; hidden: string[]; setHidden: (h: string[]) => void; reset: () => void } }) {
	const { t } = useI18n();
	const [density, setDensity] = useState(document.documentElement.dataset.density ?? 'compact');
	const choose = (d: string) => {
		document.documentElement.dataset.density = d;
		setDensity(d);
		try {
			localStorage.setItem('tk.density', d);
		} catch {
			return;
		}
	};
	return (
		<Popup label={t('list.view')} button={<ColumnsIcon />} align="right">
			{() => (
				<>
					<fieldset className="tk-choices">
						<legend>{t('list.columns')}</legend>
						{columns.shown.filter(c => !c.fixed).map(c => (
							<label key={c.id}>
								<input type="checkbox" checked={!c.hidden}
									onChange={e => columns.setHidden(e.target.checked ? columns.hidden.filter(h => h !== c.id) : [...columns.hidden, c.id])} />
								<span className="tk-choice-text">{c.header}</span>
							</label>
						))}
					</fieldset>
					<fieldset className="tk-choices">
						<legend>{t('list.density')}</legend>
						{['compact', 'comfortable'].map(d => (
							<label key={d}>
								<input type="radio" name="tk-density" checked={density === d} onChange={() => choose(d)} />
								<span className="tk-choice-text">{t(d === 'compact' ? 'list.compact' : 'list.comfortable')}</span>
							</label>
						))}
					</fieldset>
					<Button variant="link" isInline onClick={columns.reset}>{t('list.resetColumns')}</Button>
				</>
			)}
		</Popup>
	);
}

/** "1–50 / 1,234" is impossible with cursors alone; the count of this page and of all is said instead. */
export function Pager({ page, shown }: { page: Schemas['Page'] | undefined; shown: number }) {
	const { t, number } = useI18n();
	const url = useUrl();
	const limit = url.get('limit') || '50';
	if (!page)
		return null;
	const go = (cursor: string | null) => {
		url.set({ cursor });
		document.querySelector('.tk-main')?.scrollTo(0, 0);
	};
	return (
		<nav className="tk-pager" aria-label={t('pager.label')}>
			<span>{t('pager.shown', { shown, total: number(page.total) + (page.total_is_exact ? '' : '+') })}</span>
			<label>
				{t('pager.perPage')}{' '}
				<select className="tk-select" value={limit} onChange={e => url.set({ limit: e.target.value === '50' ? null : e.target.value, cursor: null })}>
					{['25', '50', '100', '200'].map(n => <option key={n}>{n}</option>)}
				</select>
			</label>
			<button type="button" className="tk-icon-button" aria-label={t('pager.prev')} title={t('pager.prev')} disabled={!page.prev_cursor} onClick={() => go(page.prev_cursor)}><AngleLeftIcon /></button>
			<button type="button" className="tk-icon-button" aria-label={t('pager.next')} title={t('pager.next')} disabled={!page.next_cursor} onClick={() => go(page.next_cursor)}><AngleRightIcon /></button>
		</nav>
	);
}

/** Rows chosen by hand (kept across pages), or everything that matches the filter minus exceptions. */
export function useSelection<R>(rows: R[] | undefined, rowId: (r: R) => string, resetKey: string) {
	const [picked, setPicked] = useState<Map<string, R>>(new Map());
	const [all, setAll] = useState(false);
	const [except, setExcept] = useState<Set<string>>(new Set());
	const clear = () => {
		setPicked(new Map());
		setAll(false);
		setExcept(new Set());
	};
	const lastKey = useRef(resetKey);
	useEffect(() => {
		if (lastKey.current !== resetKey) {
			lastKey.current = resetKey;
			clear();
		}
	}, [resetKey]);
	const byId = (id: string) => rows?.find(r => rowId(r) === id);
	const put = (ids: string[], on: boolean) => {
		if (all) {
			const next = new Set(except);
			ids.forEach(id => on ? next.delete(id) : next.add(id));
			setExcept(next);
			return;
		}
		const next = new Map(picked);
		for (const id of ids) {
			const row = byId(id);
			if (!on)
				next.delete(id);
			else if (row !== undefined)
				next.set(id, row);
		}
		setPicked(next);
	};
	const selection: Selection = {
		has: id => all ? !except.has(id) : picked.has(id),
		toggle: id => put([id], !(all ? !except.has(id) : picked.has(id))),
		setPage: put,
	};
	return {
		selection, all, clear, selectAll: () => setAll(true), rows: [...picked.values()],
		count: (total: number) => all ? Math.max(0, total - except.size) : picked.size,
		wire: (filter: Record<string, string>, total: number): WireSelection => all
			? { filter, exclude: except.size ? [...except] : undefined, expected_count: Math.max(0, total - except.size) }
			: { ids: [...picked.keys()] },
	};
}

export function SelectionBar({ count, total, all, pageFull, onAll, onClear, children }: {
	count: number; total: number; all: boolean; pageFull: boolean; onAll: () => void; onClear: () => void; children: ReactNode;
}) {
	const { t } = useI18n();
	if (count === 0)
		return null;
	return (
		<div className="tk-selbar" role="region" aria-label={t('list.selection')}>
			<strong role="status">{t('list.selected', { n: count })}</strong>
			{!all && pageFull && total > count && <Button variant="link" isInline onClick={onAll}>{t('list.selectAll', { n: total })}</Button>}
			<Button variant="link" isInline onClick={onClear}>{t('list.clearSelection')}</Button>
			<span className="tk-grow-space" />
			{children}
		</div>
	);
}
