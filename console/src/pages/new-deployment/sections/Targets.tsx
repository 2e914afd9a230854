// SPDX-License-Identifier: Apache-2.0
// The systems to deploy to: named ones, editable with a picker, and those of Where; left open, the
// patches decide.
import { useEffect, useState } from 'react';
import { useSystemsById, type System } from '../../../api/queries';
import { useI18n } from '../../../i18n';
import { Button } from '../../../ui/basic';
import { DataTable } from '../../../ui/DataTable';
import { systemColumns } from '../../systems/columns';
import { describeFilter, SHOWN } from '../chosen';
import { targetsOf, type SectionProps } from '../draft';
import { SystemPicker } from '../Picker';
import { Where } from './Where';

const COLUMNS = ['hostname', 'os', 'health', 'missing', 'office', 'online', 'contact'];

export function Targets({ draft, change }: SectionProps) {
	const i = useI18n();
	const { t } = i;
	const { systems: selection, systemRows: rows = [], systemCount: count } = draft;
	const byPatches = !!draft.patches;
	const [picking, setPicking] = useState(false);
	const unknown = (selection?.ids ?? []).filter(id => !rows.some(r => r.id === id)).slice(0, SHOWN);
	const fetched = useSystemsById(unknown);
	const found = fetched.flatMap(q => q.data ? [q.data as System] : []);
	useEffect(() => {
		if (found.length > 0 && found.length === unknown.length)
			change({ systemRows: [...rows, ...found] });
	}, [found.length]);
	const put = (list: System[]) => change({ systems: list.length ? { ids: list.map(s => s.id) } : undefined, systemRows: list });
	return (
		<>
			{!selection && !targetsOf(draft) && <p>{t(!byPatches ? 'deploy.nothingChosen' : draft.operation ? 'deploy.allHaving' : 'deploy.allLacking')}</p>}
			{selection && !selection.ids && <p>{t('deploy.systemsByFilter', { n: count ?? selection.expected_count ?? 0 })}{describeFilter(selection)}</p>}
			{selection?.ids && (
				<DataTable label={t('deploy.section.targets')} keyboard={false} rows={rows.slice(0, 200)} rowId={s => s.id} rowName={s => s.hostname} empty={null}
					columns={[...systemColumns(i).filter(c => COLUMNS.includes(c.id)).map(c => ({ ...c, sort: undefined })), {
						id: 'remove', header: t('deploy.action'),
						cell: s => <button type="button" className="tk-link" aria-label={t('deploy.removeItem', { name: s.hostname })} onClick={() => put(rows.filter(r => r.id !== s.id))}>{t('deploy.remove')}</button>,
					}]} />
			)}
			<div className="tk-row">
				{(!selection || selection.ids) && <Button variant="secondary" size="sm" onClick={() => setPicking(true)}>{t('deploy.addSystems')}</Button>}
				{selection && <Button variant="link" size="sm" onClick={() => change({ systems: undefined, systemRows: [] })}>{t(!byPatches ? 'deploy.clear' : draft.operation ? 'deploy.useAllHaving' : 'deploy.useAllLacking')}</Button>}
			</div>
			{(!selection || selection.ids) && <Where draft={draft} change={change} />}
			{picking && (
				<SystemPicker onClose={() => setPicking(false)} onAdd={add => {
					setPicking(false);
					put([...rows, ...add.filter(a => !rows.some(r => r.id === a.id))]);
				}} />
			)}
		</>
	);
}
