// SPDX-License-Identifier: Apache-2.0
// The last question before machines change: numbers again, the count typed when it is large, the verb
// with the count on the button, first focus on "cancel".
import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Button, Checkbox, FormGroup, TextInput } from '../../ui/basic';
import { Dialog } from '../../ui/Dialog';
import { PreviewNumbers, Warnings } from './Numbers';

/** From this many systems on, the count has to be typed. */
const TYPED_FROM = 101;

/** `decline`: the reason to decline what is uninstalled as well. */
export function Confirm({ now, publish, preview, busy, onClose, onGo }: {
	now: boolean; publish: boolean; preview: Schemas['DeploymentPreview']; busy: boolean; onClose: () => void; onGo: (decline?: string) => void;
}) {
	const { t } = useI18n();
	const [typed, setTyped] = useState('');
	const [declines, setDeclines] = useState(false);
	const [reason, setReason] = useState('');
	const back = !!preview.steps;
	const ask = preview.systems >= TYPED_FROM;
	const reasoned = !declines || reason.trim() !== '';
	const ok = reasoned && (!ask || typed.replace(/[,\s]/g, '') === String(preview.systems));
	return (
		<Dialog tone="warning" title={t(publish ? 'confirm.publishTitle' : 'confirm.title')} onClose={onClose} footer={
			<>
				<Button variant={now || back ? 'danger' : 'primary'} isDisabled={!ok || busy} onClick={() => onGo(declines ? reason.trim() : undefined)}>
					{t(back ? 'confirm.uninstall' : now ? 'confirm.now' : publish ? 'confirm.publish' : 'confirm.deploy', { n: preview.systems })}
				</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<PreviewNumbers p={preview} />
			<Warnings p={preview} />
			<p>{t(now ? 'confirm.nowText' : publish ? 'confirm.publishText' : 'confirm.deployText')}</p>
			{back && (
				<>
					<p>{t('confirm.uninstallText')}</p>
					<Checkbox id="confirm-decline" label={t('confirm.decline')} description={t('decline.lead')} isChecked={declines} onChange={(_, on) => setDeclines(on)} />
					{declines && (
						<FormGroup fieldId="confirm-reason" label={t('decline.reason')} isRequired>
							<TextInput id="confirm-reason" value={reason} maxLength={160} onChange={(_, v) => setReason(v)} />
						</FormGroup>
					)}
				</>
			)}
			{ask && (
				<label className="tk-typed">
					{t('confirm.type', { n: preview.systems })}
					<TextInput value={typed} inputMode="numeric" aria-label={t('confirm.type', { n: preview.systems })} onChange={(_, v) => setTyped(v)} />
				</label>
			)}
		</Dialog>
	);
}
