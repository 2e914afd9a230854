// SPDX-License-Identifier: Apache-2.0
// How patches are approved. With another mode it is asked what becomes of the patches that are there.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { usePolicies } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button, Card, Failure, Form, FormGroup, FormSelect, FormSelectOption, Radio, TextInput } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { NotifyField } from '../../ui/NotifyField';
import { useToast } from '../../ui/toast';
import { SelectorField, type Selector } from '../auto/SelectorField';

type Settings = Schemas['ApprovalSettings'];
type Mode = Settings['mode'];
const MODES: Mode[] = ['automatic', 'manual', 'test'];
const EXISTING = ['keep', 'approve', 'unapprove'] as const;
type Existing = typeof EXISTING[number];

export function ApprovalForm({ settings, edit }: { settings: Settings; edit: boolean }) {
	const { t, lang } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const policies = usePolicies();
	const [mode, setMode] = useState(settings.mode);
	const [test, setTest] = useState(settings.test);
	const [asking, setAsking] = useState(false);
	const save = useMutation({
		mutationFn: (existing?: Existing) => take(api.PATCH('/approval', { body: { mode, test, existing } })),
		onSuccess: () => {
			toast.done(t('approval.saved'));
			setAsking(false);
			for (const topic of ['approval', 'patches', 'auto'])
				void client.invalidateQueries({ queryKey: [topic] });
		},
	});
	const set = (part: Partial<Settings['test']>) => setTest({ ...test, ...part });
	const number = (v: string, low: number, high: number) => Math.max(low, Math.min(high, Math.trunc(Number(v)) || low));
	return (
		<Form onSubmit={e => {
			e.preventDefault();
			if (mode === settings.mode)
				save.mutate(undefined);
			else
				setAsking(true);
		}}>
			<Card title={t('approval.mode')}>
				<fieldset className="tk-radios" disabled={!edit}>
					<legend className="tk-hidden">{t('approval.mode')}</legend>
					{MODES.map(m => <Radio key={m} id={`m-${m}`} name="mode" label={t(`approvalMode.${m}`)} description={t(`approvalMode.${m}.help`)} isChecked={mode === m} onChange={() => setMode(m)} />)}
				</fieldset>
			</Card>
			{mode === 'test' && (
				<Card title={t('approval.test')}>
					<SelectorField id="test" label={t('approval.testSystems')} help={t('approval.testSystemsHelp')} value={test.targets as Selector | null} onChange={targets => set({ targets })} />
					<FormGroup label={t('deployment.policy')} fieldId="test-policy">
						<FormSelect id="test-policy" value={test.policy} onChange={(_, v) => set({ policy: v })}>
							{(policies.data?.items ?? []).map(p => <FormSelectOption key={p.id} value={p.id} label={p.name[lang]} />)}
						</FormSelect>
					</FormGroup>
					<fieldset className="tk-radios">
						<legend>{t('approval.then')}</legend>
						<Radio id="a-hand" name="approve" label={t('approval.byHand')} isChecked={test.approve === 'by_hand'} onChange={() => set({ approve: 'by_hand' })} />
						<Radio id="a-auto" name="approve" label={t('approval.byItself')} description={t('approval.byItselfHelp')} isChecked={test.approve === 'automatic'} onChange={() => set({ approve: 'automatic' })} />
					</fieldset>
					{test.approve === 'automatic' && (
						<>
							<FormGroup label={t('approval.afterDays')} fieldId="test-days">
								<TextInput id="test-days" type="number" min={0} max={365} className="tk-number" value={test.after_days} onChange={(_, v) => set({ after_days: number(v, 0, 365) })} />
							</FormGroup>
							<FormGroup label={t('approval.percent')} fieldId="test-percent">
								<TextInput id="test-percent" type="number" min={1} max={100} className="tk-number" value={test.success_percent} onChange={(_, v) => set({ success_percent: number(v, 1, 100) })} />
							</FormGroup>
						</>
					)}
					<NotifyField id="test-notify" label={t('mailing.test')} value={test.notify} onChange={notify => set({ notify })} />
				</Card>
			)}
			{!!save.error && <Failure error={save.error} />}
			{edit && <div className="tk-row"><Button type="submit" variant="primary" isDisabled={save.isPending}>{t('approval.save')}</Button></div>}
			{asking && <Ask settings={settings} mode={mode} busy={save.isPending} error={save.error} onClose={() => setAsking(false)} onGo={x => save.mutate(x)} />}
		</Form>
	);
}

function Ask({ settings, mode, busy, error, onClose, onGo }: { settings: Settings; mode: Mode; busy: boolean; error: unknown; onClose: () => void; onGo: (x: Existing) => void }) {
	const { t } = useI18n();
	const [existing, setExisting] = useState<Existing>('keep');
	return (
		<Dialog tone="warning" title={t('approval.switch', { mode: t(`approvalMode.${mode}`) })} onClose={onClose} footer={
			<>
				<Button variant="primary" isDisabled={busy} onClick={() => onGo(existing)}>{t('approval.switchGo')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<fieldset className="tk-radios">
				<legend>{t('approval.existing', { approved: settings.missing.approved, not: settings.missing.not_approved })}</legend>
				{EXISTING.map(x => <Radio key={x} id={`x-${x}`} name="existing" label={t(`approvalExisting.${x}`)} isChecked={existing === x} onChange={() => setExisting(x)} />)}
			</fieldset>
			{!!error && <Failure error={error} />}
		</Dialog>
	);
}
