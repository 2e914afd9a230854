// SPDX-License-Identifier: Apache-2.0
// The next real windows as blocks on a week or a month, by the clocks of the systems' own zone. The same
// facts stand as text in the list beside it (Preview.tsx).
import { useState } from 'react';
import { useI18n, type Key } from '../../i18n';
import { Card } from '../../ui/basic';
import { AngleLeftIcon, AngleRightIcon } from '../../ui/Icon';
import { useNow } from '../../ui/Time';
import { blocksByDay, clock, daysOf, onClock, turn, type Block, type RealWindow, type View } from './days';
import { WEEKDAYS } from './text';

const HOURS = [0, 3, 6, 9, 12, 15, 18, 21];

export function Calendar({ windows, zone }: { windows: RealWindow[]; zone: string }) {
	const { t, lang } = useI18n();
	const today = onClock(new Date(useNow()).toISOString(), zone).day;
	const [view, setView] = useState<View>('month');
	const [at, setAt] = useState<string | null>(null);
	const byDay = blocksByDay(windows, zone);
	const first = windows[0] ? onClock(windows[0].start, zone).day : today;
	const day = at ?? first;
	const days = daysOf(view, day);
	const marked = [...byDay.keys()].sort();
	const inside = (d: string) => view === 'week' || d.slice(0, 7) === day.slice(0, 7);
	const shown = days.filter(inside);
	const earlier = (marked[0] ?? first) < shown[0]! || today < shown[0]!;
	const later = (marked[marked.length - 1] ?? first) > shown[shown.length - 1]!;
	const named = (d: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(lang, { timeZone: 'UTC', ...options }).format(new Date(`${d}T00:00:00Z`));
	const title = view === 'month'
		? named(`${day.slice(0, 7)}-01`, { year: 'numeric', month: 'long' })
		: `${named(days[0]!, { year: 'numeric', month: 'long', day: 'numeric' })} – ${named(days[6]!, { month: 'long', day: 'numeric' })}`;
	const said = (b: Block) => b.to - b.from === 1440 ? t('windowCal.wholeDay') : `${clock(b.from)}–${clock(b.to)}`;
	const blocks = (d: string) => byDay.get(d) ?? [];
	return (
		<Card title={t('windowCal.title', { n: windows.length })} extra={<span>{t('windowCal.clocks', { zone })}</span>}>
			<div className="tk-toolbar">
				<div className="tk-row" role="group" aria-label={t('windowCal.view')}>
					{(['month', 'week'] as const).map(v => <button key={v} type="button" className="tk-link" aria-pressed={view === v} onClick={() => setView(v)}>{t(`windowCal.${v}`)}</button>)}
				</div>
				<span className="tk-grow-space" />
				<button type="button" className="tk-icon-button" aria-label={t('windowCal.earlier')} title={t('windowCal.earlier')} disabled={!earlier} onClick={() => setAt(turn(view, day, -1))}><AngleLeftIcon /></button>
				<strong role="status">{title}</strong>
				<button type="button" className="tk-icon-button" aria-label={t('windowCal.later')} title={t('windowCal.later')} disabled={!later} onClick={() => setAt(turn(view, day, 1))}><AngleRightIcon /></button>
			</div>
			<table className={`tk-cal tk-cal-${view}`} aria-label={`${t('windowCal.title', { n: windows.length })} ${title}`}>
				<thead>
					<tr>
						{view === 'week' && <td className="tk-cal-hours" />}
						{WEEKDAYS.map((w, n) => (
							<th key={w} scope="col" aria-current={view === 'week' && days[n] === today ? 'date' : undefined}>
								{t(`weekday.${w}` as Key)}{view === 'week' && ` ${named(days[n]!, { month: 'numeric', day: 'numeric' })}`}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{view === 'month'
						? days.filter((_, n) => n % 7 === 0).map((monday, week) => (
							<tr key={monday}>
								{days.slice(week * 7, week * 7 + 7).map(d => (
									<td key={d} className={inside(d) ? undefined : 'tk-cal-out'} aria-current={d === today ? 'date' : undefined}>
										<span className="tk-cal-day">{Number(d.slice(8))}</span>
										<ul>{blocks(d).map(b => <li key={b.window} className="tk-cal-block">{said(b)}</li>)}</ul>
									</td>
								))}
							</tr>
						))
						: (
							<tr>
								<td className="tk-cal-hours" aria-hidden="true">{HOURS.map(h => <span key={h} style={{ top: `${h / 24 * 100}%` }}>{clock(h * 60)}</span>)}</td>
								{days.map(d => (
									<td key={d}>
										<ul className="tk-cal-column">
											{blocks(d).map(b => (
												<li key={b.window} className="tk-cal-block" style={{ top: `${b.from / 14.4}%`, height: `${(b.to - b.from) / 14.4}%` }} title={said(b)}>{said(b)}</li>
											))}
										</ul>
									</td>
								))}
							</tr>
						)}
				</tbody>
			</table>
			{shown.every(d => blocks(d).length === 0) && <p className="tk-small">{t('windowCal.none')}</p>}
		</Card>
	);
}
