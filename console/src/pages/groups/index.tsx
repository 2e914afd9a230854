// SPDX-License-Identifier: Apache-2.0
// Custom groups: systems put together by hand, or by what is true of them.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take } from '../../api/client';
import { useGroups, type Group, type GroupQuery } from '../../api/queries';
import { groupPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useFilters, useListQuery, type Filter } from '../../ui/filters';
import { useColumns } from '../../ui/List';
import { ListView } from '../../ui/ListView';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { limitText } from '../group/Limit';

const FILTERS: Filter[] = [{ param: 'category', name: 'groups.category', words: 'groupCategory', always: ['static', 'unique', 'dynamic'] }];

export default function Groups() {
	const { t, number, word } = useI18n();
	const { may } = useSession();
	const url = useUrl();
	const list = useGroups({ ...useListQuery(FILTERS), facets: ['category'] } as GroupQuery);
	const { menus, chips } = useFilters(FILTERS, list.data?.facets);
	const [removing, setRemoving] = useState<Group | null>(null);
	const edit = may('deploy');
	const columns = useColumns<Group>('groups', [
		{ id: 'name', header: t('groups.name'), words: true, fixed: true, sort: 'name', cell: g => <Link href={groupPath(g.id)}>{g.name}</Link> },
		{ id: 'category', header: t('groups.category'), sort: 'category', cell: g => word('groupCategory', g.category) },
		{ id: 'type', drop: 6, header: t('groups.type'), cell: () => t('groups.computer') },
		{ id: 'members', header: t('groups.members'), sort: 'members', numeric: true, cell: g => g.members === null ? <span className="tk-danger-text" title={g.error ?? undefined}>?</span> : number(g.members) },
		{ id: 'filter', drop: 4, header: t('groups.filter'), grow: true, title: g => g.filter ?? '', cell: g => g.filter ? <code>{g.filter}</code> : <span className="tk-none">–</span> },
		{ id: 'max_unavailable', drop: 5, header: t('groups.limit'), cell: g => g.max_unavailable ? limitText(g.max_unavailable, t) : <span className="tk-none">–</span> },
		{ id: 'offices', drop: 5, header: t('groups.offices'), cell: g => g.offices.map(o => word('office', o)).join(', ') },
		{ id: 'created_by', drop: 6, header: t('groups.createdBy'), cell: g => g.created_by },
		{ id: 'created', drop: 6, header: t('groups.created'), cell: g => <Time at={g.created} /> },
		{ id: 'changed_by', drop: 3, header: t('groups.changedBy'), cell: g => g.changed_by },
		{ id: 'changed', drop: 2, header: t('groups.changed'), sort: 'changed', cell: g => <Time at={g.changed} /> },
		...(edit ? [{ id: 'do', header: t('deploy.action'), cell: (g: Group) => <Button variant="link" isInline aria-label={t('groups.removeName', { name: g.name })} onClick={() => setRemoving(g)}>{t('groups.remove')}</Button> }] : []),
	], ['type', 'max_unavailable', 'created_by', 'created']);
	return (
		<Page title={t('groups.title')} count={list.data && t('list.items', { n: list.data.page.total })} ready={!list.isPending}
			actions={edit && <Link href="/agents/groups/new" className="pf-v6-c-button pf-m-primary">{t('groups.new')}</Link>} sub={<p className="tk-lead">{t('groups.lead')}</p>}>
			<ListView label={t('groups.title')} search={t('groups.search')} list={list} columns={columns} menus={menus} chips={chips} rowId={g => g.id} rowName={g => g.name} sort="name"
				onOpen={g => url.navigate(groupPath(g.id))} empty={<Empty title={t('groups.none')} why={t('groups.lead')} />} />
			{removing && <Remove group={removing} onClose={() => setRemoving(null)} />}
		</Page>
	);
}

function Remove({ group, onClose }: { group: Group; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const remove = useMutation({
		mutationFn: () => take(api.DELETE('/groups/{group_id}', { params: { path: { group_id: group.id } } })),
		onSuccess: () => {
			toast.done(t('groups.removed', { name: group.name }));
			void client.invalidateQueries({ queryKey: ['systems', 'groups'] });
			onClose();
		},
	});
	return (
		<Dialog tone="warning" title={t('groups.removeTitle', { name: group.name })} onClose={onClose} footer={
			<>
				<Button variant="danger" isDisabled={remove.isPending} onClick={() => remove.mutate()}>{t('groups.remove')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('groups.removeText')}</p>
			{!!remove.error && <Failure error={remove.error} />}
		</Dialog>
	);
}
