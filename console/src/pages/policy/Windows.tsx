// SPDX-License-Identifier: Apache-2.0
// The windows of a schedule: weeks, weekdays and times, as rows.
import { useI18n, type Key } from '../../i18n';
import { Button, TextInput } from '../../ui/basic';
import { WEEKDAYS, type Schedule, type Window } from './text';

type Week = NonNullable<Window['weeks']>[number];

function toggle<T>(list: T[] | undefined, x: T): T[] {
	return list?.includes(x) ? list.filter(y => y !== x) : [...(list ?? []), x];
}

function Boxes<T extends string | number>({ legend, all, allLabel, chosen, name, put }: {
	legend: string; all: readonly T[]; allLabel: string; chosen: T[] | undefined; name: (x: T) => string; put: (list: T[]) => void;
}) {
	return (
		<fieldset className="tk-boxes">
			<legend>{legend}</legend>
			<label className="tk-box"><input type="checkbox" checked={!chosen?.length} onChange={() => put([])} />{allLabel}</label>
			{all.map(x => (
				<label key={x} className="tk-box"><input type="checkbox" checked={!!chosen?.includes(x)} onChange={() => put(toggle(chosen, x))} />{name(x)}</label>
			))}
		</fieldset>
	);
}

export function Windows({ schedule, put }: { schedule: Schedule; put: (windows: Window[]) => void }) {
	const { t } = useI18n();
	const windows = schedule.windows ?? [];
	const tuesday = schedule.basis === 'patch_tuesday';
	const weeks: Week[] = tuesday ? [0, 1, 2, 3, 4, 'last'] : [1, 2, 3, 4, 5, 'last'];
	const set = (i: number, w: Partial<Window>) => put(windows.map((old, k) => k === i ? { ...old, ...w } : old));
	return (
		<>
			{windows.length === 0 && <p>{t('policy.noWindows')}</p>}
			{windows.map((w, i) => (
				<fieldset key={i} className="tk-part tk-window">
					<legend>{t('policy.window', { n: i + 1 })}</legend>
					<div className="tk-row">
						<label htmlFor={`w${i}-start`}>{t('policy.start')}</label>
						<TextInput id={`w${i}-start`} type="time" className="tk-clock" value={w.start} onChange={(_, v) => set(i, { start: v })} />
						<label htmlFor={`w${i}-end`}>{t('policy.end')}</label>
						<TextInput id={`w${i}-end`} type="time" className="tk-clock" value={w.end === '24:00' ? '00:00' : w.end} onChange={(_, v) => set(i, { end: v })} />
						{w.end !== '24:00' && w.start !== w.end && w.end < w.start && <span className="tk-small">{t('policy.nextDay')}</span>}
						<Button variant="link" aria-label={t('policy.dropWindow', { n: i + 1 })} onClick={() => put(windows.filter((_, k) => k !== i))}>{t('policy.drop')}</Button>
					</div>
					<Boxes legend={t('policy.weekdays')} all={WEEKDAYS} allLabel={t('policies.everyDay')} chosen={w.weekdays} name={d => t(`weekday.${d}` as Key)} put={weekdays => set(i, { weekdays })} />
					<Boxes legend={t('policy.weeks')} all={weeks} allLabel={t('policy.everyWeek')} chosen={w.weeks} put={list => set(i, { weeks: list })}
						name={k => k === 'last' ? t('policies.lastWeek') : t(tuesday ? 'policies.tuesdayWeek' : 'policies.week', { k })} />
				</fieldset>
			))}
			<div><Button variant="secondary" isDisabled={windows.length >= 32} onClick={() => put([...windows, { weeks: [], weekdays: ['sun'], start: '13:00', end: '17:00' }])}>{t('policy.addWindow')}</Button></div>
		</>
	);
}
