// SPDX-License-Identifier: Apache-2.0
// Declining patches: a reason and an end are asked for, since a declined patch counts as missing nowhere.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import type { Selection } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button, Failure, FormGroup, TextArea, TextInput } from '../../ui/basic';
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
	const [until, setUntil] = useState(dateOf(Date.now() + 90 * DAY));
	const decline = useMutation({
		mutationFn: () => take(api.POST('/declines', { body: { patches: selection, reason: reason.trim(), expires: endOfDay(until) } })),
		onSuccess: r => {
			toast.done(t('decline.done', { n: r.items.length }));
			changed();
			onDone();
		},
	});
	const ok = reason.trim() !== '' && until >= dateOf(Date.now()) && until <= dateOf(Date.now() + 730 * DAY);
	return (
		<Dialog tone="warning" title={t('decline.title', { n: count })} onClose={onClose} footer={
			<>
				<Button variant="primary" isDisabled={!ok || decline.isPending} onClick={() => decline.mutate()}>{t('decline.go', { n: count })}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('decline.lead')}</p>
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

/** Ends declines; a product's covers all of its patches. */
export function useUndecline() {
	const { t } = useI18n();
	const toast = useToast();
	const changed = useChanged();
	return useMutation({
		mutationFn: async (declines: (Schemas['Decline'] | null)[]) => {
			const ids = [...new Set(declines.flatMap(d => d ? [d.id] : []))];
			for (const id of ids)
				await take(api.DELETE('/declines/{decline_id}', { params: { path: { decline_id: id } } }));
			return ids.length;
		},
		onSuccess: n => toast.done(t('decline.ended', { n })),
		onError: toast.failed,
		onSettled: changed,
	});
}
