// SPDX-License-Identifier: Apache-2.0
// The members of a group; of a static or unique one they are put in and taken out here.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../api/client';
import { useGroupMembers, type Group, type GroupMembersQuery, type System } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { useListQuery } from '../../ui/filters';
import { useColumns, useSelection } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { SystemPicker } from '../new-deployment/Picker';
import { systemColumns } from '../systems/columns';

/** M-183: name, system, last contact, office, logged-in user; the others can be switched on. */
const SHOWN = ['hostname', 'os', 'contact', 'office', 'user'];

export function Members({ group, edit }: { group: Group; edit: boolean }) {
	const i = useI18n();
	const { t } = i;
	const url = useUrl();
	const toast = useToast();
	const client = useQueryClient();
	const list = useGroupMembers(group.id, useListQuery([], 'hostname') as GroupMembersQuery);
	const all = systemColumns(i).map(c => SHOWN.includes(c.id) ? { ...c, drop: undefined } : c);
	const columns = useColumns('group-members', all, all.filter(c => !SHOWN.includes(c.id)).map(c => c.id));
	const sel = useSelection(list.data?.items, s => s.id, group.id);
	const [picking, setPicking] = useState(false);
	const move = useMutation({
		mutationFn: ({ into, systems }: { into: boolean; systems: System[] }) => {
			const args = { params: { path: { group_id: group.id } }, body: { systems: { ids: systems.map(s => s.id) } } };
			return take(into ? api.POST('/groups/{group_id}:add', args) : api.POST('/groups/{group_id}:remove', args));
		},
		onSuccess: g => {
			toast.done(t('groups.saved', { name: g.name }));
			sel.clear();
			void client.invalidateQueries({ queryKey: ['systems'] });
		},
	});
	return (
		<section className="tk-card" aria-label={t('groups.members')}>
			<div className="tk-card-head">
				<h2>{t('groups.members')}</h2>
				{edit && <Button variant="secondary" size="sm" onClick={() => setPicking(true)}>{t('groups.addMembers')}</Button>}
			</div>
			{!!move.error && <Failure error={move.error} />}
			<ListView label={t('groups.members')} search={t('systems.search')} list={list} columns={columns} rowId={s => s.id} rowName={s => s.hostname} sort="hostname"
				onOpen={s => url.navigate(systemPath(s.id))}
				chosen={edit ? { sel, actions: <Button variant="secondary" size="sm" isDisabled={move.isPending} onClick={() => move.mutate({ into: false, systems: sel.rows })}>{t('groups.takeOut')}</Button> } : undefined}
				empty={<Empty title={t('groups.empty')} why={t(group.category === 'dynamic' ? 'groups.emptyDynamic' : 'groups.emptyStatic')} />} />
			{picking && (
				<SystemPicker onClose={() => setPicking(false)} onAdd={systems => {
					setPicking(false);
					move.mutate({ into: true, systems });
				}} />
			)}
		</section>
	);
}
