// SPDX-License-Identifier: Apache-2.0
// All plans of a deployment as one: what happens on how many systems, what is taken away first. What systems have
// not told is said to be unknown.
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Card, Facts, Note } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';

type Summary = Schemas['PlanSummary'];

/** drift: what was permitted, of a deployment whose plans are approved. */
export function PlanSummary({ summary: s, drift }: { summary: Summary; drift?: Schemas['PlanList']['drift'] }) {
	const { t, number, word, bytes } = useI18n();
	const unknown = <span className="tk-none">{t('plans.unknown')}</span>;
	const told = s.systems === s.with_details ? '' : ` ${t('plans.toldBy', { n: s.with_details, of: number(s.systems) })}`;
	const reboots = s.reboots === null ? unknown : <>{t('plans.systems', { n: s.reboots })}{s.reboot_evidence.length > 0 && ` (${s.reboot_evidence.slice(0, 5).map(r => `${r.package}: ${number(r.systems)}`).join(', ')})`}</>;
	return (
		<>
			{!!s.no_room && <Note tone="danger" title={t('plans.noRoom', { n: s.no_room })}>{t('plans.noRoomText')}</Note>}
			<Card title={t('plans.whole', { n: s.systems })}>
				<Facts items={[
					[t('plans.download'), s.download === null ? unknown : t('plans.downloadOf', { all: bytes(s.download), most: bytes(s.download_max ?? 0) }) + told],
					[t('plans.disk'), s.disk_max === null ? unknown : diskText(t, bytes, s.disk_max) + told],
					[t('plans.reboots'), reboots],
					...(drift ? [[t('plans.drift'), t(`planDrift.${drift}`)]] : []),
				] as [string, ReactNode][]} />
				<DataTable label={t('plans.packages')} keyboard={false} rows={s.packages} rowId={p => `${p.action} ${p.name} ${p.arch}`} rowName={p => p.name} empty={null} columns={[
					{ id: 'action', header: t('plans.action'), cell: p => word('planAction', p.action) },
					{ id: 'name', header: t('component.name'), fixed: true, cell: p => `${p.name}:${p.arch}` },
					{ id: 'to', header: t('plans.to'), grow: true, cell: p => p.to.length ? <span className="tk-mono">{p.to.join(', ')}</span> : <span className="tk-none">–</span> },
					{ id: 'systems', header: t('plans.count'), numeric: true, cell: p => number(p.systems) },
				]} />
				{s.packages_total > s.packages.length && <p className="tk-small">{t('plans.more', { n: s.packages_total - s.packages.length })}</p>}
				{s.config_files.length > 0 && (
					<DataTable label={t('plans.configFiles')} keyboard={false} rows={s.config_files} rowId={f => `${f.package} ${f.path}`} rowName={f => f.path} empty={null} columns={[
						{ id: 'path', header: t('plans.configFiles'), fixed: true, grow: true, cell: f => <span className="tk-mono">{f.path}</span> },
						{ id: 'package', header: t('component.name'), cell: f => f.package },
						{ id: 'fate', header: t('plans.fate'), words: true, cell: f => t(`planFate.${f.fate}`) },
						{ id: 'systems', header: t('plans.count'), numeric: true, cell: f => number(f.systems) },
					]} />
				)}
				{s.services.length > 0 && (
					<DataTable label={t('plans.services')} keyboard={false} rows={s.services} rowId={x => x.unit} rowName={x => x.unit} empty={null} columns={[
						{ id: 'unit', header: t('plans.services'), fixed: true, grow: true, cell: x => <span className="tk-mono">{x.unit}</span> },
						{ id: 'systems', header: t('plans.count'), numeric: true, cell: x => number(x.systems) },
					]} />
				)}
			</Card>
		</>
	);
}

type T = ReturnType<typeof useI18n>['t'];

/** By how much a disk fills, or how much more room there will be. */
export function diskText(t: T, bytes: (n: number) => string, n: number): string {
	if (n === 0)
		return t('plans.diskSame');
	return n < 0 ? t('plans.diskLess', { size: bytes(-n) }) : t('plans.diskMore', { size: bytes(n) });
}
