// SPDX-License-Identifier: Apache-2.0
// Targets that are not named one by one: offices, groups, address ranges, a filter; what is left out;
// and whether systems that come to match later count.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '../../../api/client';
import { useAllOffices, useGroups, type Targets } from '../../../api/queries';
import { useI18n } from '../../../i18n';
import { FormGroup, Note, Radio, TextArea } from '../../../ui/basic';
import { Criteria, FilterProblem, Found } from '../../group/Criteria';
import { useSettled } from '../../../ui/useSettled';
import { targetsOf, type SectionProps } from '../draft';

type Part = NonNullable<Targets['exclude']>;

/** What the chosen targets mean now, whatever they miss. */
function useResolved(targets: Targets | undefined) {
	const settled = useSettled(JSON.stringify(targets ?? null), 300);
	const body = JSON.parse(settled) as Targets | null;
	return useQuery({
		enabled: !!body, queryKey: ['systems', 'targets', settled], placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => take(api.POST('/targets:preview', { body: { targets: body! }, signal })),
	});
}

export function Where({ draft, change }: SectionProps) {
	const { t, number, maybe } = useI18n();
	const targets = draft.targets ?? {};
	const set = (part: Partial<Targets>) => change({ targets: { ...targets, ...part } });
	const dynamic = targets.mode === 'dynamic';
	const chosen = targetsOf(draft);
	const found = useResolved(chosen);
	const platforms = Object.entries(found.data?.platforms ?? {});
	return (
		<>
			<Parts id="in" part={targets} put={part => set(part)} filterHelp={t('targets.filterHelp')} />
			<details className="tk-technical" open={draft.targets?.exclude ? true : undefined}>
				<summary>{t('targets.exclude')}</summary>
				<Parts id="out" part={targets.exclude ?? {}} put={part => set({ exclude: { ...targets.exclude, ...part } })} filterHelp={t('targets.excludeFilterHelp')} />
			</details>
			{!draft.operation && (
				<fieldset className="tk-radios">
					<legend>{t('targets.mode')}</legend>
					<Radio id="m-frozen" name="mode" label={t('targets.frozen')} description={t('targets.frozenHelp')} isChecked={!dynamic} onChange={() => set({ mode: 'frozen' })} />
					<Radio id="m-dynamic" name="mode" label={t('targets.dynamic')} description={t('targets.dynamicHelp')} isChecked={dynamic} onChange={() => set({ mode: 'dynamic' })} />
				</fieldset>
			)}
			{!!found.error && <FilterProblem error={found.error} />}
			{chosen && found.data && !found.error && (
				<>
					<Found count={found.data.count} sample={found.data.sample} />
					{platforms.length > 1 && <Note tone="info" title={t('targets.mixed', { list: platforms.map(([p, n]) => `${maybe(`platform.${p}`) ?? p} ${number(n)}`).join(', ') })} />}
				</>
			)}
		</>
	);
}

function toggle(list: string[] | undefined, x: string): string[] {
	return list?.includes(x) ? list.filter(y => y !== x) : [...(list ?? []), x];
}

function Boxes({ legend, items, chosen, put }: { legend: string; items: { id: string; name: string }[]; chosen: string[] | undefined; put: (list: string[]) => void }) {
	if (items.length === 0)
		return null;
	return (
		<fieldset className="tk-boxes">
			<legend>{legend}</legend>
			{items.map(x => <label key={x.id} className="tk-box"><input type="checkbox" checked={!!chosen?.includes(x.id)} onChange={() => put(toggle(chosen, x.id))} />{x.name}</label>)}
		</fieldset>
	);
}

function Parts({ id, part, put, filterHelp }: { id: string; part: Part; put: (part: Part) => void; filterHelp: string }) {
	const { t, word } = useI18n();
	const offices = useAllOffices();
	const groups = useGroups({ limit: 200 });
	const [ranges, setRanges] = useState((part.ip_ranges ?? []).join('\n'));
	return (
		<div className="tk-criteria">
			<Boxes legend={t('targets.offices')} items={(offices.data ?? []).map(o => ({ id: o.id, name: word('office', o.id) }))} chosen={part.offices} put={list => put({ offices: list })} />
			<Boxes legend={t('targets.groups')} items={(groups.data?.items ?? []).map(g => ({ id: g.id, name: g.name }))} chosen={part.groups} put={list => put({ groups: list })} />
			<FormGroup label={t('targets.ranges')} fieldId={`${id}-ranges`}>
				<TextArea id={`${id}-ranges`} rows={2} resizeOrientation="vertical" className="tk-mono" placeholder={'10.0.0.0/24\n10.0.1.5-10.0.1.9'} value={ranges} onChange={(_, v) => {
					setRanges(v);
					put({ ip_ranges: v.split(/[\n,]/).map(s => s.trim()).filter(Boolean) });
				}} />
			</FormGroup>
			<fieldset className="tk-radios">
				<legend>{t('targets.filter')}</legend>
				<p className="tk-small">{filterHelp}</p>
				<Criteria id={`${id}-filter`} value={part.filter ?? ''} onChange={filter => put({ filter })} />
			</fieldset>
		</div>
	);
}
