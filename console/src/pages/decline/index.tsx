// SPDX-License-Identifier: Apache-2.0
// Declining patches, on all systems or those of chosen groups: a reason and an end are asked for, since where it is declined
// a patch does not count as missing.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useGroups, type Patch, type Selection } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n, type I18n } from '../../i18n';
import { Button, Failure, FormGroup, Loaded, Note, Radio, TextArea, TextInput } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { useToast } from '../../ui/toast';

const DAY = 86400e3;

function useChanged() {
	const client = useQueryClient();
	return () => {
		for (const topic of ['patches', 'systems', 'dashboard', 'declines'])
			void client.invalidateQueries({ queryKey: [topic] });
	};
}

export function DeclineDialog({ selection, count, onClose, onDone }: { selection: Selection; count: number; onClose: () => void; onDone: () => void }) {
	const { t, date, endOfDay } = useI18n();
	const dateOf = (ms: number) => date(new Date(ms).toISOString());
	const toast = useToast();
	const changed = useChanged();
	const [reason, setReason] = useState('');
	const [grouped, setGrouped] = useState(false);
	const [groups, setGroups] = useState<string[]>([]);
	const [until, setUntil] = useState(dateOf(Date.now() + 90 * DAY));
	const decline = useMutation({
		mutationFn: () => take(api.POST('/declines', { body: { patches: selection, reason: reason.trim(), expires: endOfDay(until), groups: grouped ? groups : undefined } })),
		onSuccess: r => {
			toast.done(t('decline.done', { n: r.items.length }));
			changed();
			onDone();
		},
	});
	const ok = reason.trim() !== '' && (!grouped || (groups.length > 0 && groups.length <= 50)) && until >= dateOf(Date.now()) && until <= dateOf(Date.now() + 730 * DAY);
	return (
		<Dialog tone="warning" title={t('decline.title', { n: count })} onClose={onClose} footer={
			<>
				<Button variant="primary" isDisabled={!ok || decline.isPending} onClick={() => decline.mutate()}>{t('decline.go', { n: count })}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('decline.lead')}</p>
			<fieldset className="tk-radios">
				<legend>{t('decline.where')}</legend>
				<Radio id="decline-all" name="decline-where" label={t('decline.all')} isChecked={!grouped} onChange={() => setGrouped(false)} />
				<Radio id="decline-groups" name="decline-where" label={t('decline.groups')} description={t('decline.groupsHelp')} isChecked={grouped} onChange={() => setGrouped(true)} />
			</fieldset>
			{grouped && <GroupBoxes chosen={groups} put={setGroups} />}
			<FormGroup fieldId="decline-reason" label={t('decline.reason')} isRequired>
				<TextArea id="decline-reason" value={reason} rows={3} maxLength={160} resizeOrientation="vertical" onChange={(_, v) => setReason(v)} />
			</FormGroup>
			<FormGroup fieldId="decline-until" label={t('decline.until')} isRequired>
				<TextInput id="decline-until" type="date" value={until} min={dateOf(Date.now())} max={dateOf(Date.now() + 730 * DAY)} onChange={(_, v) => setUntil(v)} />
			</FormGroup>
			{!!decline.error && <Failure error={decline.error} />}
		</Dialog>
	);
}

/** So many groups are offered at once; of more a part is looked for. */
const GROUPS = 200;

function GroupBoxes({ chosen, put }: { chosen: string[]; put: (ids: string[]) => void }) {
	const { t } = useI18n();
	const [search, setSearch] = useState('');
	const groups = useGroups({ limit: GROUPS, q: search.trim() || undefined });
	return (
		<Loaded query={groups}>
			{d => (
				<>
					{(search !== '' || d.page.total > GROUPS) && (
						<FormGroup fieldId="decline-search" label={t('groups.search')}>
							<TextInput id="decline-search" type="search" value={search} maxLength={200} onChange={(_, v) => setSearch(v)} />
						</FormGroup>
					)}
					{search === '' && d.items.length === 0 && <p>{t('decline.noGroups')}</p>}
					{d.items.length > 0 && (
						<fieldset className="tk-boxes">
							<legend>{t('targets.groups')}</legend>
							{d.items.map(g => (
								<label key={g.id} className="tk-box">
									<input type="checkbox" checked={chosen.includes(g.id)} onChange={() => put(chosen.includes(g.id) ? chosen.filter(x => x !== g.id) : [...chosen, g.id])} />{g.name}
								</label>
							))}
						</fieldset>
					)}
				</>
			)}
		</Loaded>
	);
}

type Decline = Schemas['Decline'];

/** Everything that declines a patch. */
export function declinesOf(p: Pick<Patch, 'decline' | 'group_declines'>): Decline[] {
	return [...(p.decline ? [p.decline] : []), ...p.group_declines];
}

/** "All systems", or the names of the groups. */
export function whereOf(d: Decline, t: I18n['t']): string {
	return d.groups.length ? d.groups.map(g => g.name).join(', ') : t('decline.all');
}

/** What is declined, where, until when and why; whoever may, can end it. */
export function DeclineNotes({ declines }: { declines: Decline[] }) {
	const { t, date } = useI18n();
	const { may } = useSession();
	const undecline = useUndecline();
	return (
		<>
			{declines.map(d => (
				<Note key={d.id} tone="warning" title={d.groups.length ? t('decline.isFor', { groups: whereOf(d, t), date: date(d.expires) }) : t('decline.is', { date: date(d.expires) })}
					action={may('deploy') && <Button variant="link" isInline isDisabled={undecline.isPending} onClick={() => undecline.mutate([d])}>{t('decline.end')}</Button>}>
					{d.reason} ({d.created_by}){d.product && <> – {t('decline.product', { name: d.product })}</>}
				</Note>
			))}
		</>
	);
}

/** Ends declines; a product's covers all of its patches. */
export function useUndecline() {
	const { t } = useI18n();
	const toast = useToast();
	const changed = useChanged();
	return useMutation({
		mutationFn: async (declines: Decline[]) => {
			const ids = [...new Set(declines.map(d => d.id))];
			for (const id of ids)
				await take(api.DELETE('/declines/{decline_id}', { params: { path: { decline_id: id } } }));
			return ids.length;
		},
		onSuccess: n => toast.done(t('decline.ended', { n })),
		onError: toast.failed,
		onSettled: changed,
	});
}
