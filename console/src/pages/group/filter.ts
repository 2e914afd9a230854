// SPDX-License-Identifier: Apache-2.0
// Conditions as rows of a form, and the filter's text made of them. The other way round only the
// server reads filters.
import type { Schemas } from '../../api/client';

export type Field = Schemas['FilterFieldList']['items'][number];
export type Rows = Schemas['FilterRows'];
export type Op = Rows['items'][number]['op'];
export interface Row {
	field: string;
	op: Op;
	/** Several with commas between. */
	value: string;
	/** Of a package; absent = it is installed or not, in any version. */
	version?: string;
}
export interface Criteria {
	join: Rows['join'];
	rows: Row[];
}
const ORDER: Op[] = ['<', '<=', '>', '>='];
export const EMPTY: Criteria = { join: 'and', rows: [{ field: 'os', op: '=', value: '' }] };

export function opsOf(type: Field['type'] | undefined): Op[] {
	switch (type) {
		case 'version': case 'number': return ['=', '!=', ...ORDER];
		case 'age': return ['>', '<', '>=', '<='];
		case 'flag': return ['='];
		default: return ['=', '!='];
	}
}

function quoted(s: string): string {
	return /^[A-Za-z0-9_.:/+~*?@%-]+$/.test(s) && !/^(and|or|not|in)$/.test(s) ? s : `"${s.replace(/["\\]/g, c => `\\${c}`)}"`;
}

function rowText(r: Row): string {
	const values = r.value.split(',').map(v => v.trim()).filter(v => v !== '');
	if (values.length === 0)
		return '';
	if (r.version !== undefined)
		return r.version.trim() ? `${r.field} ${quoted(values[0] ?? '')} ${r.op} ${quoted(r.version.trim())}` : '';
	if (values.length === 1)
		return `${r.field} ${r.op} ${quoted(values[0] ?? '')}`;
	return `${r.field} ${r.op === '!=' ? 'not in' : 'in'} (${values.map(quoted).join(', ')})`;
}

/** Rows that are not filled in yet say nothing. */
export function textOf(c: Criteria): string {
	return c.rows.map(rowText).filter(Boolean).join(` ${c.join} `);
}

/** Null when the form has no room for it. */
export function criteriaOf(rows: Rows | null): Criteria | null {
	if (!rows || rows.items.some(r => r.values.some(v => v.includes(',') || v === '')))
		return null;
	return { join: rows.join, rows: rows.items.map(r => ({ field: r.field, op: r.op, value: r.values.join(', '), version: r.version ?? undefined })) };
}
