// SPDX-License-Identifier: Apache-2.0
// The signed script of one of a policy's stages: which, how long it may take, which exit codes are good.
import type { Schemas } from '../../api/client';
import { useState } from 'react';
import { useScripts } from '../../api/queries';
import { useI18n } from '../../i18n';
import { FormGroup, TextInput } from '../../ui/basic';

export type PolicyScript = Schemas['PolicyScript'];

/** "0, 3" as the API wants it; null for what is no list of exit codes. */
export function exitCodes(text: string): number[] | null {
	const words = text.split(/[\s,、]+/).filter(Boolean);
	const codes = [...new Set(words.map(Number))].sort((a, b) => a - b);
	return words.length > 0 && codes.length <= 16 && words.every(w => /^\d+$/.test(w)) && codes.every(c => c <= 255) ? codes : null;
}

export function ScriptChoice({ stage, value, put }: { stage: 'before' | 'after'; value: PolicyScript | null; put: (s: PolicyScript | null) => void }) {
	const { t } = useI18n();
	const list = useScripts();
	const [codes, setCodes] = useState((value?.exit_codes ?? [0]).join(', '));
	const items = list.data?.items ?? [];
	const known = !value || items.some(s => s.id === value.sha256);
	return (
		<>
			<FormGroup label={t(`policy.${stage}.script`)} fieldId={`p-script-${stage}`}>
				<select id={`p-script-${stage}`} className="tk-select" value={value?.sha256 ?? ''} onChange={e => put(e.target.value ? { ...value, sha256: e.target.value } : null)}>
					<option value="">{t('policy.script.none')}</option>
					{!known && <option value={value.sha256}>{value.sha256.slice(0, 12)}</option>}
					{items.map(s => <option key={s.id} value={s.id}>{t('scripts.named', { name: s.name, version: s.version })} ({s.id.slice(0, 8)})</option>)}
				</select>
				<p className="tk-small">{t(`policy.${stage}.scriptHelp`)}</p>
			</FormGroup>
			{value && (
				<div className="tk-row" role="group" aria-label={t(`policy.${stage}.script`)}>
					<span className="tk-pair">
						<label htmlFor={`p-time-${stage}`}>{t('policy.script.timeout')}</label>
						<TextInput id={`p-time-${stage}`} type="number" min={1} max={7200} className="tk-number" value={value.timeout_s ?? 300}
							onChange={(_, v) => put({ ...value, timeout_s: Math.max(1, Math.min(7200, Math.trunc(Number(v)) || 1)) })} />
					</span>
					<span className="tk-pair">
						<label htmlFor={`p-codes-${stage}`}>{t('policy.script.codes')}</label>
						<TextInput id={`p-codes-${stage}`} className="tk-number" value={codes} validated={exitCodes(codes) ? 'default' : 'error'} onChange={(_, v) => {
							setCodes(v);
							const good = exitCodes(v);
							if (good)
								put({ ...value, exit_codes: good });
						}} />
					</span>
				</div>
			)}
		</>
	);
}
