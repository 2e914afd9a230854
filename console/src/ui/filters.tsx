// SPDX-License-Identifier: Apache-2.0
// Filters of a list, described once: the menu with counts, the chip, the query parameter.
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';
import { useI18n, type Key } from '../i18n';
import type { Chip } from './List';
import { FilterMenu } from './Menu';
import { GLYPH, type SeverityName } from './Severity';
import { useUrl } from './url';

export interface Filter {
	param: string;
	/** Facet of the reply; the parameter's own name when absent. */
	facet?: string;
	name: Key;
	/** Dictionary prefix of the values; without it the value is shown as it is. */
	words?: string;
	/** Values that are offered even when the reply counts none. */
	always?: readonly string[];
	single?: boolean;
}

export function useFilters(filters: Filter[], facets: Schemas['FacetCounts'] | undefined): { menus: ReactNode; chips: Chip[] } {
	const { t, word } = useI18n();
	const url = useUrl();
	const textOf = (f: Filter, v: string) => f.words ? word(f.words, v) : v;
	const menus = filters.map(f => {
		const chosen = url.list(f.param);
		const counted = facets?.[f.facet ?? f.param] ?? [];
		const values = [...new Set([...(f.always ?? []), ...counted.map(c => c.value), ...chosen])].filter(v => v !== '');
		return (
			<FilterMenu key={f.param} name={t(f.name)} chosen={chosen}
				choices={values.map(v => ({
					value: v, text: textOf(f, v), count: facets?.[f.facet ?? f.param] ? counted.find(c => c.value === v)?.count ?? 0 : undefined,
					label: f.words === 'severity' && v in GLYPH
						? <><span aria-hidden="true" className={`tk-glyph tk-sevtext-${v}`}>{GLYPH[v as SeverityName]}</span> {textOf(f, v)}</> : textOf(f, v),
				}))}
				onChange={v => url.set({ [f.param]: f.single ? v.slice(-1) : v, cursor: null })} />
		);
	});
	const chips = filters.flatMap(f => url.list(f.param).map(v => ({ param: f.param, value: v, name: t(f.name), text: textOf(f, v) })));
	return { menus, chips };
}

/** Limit, cursor, sort, text and filters from the query string, in the shape the API takes. */
export function useListQuery(filters: Filter[], sort?: string): Record<string, unknown> {
	const url = useUrl();
	const q: Record<string, unknown> = {};
	const limit = Number(url.get('limit') || 50);
	q.limit = Math.min(200, Math.max(1, Number.isFinite(limit) ? limit : 50));
	if (url.get('cursor'))
		q.cursor = url.get('cursor');
	if (url.get('sort') || sort)
		q.sort = url.get('sort') || sort;
	if (url.get('q'))
		q.q = url.get('q');
	for (const f of filters) {
		const values = url.list(f.param);
		if (values.length > 0)
			q[f.param] = f.single ? values[0] : values;
	}
	return q;
}

/** The same filters as the text map a Selection takes. */
export function selectionFilter(query: Record<string, unknown>): Record<string, string> {
	const out: Record<string, string> = {};
	for (const [k, v] of Object.entries(query))
		if (!['limit', 'cursor', 'sort', 'facets'].includes(k) && v !== undefined)
			out[k] = Array.isArray(v) ? v.join(',') : String(v);
	return out;
}
