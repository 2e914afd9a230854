// SPDX-License-Identifier: Apache-2.0
// A filter written as rows or as text, with what it describes now beside it: for dynamic groups and for
// the targets of deployments.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, ApiError, take } from '../../api/client';
import { useFilterFields, useGroups } from '../../api/queries';
import { useI18n, type Key } from '../../i18n';
import { Button, Failure, FormSelect, FormSelectOption, Note, Technical, TextArea, TextInput } from '../../ui/basic';
import { useSettled } from '../../ui/useSettled';
import { criteriaOf, EMPTY, opsOf, textOf, type Criteria as Rows, type Field, type Op, type Row } from './filter';

function useFilterPreview(text: string) {
	const filter = useSettled(text.trim(), 300);
	return useQuery({
		enabled: filter !== '', queryKey: ['systems', 'filter', filter], placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => take(api.POST('/groups:preview', { body: { filter }, signal })),
	});
}

/** Where a filter is wrong and what may stand there. */
export function FilterProblem({ error }: { error: unknown }) {
	const { t } = useI18n();
	if (!(error instanceof ApiError) || error.code !== 'invalid_filter' || typeof error.params.position !== 'number')
		return <Failure error={error} />;
	const expected = Array.isArray(error.params.expected) ? error.params.expected as string[] : [];
	return (
		<Note tone="danger" title={t('criteria.wrongAt', { n: error.params.position })}>
			{expected.length > 0 && <p>{t('criteria.expected')} {expected.map(w => <code key={w} className="tk-tag">{w}</code>)}</p>}
			<Technical text={error.detail} />
		</Note>
	);
}

export function Found({ count, sample }: { count: number; sample: { id: string; hostname: string }[] }) {
	const { t } = useI18n();
	return (
		<p role="status">
			<strong>{t('criteria.count', { n: count })}</strong>
			{sample.length > 0 && <span className="tk-small"> {sample.map(s => s.hostname).join(', ')}{count > sample.length ? ' …' : ''}</span>}
		</p>
	);
}

export function Criteria({ id, value, onChange }: { id: string; value: string; onChange: (text: string) => void }) {
	const { t } = useI18n();
	const fields = useFilterFields();
	const preview = useFilterPreview(value);
	const [rows, setRows] = useState<Rows | null>(value ? null : EMPTY);
	/** What was there at the start is shown as rows when it has that form. */
	const [untouched, setUntouched] = useState(!!value);
	const asRows = preview.data && !preview.isPlaceholderData && !preview.error ? criteriaOf(preview.data.rows) : null;
	useEffect(() => {
		if (untouched && asRows) {
			setRows(asRows);
			setUntouched(false);
		}
	}, [untouched, asRows]);
	const put = (c: Rows) => {
		setRows(c);
		onChange(textOf(c));
	};
	return (
		<div className="tk-criteria" role="group" aria-label={t('criteria.title')}>
			{rows ? <RowsForm id={id} fields={fields.data?.items ?? []} value={rows} put={put} /> : (
				<>
					<label htmlFor={`${id}-text`}>{t('criteria.text')}</label>
					<TextArea id={`${id}-text`} value={value} rows={3} maxLength={4000} resizeOrientation="vertical" className="tk-mono" spellCheck={false}
						onChange={(_, v) => {
							setUntouched(false);
							onChange(v);
						}} />
					<p className="tk-small">{t('criteria.textHelp')} <code>os = debian and (health = highly_vulnerable or not last_contact &lt; 7d)</code></p>
				</>
			)}
			<div className="tk-row">
				{rows && <Button variant="link" size="sm" onClick={() => setRows(null)}>{t('criteria.toText')}</Button>}
				{!rows && <Button variant="link" size="sm" isDisabled={value.trim() !== '' && !asRows} onClick={() => setRows(asRows ?? EMPTY)}>{t('criteria.toRows')}</Button>}
				{!rows && value.trim() !== '' && preview.data && !asRows && !preview.error && <span className="tk-small">{t('criteria.onlyText')}</span>}
			</div>
			{rows && value.trim() !== '' && <p className="tk-small"><code>{value}</code></p>}
			{!!preview.error && <FilterProblem error={preview.error} />}
			{value.trim() !== '' && preview.data && !preview.error && <Found count={preview.data.count} sample={preview.data.sample} />}
		</div>
	);
}

function RowsForm({ id, fields, value, put }: { id: string; fields: Field[]; value: Rows; put: (c: Rows) => void }) {
	const { t } = useI18n();
	const set = (n: number, part: Partial<Row>) => put({ ...value, rows: value.rows.map((r, k) => k === n ? { ...r, ...part } : r) });
	return (
		<>
			<div className="tk-row">
				<label htmlFor={`${id}-join`}>{t('criteria.join')}</label>
				<FormSelect id={`${id}-join`} className="tk-criteria-op" value={value.join} onChange={(_, v) => put({ ...value, join: v as Rows['join'] })}>
					<FormSelectOption value="and" label={t('criteria.all')} />
					<FormSelectOption value="or" label={t('criteria.any')} />
				</FormSelect>
			</div>
			{value.rows.map((r, n) => (
				<RowForm key={n} n={n + 1} row={r} fields={fields} set={part => set(n, part)}
					drop={value.rows.length > 1 ? () => put({ ...value, rows: value.rows.filter((_, k) => k !== n) }) : undefined} />
			))}
			<div><Button variant="secondary" size="sm" isDisabled={value.rows.length >= 50} onClick={() => put({ ...value, rows: [...value.rows, { field: 'hostname', op: '=', value: '' }] })}>{t('criteria.add')}</Button></div>
		</>
	);
}

function RowForm({ n, row, fields, set, drop }: { n: number; row: Row; fields: Field[]; set: (part: Partial<Row>) => void; drop?: () => void }) {
	const { t, maybe } = useI18n();
	const field = fields.find(f => f.name === row.field);
	const type = field?.type;
	const choose = (name: string) => {
		const next = fields.find(f => f.name === name);
		set({ field: name, op: opsOf(next?.type)[0], value: next?.words[0] ?? '', version: undefined });
	};
	const chosen = type === 'package' ? (row.version === undefined ? row.op : `v${row.op}`) : row.op;
	const ops: [string, string][] = type === 'package'
		? [['=', t('criteria.installed')], ['!=', t('criteria.notInstalled')], ...(['<', '<=', '=', '!=', '>=', '>'] as Op[]).map(o => [`v${o}`, t('criteria.version', { op: o })] as [string, string])]
		: opsOf(type).map(o => [o, type === 'age' ? t(o.startsWith('>') ? 'criteria.longer' : 'criteria.within') + (o.endsWith('=') ? ' (=)' : '') : maybe(`filterOp.${o}`) ?? o]);
	return (
		<div className="tk-row" role="group" aria-label={t('criteria.row', { n })}>
			<FormSelect className="tk-criteria-field" aria-label={t('criteria.field')} value={row.field} onChange={(_, v) => choose(v)}>
				{fields.map(f => <FormSelectOption key={f.name} value={f.name} label={t(`filterField.${f.name}` as Key)} />)}
			</FormSelect>
			{type !== 'flag' && (
				<FormSelect className="tk-criteria-op" aria-label={t('criteria.op')} value={chosen}
					onChange={(_, v) => v.startsWith('v') ? set({ op: v.slice(1) as Op, version: row.version ?? '' }) : set({ op: v as Op, version: undefined })}>
					{ops.map(([o, label]) => <FormSelectOption key={o} value={o} label={label} />)}
				</FormSelect>
			)}
			<Value row={row} field={field} set={set} />
			{row.version !== undefined && <TextInput aria-label={t('criteria.versionValue')} placeholder="3.0.11-1" className="tk-criteria-field" value={row.version} maxLength={200} onChange={(_, v) => set({ version: v })} />}
			{drop && <Button variant="link" size="sm" aria-label={t('criteria.dropRow', { n })} onClick={drop}>{t('policy.drop')}</Button>}
		</div>
	);
}

const EXAMPLES: Partial<Record<Field['type'], string>> = { age: '7d', address: '10.0.0.0/24', text: 'web*', version: '12', number: '1', package: 'openssl' };

function Value({ row, field, set }: { row: Row; field: Field | undefined; set: (part: Partial<Row>) => void }) {
	const { t, word, maybe } = useI18n();
	const groups = useGroups({ limit: 200 }, field?.type === 'group');
	const label = t('criteria.value');
	if (field && field.words.length > 0)
		return (
			<FormSelect className="tk-criteria-field" aria-label={label} value={row.value} onChange={(_, v) => set({ value: v })}>
				{field.words.map(w => <FormSelectOption key={w} value={w} label={field.type === 'flag' ? t(w === 'yes' ? 'criteria.yes' : 'criteria.no') : word('health', w)} />)}
			</FormSelect>
		);
	if (field?.type === 'group') {
		const names = (groups.data?.items ?? []).map(g => g.name);
		return (
			<FormSelect className="tk-criteria-field" aria-label={label} value={row.value} onChange={(_, v) => set({ value: v })}>
				{!names.includes(row.value) && <FormSelectOption value={row.value} label={row.value || t('criteria.chooseGroup')} />}
				{names.map(g => <FormSelectOption key={g} value={g} label={g} />)}
			</FormSelect>
		);
	}
	return <TextInput aria-label={label} className="tk-criteria-value" value={row.value} maxLength={1000} placeholder={maybe(`filterExample.${field?.name}`) ?? (field && EXAMPLES[field.type])} onChange={(_, v) => set({ value: v })} />;
}
