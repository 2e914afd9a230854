// SPDX-License-Identifier: Apache-2.0
// From how many missing patches of a severity on a system counts as vulnerable or highly vulnerable,
// and how many systems another policy would move, before it is saved.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Card, Empty, Failure, Form, FormGroup, TextInput } from '../../ui/basic';
import { DurationInput, durationText } from '../../ui/Duration';
import { Page } from '../../ui/Page';
import { GLYPH, Health, SEVERITIES } from '../../ui/Severity';
import { LoadedSettings, SaveRow, useEdit, validNumber, type Setting } from '../settings/useSettings';

const CLASSES = ['highly', 'vulnerable'] as const;
const HEALTHS = ['highly_vulnerable', 'vulnerable', 'healthy', 'unknown'] as const;

export default function HealthPolicy() {
	const { t } = useI18n();
	const { may } = useSession();
	return (
		<Page title={t('healthPolicy.title')} ready sub={<p className="tk-lead">{t('healthPolicy.lead')}</p>}>
			{may('settings')
				? <LoadedSettings match={/^(health|agent\.stale_scan)/}>{(items, etag) => <Policy items={items} etag={etag} />}</LoadedSettings>
				: <Empty title={t('healthPolicy.denied')} why={t('healthPolicy.deniedWhy')} />}
		</Page>
	);
}

function Policy({ items, etag }: { items: Setting[]; etag: string }) {
	const { t, word } = useI18n();
	const edit = useEdit(items, etag);
	const find = (key: string) => items.find(s => s.key === key);
	const stale = find('agent.stale_scan_s');
	const number = (s: Setting, label: string) => {
		const value = edit.text(s);
		return <TextInput type="number" aria-label={label} value={value} min={s.min} max={s.max} autoComplete="off" validated={validNumber(s, value) ? 'default' : 'error'} onChange={(_, v) => edit.put(s, v)} />;
	};
	return (
		<Form onSubmit={e => {
			e.preventDefault();
			edit.submit();
		}}>
			<div className="tk-columns">
				<Card title={t('healthPolicy.numbers')}>
					<table className="tk-table tk-policy" aria-label={t('healthPolicy.numbers')}>
						<thead><tr><th scope="col">{t('patch.severity')}</th>{CLASSES.map(c => <th key={c} scope="col">{word('health', c === 'highly' ? 'highly_vulnerable' : c)}</th>)}</tr></thead>
						<tbody>
							{SEVERITIES.map(severity => (
								<tr key={severity}>
									<th scope="row"><span aria-hidden="true" className={`tk-glyph tk-sevtext-${severity}`}>{GLYPH[severity]}</span> {word('severity', severity)}</th>
									{CLASSES.map(c => {
										const s = find(`health.${c}.${severity}`);
										return <td key={c}>{s && number(s, t(`setting.health.${c}.${severity}`))}</td>;
									})}
								</tr>
							))}
						</tbody>
					</table>
					<p className="tk-small">{t('healthPolicy.zero')}</p>
					{stale && (
						<FormGroup fieldId="set-stale" label={t('setting.agent.stale_scan_s')}>
							<DurationInput id="set-stale" value={edit.text(stale)} invalid={!validNumber(stale, edit.text(stale))} onChange={v => edit.put(stale, v)} />
							<p className="tk-small">{t('settingHelp.agent.stale_scan_s')} {t('settings.default')}: {durationText(t, Number(stale.default))} · {t('settings.range', { min: durationText(t, stale.min ?? 0), max: durationText(t, stale.max ?? 0) })}</p>
						</FormGroup>
					)}
				</Card>
				<Preview values={edit.values} changed={edit.changed.length > 0} valid={edit.bad.length === 0} />
			</div>
			<SaveRow edit={edit} />
		</Form>
	);
}

function Preview({ values, changed, valid }: { values: Record<string, Setting['value']>; changed: boolean; valid: boolean }) {
	const { t, number, word } = useI18n();
	const query = useQuery({
		queryKey: ['systems', 'health-preview', values], enabled: valid, placeholderData: keepPreviousData,
		queryFn: ({ signal }) => take(api.POST('/health-policy:preview', { body: { values }, signal })),
	});
	const d = query.data;
	return (
		<Card title={t('healthPolicy.preview')}>
			{!!query.error && <Failure error={query.error} />}
			{d && (
				<>
					<table className="tk-table tk-policy" aria-label={t('healthPolicy.preview')}>
						<thead><tr><th scope="col">{t('system.health')}</th><th scope="col" className="tk-num">{t('healthPolicy.now')}</th><th scope="col" className="tk-num">{t('healthPolicy.then')}</th></tr></thead>
						<tbody>{HEALTHS.map(h => <tr key={h}><th scope="row"><Health value={h} /></th><td className="tk-num">{number(d.before[h])}</td><td className="tk-num">{d.after[h] === d.before[h] ? number(d.after[h]) : <strong>{number(d.after[h])}</strong>}</td></tr>)}</tbody>
					</table>
					<div role="status">
						{!changed ? <p className="tk-small">{t('healthPolicy.unchanged')}</p>
							: d.moves.length === 0 ? <p>{t('healthPolicy.noMoves')}</p>
								: (
									<>
										<p><strong>{t('healthPolicy.moves', { n: d.moves.reduce((n, m) => n + m.systems, 0) })}</strong></p>
										<ul>{d.moves.map(m => <li key={`${m.from} ${m.to}`}>{word('health', m.from)} → {word('health', m.to)}: {t('list.systems', { n: m.systems })}</li>)}</ul>
									</>
								)}
					</div>
				</>
			)}
		</Card>
	);
}
