// SPDX-License-Identifier: Apache-2.0
// One automated deployment: made, or changed. Beside the form stands what it would deploy now.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { useAutoPlan, useAutoPreview, usePolicies } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Checkbox, Failure, Form, FormGroup, FormSelect, FormSelectOption, Loaded, Radio, TextArea, TextInput } from '../../ui/basic';
import { NotifyField } from '../../ui/NotifyField';
import { Page } from '../../ui/Page';
import { SEVERITIES } from '../../ui/Severity';
import { useToast } from '../../ui/toast';
import { Plan, PlanNumbers } from './Plan';
import { SelectorField, type Selector } from './SelectorField';

type Task = Schemas['AutoDeployment'];
type Request = Required<Schemas['AutoRequest']>;
const LIST = '/deploy/auto';
const TYPES: Schemas['PatchType'][] = ['security', 'critical', 'bugfix', 'enhancement', 'rollup', 'service_pack', 'definition', 'third_party', 'driver', 'bios', 'unrated'];
const FRESH: Request = {
	name: '', types: [], severities: [], os: [], include: [], exclude: [], age: { days: 0, after: 'release' }, express: null, policy: 'anytime', targets: null,
	force_after_days: 0, halt_after: 3, notify: null,
};

function requestOf(x: Task): Request {
	const { name, types, severities, os, include, exclude, age, express, policy, targets, force_after_days, halt_after, notify } = x;
	return { name, types, severities, os, include, exclude, age, express, policy, targets, force_after_days, halt_after, notify };
}

export default function AutoPage({ id }: { id?: string }) {
	const { t } = useI18n();
	const one = useQuery({
		enabled: !!id, queryKey: ['auto', 'one', id],
		queryFn: ({ signal }) => take(api.GET('/auto-deployments/{auto_id}', { params: { path: { auto_id: id! } }, signal })),
	});
	return (
		<Page title={id ? one.data?.name ?? t('auto.title') : t('auto.new')} ready={!id || !one.isPending} crumbs={[{ name: t('auto.title'), to: LIST }]}>
			{id ? <Loaded query={one}>{x => <><Edit key={x.updated} task={x} /><Now task={x} /></>}</Loaded> : <Edit />}
		</Page>
	);
}

/** What it does now, and what it has made. */
function Now({ task }: { task: Task }) {
	const { t } = useI18n();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const plan = useAutoPlan(task.id);
	const reset = useMutation({
		mutationFn: (patch: string) => take(api.POST('/auto-deployments/{auto_id}:reset', { params: { path: { auto_id: task.id } }, body: { patch } })),
		onSuccess: () => toast.done(t('auto.resetDone')),
		onError: toast.failed,
		onSettled: () => void client.invalidateQueries({ queryKey: ['auto'] }),
	});
	return (
		<>
			<Loaded query={plan}>{p => <Plan plan={p} onReset={may('deploy') ? patch => reset.mutate(patch) : undefined} />}</Loaded>
			{task.deployments.length > 0 && (
				<Card title={t('auto.made')}>
					<ul>{task.deployments.map(d => <li key={d}><Link href={deploymentPath(d)}>{d}</Link></li>)}</ul>
				</Card>
			)}
		</>
	);
}

function Lines({ id, label, help, value, onChange }: { id: string; label: string; help?: string; value: string[]; onChange: (v: string[]) => void }) {
	const [text, setText] = useState(value.join('\n'));
	return (
		<FormGroup label={label} fieldId={id}>
			<TextArea id={id} rows={2} resizeOrientation="vertical" value={text} onChange={(_, v) => {
				setText(v);
				onChange(v.split('\n').map(l => l.trim()).filter(Boolean));
			}} />
			{help && <p className="tk-small">{help}</p>}
		</FormGroup>
	);
}

function Edit({ task }: { task?: Task }) {
	const { t, word, lang } = useI18n();
	const [, go] = useLocation();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const policies = usePolicies();
	const [x, setX] = useState<Request>(task ? requestOf(task) : FRESH);
	const set = (part: Partial<Request>) => setX({ ...x, ...part });
	const asked = useDeferredValue({ ...x, name: x.name.trim() || '-' });
	const dry = useAutoPreview(asked, !task);
	const save = useMutation({
		mutationFn: () => {
			const body = { ...x, name: x.name.trim() };
			return task ? take(api.PATCH('/auto-deployments/{auto_id}', { params: { path: { auto_id: task.id } }, body })) : take(api.POST('/auto-deployments', { body }));
		},
		onSuccess: saved => {
			toast.done(t('policy.saved', { name: saved.name }));
			void client.invalidateQueries({ queryKey: ['auto'] });
			go(`${LIST}/${saved.id}`);
		},
	});
	const toggle = <V extends string>(list: V[], v: V, on: boolean) => on ? [...list, v] : list.filter(w => w !== v);
	const whole = (v: string, high: number) => Math.max(0, Math.min(high, Math.trunc(Number(v)) || 0));
	const choices = (policies.data?.items ?? []).map(p => <FormSelectOption key={p.id} value={p.id} label={p.name[lang]} />);
	const epss = x.express?.epss_gte;
	return (
		<div className={task ? undefined : 'tk-editor'}>
			<Form onSubmit={e => {
				e.preventDefault();
				save.mutate();
			}}>
				<Card>
					<FormGroup label={t('policies.name')} fieldId="a-name" isRequired>
						<TextInput id="a-name" value={x.name} maxLength={100} onChange={(_, v) => set({ name: v })} />
					</FormGroup>
				</Card>
				<Card title={t('auto.which')}>
					<fieldset className="tk-radios tk-wrap">
						<legend>{t('auto.types')}</legend>
						{TYPES.map(w => <Checkbox key={w} id={`t-${w}`} label={word('patchType', w)} isChecked={x.types.includes(w)} onChange={(_, on) => set({ types: toggle(x.types, w, on) })} />)}
					</fieldset>
					<fieldset className="tk-radios tk-wrap">
						<legend>{t('auto.severities')}</legend>
						{SEVERITIES.map(w => <Checkbox key={w} id={`s-${w}`} label={word('severity', w)} isChecked={x.severities.includes(w)} onChange={(_, on) => set({ severities: toggle(x.severities, w, on) })} />)}
					</fieldset>
					<Lines id="a-os" label={t('auto.os')} help={t('auto.osHelp')} value={x.os} onChange={os => set({ os })} />
					<Lines id="a-include" label={t('auto.include')} help={t('auto.patternHelp')} value={x.include} onChange={include => set({ include })} />
					<Lines id="a-exclude" label={t('auto.exclude')} value={x.exclude} onChange={exclude => set({ exclude })} />
				</Card>
				<Card title={t('auto.when')}>
					<FormGroup label={t('auto.age')} fieldId="a-days">
						<TextInput id="a-days" type="number" min={0} max={365} className="tk-number" value={x.age.days} onChange={(_, v) => set({ age: { ...x.age, days: whole(v, 365) } })} />
					</FormGroup>
					<fieldset className="tk-radios">
						<legend>{t('auto.after')}</legend>
						<Radio id="after-release" name="after" label={t('auto.afterRelease')} isChecked={x.age.after !== 'approval'} onChange={() => set({ age: { ...x.age, after: 'release' } })} />
						<Radio id="after-approval" name="after" label={t('auto.afterApproval')} isChecked={x.age.after === 'approval'} onChange={() => set({ age: { ...x.age, after: 'approval' } })} />
					</fieldset>
					<Checkbox id="a-express" label={t('auto.express')} description={t('auto.expressHelp')} isChecked={!!x.express} onChange={(_, on) => set({ express: on ? { kev: true, epss_gte: null, policy: 'anytime' } : null })} />
					{x.express && (
						<>
							<Checkbox id="a-kev" label={t('auto.kev')} isChecked={!!x.express.kev} onChange={(_, kev) => set({ express: { ...x.express, kev } })} />
							<FormGroup label={t('auto.epss')} fieldId="a-epss">
								<FormSelect id="a-epss" value={epss == null ? '' : String(epss)} onChange={(_, v) => set({ express: { ...x.express, epss_gte: v === '' ? null : Number(v) } })}>
									{['', '0.01', '0.1', '0.5', ...(epss != null && ![0.01, 0.1, 0.5].includes(epss) ? [String(epss)] : [])].map(v => <FormSelectOption key={v} value={v} label={v === '' ? t('auto.notByEpss') : `${Number(v) * 100} %`} />)}
								</FormSelect>
							</FormGroup>
							<FormGroup label={t('auto.expressPolicy')} fieldId="a-xpolicy">
								<FormSelect id="a-xpolicy" value={x.express.policy ?? 'anytime'} onChange={(_, v) => set({ express: { ...x.express, policy: v } })}>{choices}</FormSelect>
							</FormGroup>
						</>
					)}
					<FormGroup label={t('deployment.policy')} fieldId="a-policy">
						<FormSelect id="a-policy" value={x.policy} onChange={(_, v) => set({ policy: v })}>{choices}</FormSelect>
					</FormGroup>
					<FormGroup label={t('auto.force')} fieldId="a-force">
						<TextInput id="a-force" type="number" min={0} max={365} className="tk-number" value={x.force_after_days} onChange={(_, v) => set({ force_after_days: whole(v, 365) })} />
						<p className="tk-small">{t('policy.forceHelp')}</p>
					</FormGroup>
				</Card>
				<Card title={t('auto.targets')}>
					<SelectorField id="a-targets" label={t('auto.systems')} help={t('auto.systemsHelp')} value={x.targets as Selector | null} onChange={targets => set({ targets })} />
					<FormGroup label={t('auto.halt')} fieldId="a-halt">
						<TextInput id="a-halt" type="number" min={0} max={100000} className="tk-number" value={x.halt_after} onChange={(_, v) => set({ halt_after: whole(v, 100000) })} />
						<p className="tk-small">{t('auto.haltHelp')}</p>
					</FormGroup>
					<NotifyField id="a-notify" label={t('mailing.auto')} value={x.notify} onChange={notify => set({ notify })} />
				</Card>
				{!!save.error && <Failure error={save.error} />}
				<div className="tk-row">
					{may('deploy') && <Button type="submit" variant="primary" isDisabled={!x.name.trim() || save.isPending}>{t('auto.save')}</Button>}
					<Button variant="link" onClick={() => go(LIST)}>{t('action.cancel')}</Button>
				</div>
			</Form>
			{!task && (
				<Card title={t('auto.plan')}>
					{dry.error ? <Failure error={dry.error} /> : dry.data && <PlanNumbers plan={dry.data} />}
				</Card>
			)}
		</div>
	);
}
