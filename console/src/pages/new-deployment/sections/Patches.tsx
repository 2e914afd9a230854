// SPDX-License-Identifier: Apache-2.0
// Whether patches are installed or taken back (M-137), and which, editable with a picker (M-133); left
// open, the targets decide what is installed.
import { useEffect, useState } from 'react';
import { usePatchesById, type Patch } from '../../../api/queries';
import { useI18n } from '../../../i18n';
import { Button, Checkbox, FormGroup, Radio } from '../../../ui/basic';
import { DataTable } from '../../../ui/DataTable';
import { patchColumns } from '../../patches/columns';
import { describeFilter, SHOWN } from '../chosen';
import type { SectionProps } from '../draft';
import { PatchPicker } from '../Picker';

const COLUMNS = ['id', 'title', 'severity', 'type', 'missing', 'reboot', 'size'];

export function Patches({ draft, change }: SectionProps) {
	const i = useI18n();
	const { t, word } = i;
	const { patches: selection, patchRows: rows = [], patchCount: count } = draft;
	const back = draft.operation === 'uninstall';
	const byTargets = !!draft.systems && !back;
	const [picking, setPicking] = useState(false);
	const unknown = (selection?.ids ?? []).filter(id => !rows.some(r => r.id === id)).slice(0, SHOWN);
	const fetched = usePatchesById(unknown);
	const found = fetched.flatMap(q => q.data ? [q.data as Patch] : []);
	useEffect(() => {
		if (found.length > 0 && found.length === unknown.length)
			change({ patchRows: [...rows, ...found] });
	}, [found.length]);
	const put = (list: Patch[]) => change({ patches: list.length ? { ids: list.map(p => p.id) } : undefined, patchRows: list });
	return (
		<>
			<FormGroup role="radiogroup" fieldId="operation" label={t('deployment.operation')}>
				{(['install', 'uninstall'] as const).map(o => (
					<Radio key={o} id={`operation-${o}`} name="operation" label={word('operation', o)} description={t(`operation.${o}.text`)}
						isChecked={back === (o === 'uninstall')} onChange={() => change({ operation: o === 'uninstall' ? o : undefined })} />
				))}
			</FormGroup>
			{!selection && <p>{t(byTargets ? 'deploy.allMissing' : back ? 'deploy.nothingToUninstall' : 'deploy.nothingChosen')}</p>}
			{selection && !selection.ids && <p>{t('deploy.byFilter', { n: count ?? selection.expected_count ?? 0 })}{describeFilter(selection)}</p>}
			{selection?.ids && (
				<DataTable label={t('deploy.section.patches')} keyboard={false} rows={rows.slice(0, 200)} rowId={p => p.id} rowName={p => p.id} empty={null}
					columns={[...patchColumns<Patch>(i).filter(c => COLUMNS.includes(c.id)).map(c => ({ ...c, sort: undefined })), {
						id: 'remove', header: t('deploy.action'),
						cell: p => <button type="button" className="tk-link" aria-label={t('deploy.removeItem', { name: p.id })} onClick={() => put(rows.filter(r => r.id !== p.id))}>{t('deploy.remove')}</button>,
					}]} />
			)}
			<div className="tk-row">
				{(!selection || selection.ids) && <Button variant="secondary" size="sm" onClick={() => setPicking(true)}>{t('deploy.addPatches')}</Button>}
				{selection && <Button variant="link" size="sm" onClick={() => change({ patches: undefined, patchRows: [] })}>{t(byTargets ? 'deploy.useAllMissing' : 'deploy.clear')}</Button>}
			</div>
			{!back && <Checkbox id="only-approved" label={t('deploy.onlyApproved')} isChecked={!!draft.onlyApproved} onChange={(_, on) => change({ onlyApproved: on })} />}
			{picking && (
				<PatchPicker view={back ? 'installed' : 'missing'} onClose={() => setPicking(false)} onAdd={add => {
					setPicking(false);
					put([...rows, ...add.filter(a => !rows.some(r => r.id === a.id))]);
				}} />
			)}
		</>
	);
}
