// SPDX-License-Identifier: Apache-2.0
// Retries, the end, the distribution rule and who is told (M-145..M-149).
import { useI18n } from '../../../i18n';
import { Checkbox, FormGroup, Radio, TextInput } from '../../../ui/basic';
import { NotifyField } from '../../../ui/NotifyField';
import type { SectionProps } from '../draft';

const DAY = 86400e3;
const RETRIES_MAX = 20;

export function Terms({ draft, change }: SectionProps) {
	const { t, date, endOfDay } = useI18n();
	const { expires, retry, distribution = 'deploy_rest' } = draft;
	const dateOf = (ms: number) => date(new Date(ms).toISOString());
	const put = (part: { refresh?: number; start_up?: number }) => change({ retry: { refresh: 1, start_up: 1, ...retry, ...part } });
	const number = (v: string, other: number) => Math.max(1, Math.min(RETRIES_MAX - other, Math.trunc(Number(v)) || 1));
	return (
		<>
			<fieldset className="tk-radios">
				<legend>{t('terms.retry')}</legend>
				<Radio id="t-retry-usual" name="retry" label={t('terms.retryUsual')} description={t('terms.retryUsualHelp')} isChecked={!retry} onChange={() => change({ retry: null })} />
				<Radio id="t-retry-own" name="retry" label={t('terms.retryOwn')} isChecked={!!retry} onChange={() => put({ refresh: 7, start_up: 1 })} />
				{retry && (
					<div className="tk-row tk-indent">
						<label htmlFor="t-refresh">{t('terms.retryRefresh')}</label>
						<TextInput id="t-refresh" type="number" className="tk-number" min={1} max={RETRIES_MAX - 1} value={retry.refresh} onChange={(_, v) => put({ refresh: number(v, retry.start_up) })} />
						<label htmlFor="t-start-up">{t('terms.retryStartUp')}</label>
						<TextInput id="t-start-up" type="number" className="tk-number" min={1} max={RETRIES_MAX - 1} value={retry.start_up} onChange={(_, v) => put({ start_up: number(v, retry.refresh) })} />
						<span>{t('terms.retryTotal', { n: retry.refresh + retry.start_up })}</span>
					</div>
				)}
			</fieldset>
			<FormGroup label={t('terms.expires')} fieldId="t-expires">
				<Checkbox id="t-expires-on" label={t('terms.expiresOn')} isChecked={!!expires} onChange={(_, on) => change({ expires: on ? endOfDay(dateOf(Date.now() + 30 * DAY)) : null })} />
				{expires && <TextInput id="t-expires" type="date" className="tk-date" aria-label={t('terms.expires')} value={date(expires)} min={dateOf(Date.now())} onChange={(_, v) => v && change({ expires: endOfDay(v) })} />}
				<p className="tk-small">{t('terms.expiresHelp')}</p>
			</FormGroup>
			<fieldset className="tk-radios">
				<legend>{t('terms.distribution')}</legend>
				{(['deploy_rest', 'hold'] as const).map(rule => (
					<Radio key={rule} id={`t-${rule}`} name="distribution" label={t(`terms.${rule}`)} description={t(`terms.${rule}Help`)} isChecked={distribution === rule} onChange={() => change({ distribution: rule })} />
				))}
			</fieldset>
			<NotifyField id="t-notify" label={t('mailing.title')} value={draft.notify} onChange={notify => change({ notify })} />
		</>
	);
}
