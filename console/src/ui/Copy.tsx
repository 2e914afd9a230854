// SPDX-License-Identifier: Apache-2.0
// A text to be copied whole: shown selectable, with a button that says when it is done.
import { useState } from 'react';
import { useI18n } from '../i18n';
import { CheckIcon, CopyIcon } from './Icon';

export function CopyButton({ text, what }: { text: string; what: string }) {
	const { t } = useI18n();
	const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			setState('done');
		} catch {
			setState('failed');
		}
		setTimeout(() => setState('idle'), 2500);
	};
	return (
		<button type="button" className="tk-icon-button" aria-label={t('action.copyWhat', { what })} title={t('action.copyWhat', { what })} onClick={() => void copy()}>
			{state === 'done' ? <CheckIcon /> : <CopyIcon />}
			<span role="status" className={state === 'idle' ? 'tk-sr' : 'tk-copied'}>
				{state === 'done' ? t('action.copied') : state === 'failed' ? t('action.copyFailed') : ''}
			</span>
		</button>
	);
}

export function Copyable({ text, what }: { text: string; what: string }) {
	return (
		<div className="tk-copyable">
			<pre tabIndex={0}>{text}</pre>
			<CopyButton text={text} what={what} />
		</div>
	);
}
