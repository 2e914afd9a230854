// SPDX-License-Identifier: Apache-2.0
// One deployment policy: made, or changed. What it means is shown beside it as real dates.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, take, takeVersioned, type Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Button, Card, Failure, Form, FormGroup, Loaded, Radio, TextArea, TextInput } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { useToast } from '../../ui/toast';
import { browserZone, ZoneSelect } from '../../ui/ZoneSelect';
import { AfterActions, BeforeActions, type After, type Before } from './Actions';
import { Calendar } from './Calendar';
import { Notification, type PolicyNotification } from './Notification';
import { Preview, useNextWindows } from './Preview';
import type { Schedule } from './text';
import { Windows } from './Windows';

type Policy = Schemas['Policy'] & { etag: string };
const LIST = '/deploy/policies';
const FRESH: Schedule = {
	basis: 'calendar', zone: null, download: 'any_contact', triggers: ['refresh_cycle', 'start_up'], force_after_days: 0,
	windows: [{ weeks: [], weekdays: ['sun'], start: '13:00', end: '17:00' }], freezes: [],
};

export default function PolicyPage({ id }: { id?: string }) {
	const { t, lang } = useI18n();
	const one = useQuery({
		enabled: !!id, queryKey: ['policies', 'one', id],
		queryFn: ({ signal }) => takeVersioned(api.GET('/deployment-policies/{policy_id}', { params: { path: { policy_id: id! } }, signal })),
	});
	const title = id ? one.data?.name[lang] ?? t('policy.title') : t('policies.new');
	return (
		<Page title={title} ready={!id || !one.isPending} crumbs={[{ name: t('policies.title'), to: LIST }]}>
			{id ? <Loaded query={one}>{p => <Edit key={p.updated} policy={p} />}</Loaded> : <Edit />}
		</Page>
	);
}

function Edit({ policy }: { policy?: Policy }) {
	const { t, lang, zone: mine, date } = useI18n();
	const [, go] = useLocation();
	const toast = useToast();
	const client = useQueryClient();
	const [name, setName] = useState(policy?.name[lang] ?? '');
	const [description, setDescription] = useState(policy?.description[lang] ?? '');
	const [s, setSchedule] = useState<Schedule>(policy?.schedule ?? FRESH);
	const [before, setBefore] = useState<Before>(policy?.before ?? {});
	const [after, setAfter] = useState<After>(policy?.after ?? {});
	const [told, setTold] = useState<PolicyNotification | null>(policy?.notification ?? null);
	// The server does not know the systems' zones: it is shown as a system in this one has it.
	const [seen, setSeen] = useState(mine ?? browserZone());
	const zone = s.zone ?? seen;
	const next = useNextWindows(s, zone);
	const set = (part: Partial<Schedule>) => setSchedule({ ...s, ...part });
	const save = useMutation({
		mutationFn: () => {
			const body = { name: name.trim(), description, schedule: s, before, after, notification: told };
			return policy
				? take(api.PATCH('/deployment-policies/{policy_id}', { params: { path: { policy_id: policy.id }, header: { 'If-Match': policy.etag } }, body }))
				: take(api.POST('/deployment-policies', { body }));
		},
		onSuccess: p => {
			toast.done(t('policy.saved', { name: p.name[lang] }));
			void client.invalidateQueries({ queryKey: ['policies'] });
			go(LIST);
		},
	});
	const startUpOnly = s.triggers?.length === 1 && s.triggers[0] === 'start_up';
	return (
		<>
			<div className="tk-editor">
				<Form onSubmit={e => {
					e.preventDefault();
					save.mutate();
				}}>
					<Card>
						<FormGroup label={t('policies.name')} fieldId="p-name" isRequired>
							<TextInput id="p-name" value={name} maxLength={100} onChange={(_, v) => setName(v)} />
						</FormGroup>
						<FormGroup label={t('deployment.description')} fieldId="p-desc">
							<TextArea id="p-desc" value={description} maxLength={1000} rows={2} resizeOrientation="vertical" onChange={(_, v) => setDescription(v)} />
						</FormGroup>
					</Card>
					<Card title={t('policy.windows')}>
						<fieldset className="tk-radios">
							<legend>{t('policy.basis')}</legend>
							<Radio id="b-calendar" name="basis" label={t('policy.calendar')} isChecked={s.basis !== 'patch_tuesday'} onChange={() => set({ basis: 'calendar', windows: s.windows?.map(w => ({ ...w, weeks: [] })) })} />
							<Radio id="b-tuesday" name="basis" label={t('policy.patchTuesday')} description={t('policy.patchTuesdayHelp')} isChecked={s.basis === 'patch_tuesday'} onChange={() => set({ basis: 'patch_tuesday', windows: s.windows?.map(w => ({ ...w, weeks: [] })) })} />
						</fieldset>
						<Windows schedule={s} put={windows => set({ windows })} />
						<FormGroup label={t('policies.zone')} fieldId="p-zone">
							<ZoneSelect id="p-zone" value={s.zone ?? ''} none={t('policies.ownZone')} onChange={z => set({ zone: z || null })} />
						</FormGroup>
					</Card>
					<Card title={t('policy.start.title')}>
						<fieldset className="tk-radios">
							<legend>{t('policy.download')}</legend>
							<Radio id="d-any" name="download" label={t('policy.download.any')} description={t('policy.download.anyHelp')} isChecked={s.download !== 'window_only'} onChange={() => set({ download: 'any_contact' })} />
							<Radio id="d-window" name="download" label={t('policy.download.window')} description={t('policy.download.windowHelp')} isChecked={s.download === 'window_only'} onChange={() => set({ download: 'window_only' })} />
						</fieldset>
						<fieldset className="tk-radios">
							<legend>{t('policy.trigger')}</legend>
							<Radio id="t-both" name="trigger" label={t('policy.trigger.both')} isChecked={!startUpOnly} onChange={() => set({ triggers: ['refresh_cycle', 'start_up'] })} />
							<Radio id="t-start" name="trigger" label={t('policy.trigger.startUp')} isChecked={startUpOnly} onChange={() => set({ triggers: ['start_up'] })} />
						</fieldset>
						<FormGroup label={t('policy.force')} fieldId="p-force">
							<TextInput id="p-force" type="number" min={0} max={365} className="tk-number" value={s.force_after_days ?? 0} onChange={(_, v) => set({ force_after_days: Math.max(0, Math.min(365, Math.trunc(Number(v)) || 0)) })} />
							<p className="tk-small">{t('policy.forceHelp')}</p>
						</FormGroup>
					</Card>
					<Card title={t('policy.freezes')}>
						<p className="tk-small">{t('policy.freezesHelp')}</p>
						{(s.freezes ?? []).map((f, i) => {
							const put = (part: Partial<typeof f>) => set({ freezes: s.freezes!.map((old, k) => k === i ? { ...old, ...part } : old) });
							return (
								<div key={i} className="tk-row" role="group" aria-label={t('policy.freeze', { n: i + 1 })}>
									<TextInput aria-label={t('policy.from')} type="date" className="tk-date" value={f.from} onChange={(_, v) => put({ from: v })} />–
									<TextInput aria-label={t('policy.to')} type="date" className="tk-date" value={f.to} onChange={(_, v) => put({ to: v })} />
									<TextInput aria-label={t('policy.reason')} placeholder={t('policy.reason')} className="tk-reason" maxLength={100} value={f.reason ?? ''} onChange={(_, v) => put({ reason: v })} />
									<Button variant="link" aria-label={t('policy.dropFreeze', { n: i + 1 })} onClick={() => set({ freezes: s.freezes!.filter((_, k) => k !== i) })}>{t('policy.drop')}</Button>
								</div>
							);
						})}
						<div><Button variant="secondary" isDisabled={(s.freezes?.length ?? 0) >= 64} onClick={() => {
							const today = date(new Date().toISOString());
							set({ freezes: [...(s.freezes ?? []), { from: today, to: today, reason: '' }] });
						}}>{t('policy.addFreeze')}</Button></div>
					</Card>
					<BeforeActions before={before} put={setBefore} />
					<Notification value={told} put={setTold} />
					<AfterActions after={after} put={setAfter} />
					{!!save.error && <Failure error={save.error} />}
					<div className="tk-row">
						<Button type="submit" variant="primary" isDisabled={!name.trim() || save.isPending}>{t('policy.save')}</Button>
						<Button variant="link" onClick={() => go(LIST)}>{t('action.cancel')}</Button>
					</div>
				</Form>
				<Preview schedule={s} next={next} zone={zone} onZone={setSeen} />
			</div>
			{!next.error && next.data && <Calendar windows={next.data.windows} zone={zone} />}
		</>
	);
}
