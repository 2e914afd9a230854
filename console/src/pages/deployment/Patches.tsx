// SPDX-License-Identifier: Apache-2.0
// The patches of a deployment, page by page (M-139).
import { useDeploymentPatches } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Empty, Failure } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Pager } from '../../ui/List';
import { useUrl } from '../../ui/url';
import { patchColumns } from '../patches/columns';

const COLUMNS = ['bulletin', 'title', 'severity', 'type', 'missing', 'reboot', 'size'];

export function Patches({ id }: { id: string }) {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const list = useDeploymentPatches(id, { limit: Math.min(200, Number(url.get('limit')) || 25), cursor: url.get('cursor') || undefined });
	const data = list.data;
	return (
		<>
			<div className="tk-toolbar">
				<span className="tk-grow-space" />
				<Pager page={data?.page} shown={data?.items.length ?? 0} />
			</div>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} asOf={data?.page.as_of} />}
			{!(list.error && !data) && (
				<DataTable label={t('deployment.patches')} rows={data?.items} rowId={p => p.id} rowName={p => p.id} stale={list.isPlaceholderData} empty={<Empty title={t('empty.noPatches')} why={t('empty.noPatchesWhy')} />}
					columns={[
						{ id: 'id', header: t('patch.id'), cell: p => <PatchCell i={i} id={p.id} patch={p.patch} column="id" /> },
						...COLUMNS.map(c => {
							const col = patchColumns(i).find(k => k.id === c)!;
							return { ...col, sort: undefined, title: undefined, cell: (p: NonNullable<typeof data>['items'][number]) => <PatchCell i={i} id={p.id} patch={p.patch} column={c} /> };
						}),
					]} />
			)}
		</>
	);
}

function PatchCell({ i, id, patch, column }: { i: ReturnType<typeof useI18n>; id: string; patch: Parameters<ReturnType<typeof patchColumns>[number]['cell']>[0] | null; column: string }) {
	if (!patch)
		return column === 'id' ? <span className="tk-mono" title={i.t('deployment.patchGone')}>{id}</span> : column === 'title' ? <span className="tk-none">{i.t('deployment.patchGone')}</span> : null;
	return <>{patchColumns(i).find(c => c.id === column)?.cell(patch)}</>;
}
