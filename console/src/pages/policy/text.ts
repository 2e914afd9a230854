// SPDX-License-Identifier: Apache-2.0
// A schedule in a person's words.
import type { Schemas } from '../../api/client';
import { useI18n, type Key } from '../../i18n';

export type Schedule = Schemas['PolicySchedule'];
export type Window = NonNullable<Schedule['windows']>[number];
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** "Sun 13:00–17:00 · week 2", joined. */
export function useWindowText(): (s: Schedule | null) => string {
	const { t } = useI18n();
	const one = (w: Window, basis: Schedule['basis']) => {
		const days = w.weekdays?.length ? w.weekdays.map(d => t(`weekday.${d}` as Key)).join(t('policies.dayJoin')) : t('policies.everyDay');
		const weeks = (w.weeks ?? []).map(k => k === 'last' ? t('policies.lastWeek') : t(basis === 'patch_tuesday' ? 'policies.tuesdayWeek' : 'policies.week', { k }));
		return `${days} ${w.start}–${w.end}${weeks.length ? ` (${weeks.join(', ')})` : ''}`;
	};
	return s => s?.windows?.length ? s.windows.map(w => one(w, s.basis)).join('; ') : t('policies.anytime');
}
