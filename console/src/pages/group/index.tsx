// SPDX-License-Identifier: Apache-2.0
// One group: made, looked at, changed; its members below.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api, take } from '../../api/client';
import { useGroup, type Group } from '../../api/queries';
import { groupPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Facts, Failure, Form, FormGroup, Loaded, Note, Radio, TextArea, TextInput } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { Criteria } from './Criteria';
import { Limit, limitOf, limitText, type LimitChoice } from './Limit';
import { Members } from './Members';

const LIST = '/agents/groups';
const CATEGORIES = ['static', 'unique', 'dynamic'] as const;

export default function GroupPage({ id }: { id?: string }) {
	const { t } = useI18n();
	const { may } = useSession();
	const one = useGroup(id);
	const title = id ? one.data?.name ?? t('groups.group') : t('groups.new');
	if (!id && !may('deploy'))
		return <Page title={t('groups.new')}><Note tone="warning" title={t('problem.forbidden')} /></Page>;
	return (
		<Page title={title} ready={!id || !one.isPending} crumbs={[{ name: t('groups.title'), to: LIST }]}>
			{id ? <Loaded query={one}>{g => <Shown group={g} edit={may('deploy')} />}</Loaded> : <Edit />}
		</Page>
	);
}

function Shown({ group: g, edit }: { group: Group; edit: boolean }) {
	const { t, number, word } = useI18n();
	const [editing, setEditing] = useState(false);
	return (
		<>
			{editing ? <Edit key={g.version} group={g} onDone={() => setEditing(false)} /> : (
				<Card title={t('groups.facts')} extra={edit && <Button variant="secondary" size="sm" onClick={() => setEditing(true)}>{t('groups.edit')}</Button>}>
					{g.error && <Note tone="danger" title={t('groups.broken')}><p lang="en" translate="no">{g.error}</p></Note>}
					<Facts items={[
						[t('groups.description'), g.description],
						[t('groups.type'), t('groups.computer')],
						[t('groups.category'), word('groupCategory', g.category)],
						...(g.filter !== null ? [[t('groups.filter'), <code key="f">{g.filter}</code>] as [string, ReactNode]] : []),
						[t('groups.members'), g.members === null ? '?' : number(g.members)],
						[t('groups.limit'), limitText(g.max_unavailable, t)],
						[t('groups.offices'), g.offices.map(o => word('office', o)).join(', ')],
						[t('groups.created'), <span key="c"><Time at={g.created} /> · {g.created_by}</span>],
						[t('groups.changed'), <span key="h"><Time at={g.changed} /> · {g.changed_by}</span>],
					]} />
				</Card>
			)}
			<Members group={g} edit={edit && g.category !== 'dynamic'} />
		</>
	);
}

function Edit({ group, onDone }: { group?: Group; onDone?: () => void }) {
	const { t, word } = useI18n();
	const url = useUrl();
	const toast = useToast();
	const client = useQueryClient();
	const [name, setName] = useState(group?.name ?? '');
	const [description, setDescription] = useState(group?.description ?? '');
	const [category, setCategory] = useState<Group['category']>(group?.category ?? 'static');
	const [filter, setFilter] = useState(group?.filter ?? '');
	const [limit, setLimit] = useState<LimitChoice>({ kind: group?.max_unavailable?.percent ? 'percent' : group?.max_unavailable?.systems ? 'systems' : 'none', amount: String(group?.max_unavailable?.percent ?? group?.max_unavailable?.systems ?? 1) });
	const max = limitOf(limit);
	const dynamic = category === 'dynamic';
	const bad = /[%/:;?*'|&#\\]/.exec(name)?.[0];
	const save = useMutation({
		mutationFn: () => {
			const body = { name: name.trim(), description, max_unavailable: max ?? null, ...(dynamic ? { filter: filter.trim() } : {}) };
			return group
				? take(api.PATCH('/groups/{group_id}', { params: { path: { group_id: group.id }, header: { 'If-Match': `"${group.version}"` } }, body }))
				: take(api.POST('/groups', { body: { ...body, category } }));
		},
		onSuccess: g => {
			toast.done(t('groups.saved', { name: g.name }));
			client.setQueryData(['systems', 'group', g.id], g);
			void client.invalidateQueries({ queryKey: ['systems'] });
			if (onDone)
				onDone();
			else
				url.navigate(groupPath(g.id));
		},
	});
	return (
		<Form onSubmit={e => {
			e.preventDefault();
			save.mutate();
		}}>
			<Card className="tk-formcard" title={group && t('groups.edit')}>
				<FormGroup label={t('groups.name')} fieldId="g-name" isRequired>
					<TextInput id="g-name" value={name} maxLength={100} validated={bad ? 'error' : 'default'} aria-describedby="g-name-help" onChange={(_, v) => setName(v)} />
					<p id="g-name-help" className={bad ? 'tk-small tk-danger-text' : 'tk-small'}>{t('groups.nameHelp', { n: name.length })} <code>{'% / : ; ? * \' | & # \\'}</code></p>
				</FormGroup>
				<FormGroup label={t('groups.description')} fieldId="g-desc">
					<TextArea id="g-desc" value={description} maxLength={1000} rows={2} resizeOrientation="vertical" onChange={(_, v) => setDescription(v)} />
				</FormGroup>
				{!group && (
					<fieldset className="tk-radios">
						<legend>{t('groups.category')}</legend>
						{CATEGORIES.map(c => <Radio key={c} id={`g-${c}`} name="category" label={word('groupCategory', c)} description={t(`groups.help.${c}`)} isChecked={category === c} onChange={() => setCategory(c)} />)}
					</fieldset>
				)}
				{dynamic && (
					<fieldset className="tk-radios">
						<legend>{t('criteria.title')}</legend>
						<Criteria id="g-filter" value={filter} onChange={setFilter} />
					</fieldset>
				)}
				<Limit value={limit} onChange={setLimit} />
				{!!save.error && <Failure error={save.error} />}
				<div className="tk-row">
					<Button type="submit" variant="primary" isDisabled={!name.trim() || !!bad || max === undefined || (dynamic && !filter.trim()) || save.isPending}>{t('groups.save')}</Button>
					<Button variant="link" onClick={onDone ?? (() => url.navigate(LIST))}>{t('action.cancel')}</Button>
				</div>
			</Card>
		</Form>
	);
}
