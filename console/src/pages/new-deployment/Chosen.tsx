// SPDX-License-Identifier: Apache-2.0
// What a deployment is made of: chosen patches and chosen targets, each editable with a picker; either
// may be left open, then the other decides.
import { useEffect, useState } from 'react';
import { usePatchesById, useSystemsById, type Patch, type Selection, type System } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { patchColumns } from '../patches/columns';
import { systemColumns } from '../systems/columns';
import { PatchPicker, SystemPicker } from './Picker';

const PATCH_COLUMNS = ['id', 'title', 'severity', 'type', 'missing', 'reboot', 'size'];
const SYSTEM_COLUMNS = ['hostname', 'os', 'health', 'missing', 'office', 'online', 'contact'];
/** More ids than this are not fetched one by one; the count stands for them. */
const SHOWN = 50;

interface Props<R> {
	selection: Selection | undefined;
	rows: R[];
	count: number | undefined;
	onChange: (s: Selection | undefined, rows: R[]) => void;
}

export function ChosenPatches({ selection, rows, count, byTargets, onChange }: Props<Patch> & { byTargets: boolean }) {
	const i = useI18n();
	const { t } = i;
	const [picking, setPicking] = useState(false);
	const unknown = (selection?.ids ?? []).filter(id => !rows.some(r => r.id === id)).slice(0, SHOWN);
	const fetched = usePatchesById(unknown);
	const found = fetched.flatMap(q => q.data ? [q.data as Patch] : []);
	useEffect(() => {
		if (found.length > 0 && found.length === unknown.length)
			onChange(selection, [...rows, ...found]);
	}, [found.length]);
	const put = (list: Patch[]) => onChange(list.length ? { ids: list.map(p => p.id) } : undefined, list);
	return (
		<>
			{!selection && <p>{t(byTargets ? 'deploy.allMissing' : 'deploy.nothingChosen')}</p>}
			{selection && !selection.ids && <p>{t('deploy.byFilter', { n: count ?? selection.expected_count ?? 0 })}{describe(selection)}</p>}
			{selection?.ids && (
				<DataTable label={t('deploy.section.patches')} keyboard={false} rows={rows.slice(0, 200)} rowId={p => p.id} rowName={p => p.id} empty={null}
					columns={[...patchColumns<Patch>(i).filter(c => PATCH_COLUMNS.includes(c.id)).map(c => ({ ...c, sort: undefined })), {
						id: 'remove', header: t('deploy.action'),
						cell: p => <button type="button" className="tk-link" aria-label={t('deploy.removeItem', { name: p.id })} onClick={() => put(rows.filter(r => r.id !== p.id))}>{t('deploy.remove')}</button>,
					}]} />
			)}
			<div className="tk-row">
				{(!selection || selection.ids) && <Button variant="secondary" size="sm" onClick={() => setPicking(true)}>{t('deploy.addPatches')}</Button>}
				{selection && <Button variant="link" size="sm" onClick={() => onChange(undefined, [])}>{t(byTargets ? 'deploy.useAllMissing' : 'deploy.clear')}</Button>}
			</div>
			{picking && (
				<PatchPicker onClose={() => setPicking(false)} onAdd={add => {
					setPicking(false);
					put([...rows, ...add.filter(a => !rows.some(r => r.id === a.id))]);
				}} />
			)}
		</>
	);
}

export function ChosenSystems({ selection, rows, count, byPatches, onChange }: Props<System> & { byPatches: boolean }) {
	const i = useI18n();
	const { t } = i;
	const [picking, setPicking] = useState(false);
	const unknown = (selection?.ids ?? []).filter(id => !rows.some(r => r.id === id)).slice(0, SHOWN);
	const fetched = useSystemsById(unknown);
	const found = fetched.flatMap(q => q.data ? [q.data as System] : []);
	useEffect(() => {
		if (found.length > 0 && found.length === unknown.length)
			onChange(selection, [...rows, ...found]);
	}, [found.length]);
	const put = (list: System[]) => onChange(list.length ? { ids: list.map(s => s.id) } : undefined, list);
	return (
		<>
			{!selection && <p>{t(byPatches ? 'deploy.allLacking' : 'deploy.nothingChosen')}</p>}
			{selection && !selection.ids && <p>{t('deploy.systemsByFilter', { n: count ?? selection.expected_count ?? 0 })}{describe(selection)}</p>}
			{selection?.ids && (
				<DataTable label={t('deploy.section.targets')} keyboard={false} rows={rows.slice(0, 200)} rowId={s => s.id} rowName={s => s.hostname} empty={null}
					columns={[...systemColumns(i).filter(c => SYSTEM_COLUMNS.includes(c.id)).map(c => ({ ...c, sort: undefined })), {
						id: 'remove', header: t('deploy.action'),
						cell: s => <button type="button" className="tk-link" aria-label={t('deploy.removeItem', { name: s.hostname })} onClick={() => put(rows.filter(r => r.id !== s.id))}>{t('deploy.remove')}</button>,
					}]} />
			)}
			<div className="tk-row">
				{(!selection || selection.ids) && <Button variant="secondary" size="sm" onClick={() => setPicking(true)}>{t('deploy.addSystems')}</Button>}
				{selection && <Button variant="link" size="sm" onClick={() => onChange(undefined, [])}>{t(byPatches ? 'deploy.useAllLacking' : 'deploy.clear')}</Button>}
			</div>
			{picking && (
				<SystemPicker onClose={() => setPicking(false)} onAdd={add => {
					setPicking(false);
					put([...rows, ...add.filter(a => !rows.some(r => r.id === a.id))]);
				}} />
			)}
		</>
	);
}

/** The filter of a selection, as it was in the list's address. */
function describe(s: Selection) {
	const parts = Object.entries(s.filter ?? {}).map(([k, v]) => `${k}=${v}`);
	return parts.length ? <> <code>{parts.join(' ')}</code></> : null;
}
