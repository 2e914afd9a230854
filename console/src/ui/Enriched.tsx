// SPDX-License-Identifier: Apache-2.0
// What others say about vulnerabilities and releases, always with the date of the data.
import type { Schemas } from '../api/client';
import { useI18n } from '../i18n';
import { Facts } from './basic';
import { Time } from './Time';

const None = () => <span className="tk-none">–</span>;

export function Kev({ kev }: { kev: Schemas['Kev'] | null }) {
	const { t, date } = useI18n();
	if (!kev)
		return <None />;
	const said = [kev.cve, kev.name, kev.added && t('kev.addedOn', { date: date(kev.added) }), kev.date && t('enrich.dataOf', { date: date(kev.date) })].filter(Boolean).join(' · ');
	return <span className="tk-nowrap" title={said}><span className="tk-danger-text">▲ {t('kev.yes')}</span>{kev.ransomware && <span className="tk-small tk-danger-text"> {t('kev.ransomwareShort')}</span>}</span>;
}

export function Epss({ epss }: { epss: Schemas['Epss'] | null }) {
	const { t, date, lang } = useI18n();
	if (!epss)
		return <None />;
	const percent = (x: number) => new Intl.NumberFormat(lang, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(x);
	const said = [epss.cve, epss.percentile !== null && t('epss.percentile', { n: percent(epss.percentile) }), epss.date && t('enrich.dataOf', { date: date(epss.date) })].filter(Boolean).join(' · ');
	return <span title={said}>{percent(epss.score)}</span>;
}

/** What CISA says of the patch; without data it says so instead of "no". */
export function KevFacts({ kev, source }: { kev: Schemas['Kev'] | null; source: Schemas['EnrichmentSource'] | null }) {
	const { t } = useI18n();
	if (!source)
		return <p className="tk-none">{t('kev.noData')}</p>;
	if (!kev)
		return <p>{t('kev.notListed')}</p>;
	return (
		<Facts items={[
			[t('kev.name'), <span key="n" lang="en">{kev.name}</span>],
			[t('kev.added'), <Time key="a" at={kev.added} date />],
			[t('kev.due'), <Time key="d" at={kev.due} date />],
			[t('kev.ransomware'), t(kev.ransomware ? 'kev.ransomwareKnown' : 'kev.ransomwareUnknown')],
		]} />
	);
}

export function SourceDate({ name, source }: { name: string; source: Schemas['EnrichmentSource'] | null }) {
	const { t } = useI18n();
	return (
		<p className="tk-small">
			<span translate="no">{name}</span>: {source
				? <>{t('enrich.dataDate')} <Time at={source.date} date none={t('enrich.noDate')} /> · {t('prov.fetched')} <Time at={source.fetched} /></>
				: t('enrich.never')}
		</p>
	);
}

export function LifecycleState({ l }: { l: Schemas['Lifecycle'] }) {
	const { word } = useI18n();
	const tone = l.state === 'end_of_life' ? 'tk-danger-text' : l.state === 'extended' ? 'tk-warn-text' : l.state === 'unknown' ? 'tk-none' : '';
	return <span className={tone}>{l.state === 'end_of_life' && <span aria-hidden="true">▲ </span>}{word('lifecycle', l.state)}</span>;
}

export function LifecycleFacts({ l }: { l: Schemas['Lifecycle'] }) {
	const { t } = useI18n();
	return (
		<>
			<LifecycleState l={l} />
			{l.security_end && <div className="tk-small">{t('lifecycle.securityEnd')} <Time at={l.security_end} date /></div>}
			{l.extended_end && <div className="tk-small">{t(l.extended_is_free ? 'lifecycle.extendedEnd' : 'lifecycle.extendedEndPaid')} <Time at={l.extended_end} date /></div>}
			{l.date && <div className="tk-small tk-none">endoflife.date · {t('enrich.dataDate')} <Time at={l.date} date /></div>}
		</>
	);
}
