// SPDX-License-Identifier: Apache-2.0
// The next real windows of the schedule as it stands in the form, from the module the agents use: as text.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { useI18n, type Key } from '../../i18n';
import { Card, Failure, FormGroup, Loading, Note } from '../../ui/basic';
import { useSettled } from '../../ui/useSettled';
import { browserZone, ZoneSelect } from '../../ui/ZoneSelect';
import { clock, onClock, type RealWindow } from './days';
import type { Schedule } from './text';

/** The next twelve windows for a system in `zone`; a zone of the schedule's own wins. */
export function useNextWindows(schedule: Schedule, zone: string) {
	const settled = useSettled(schedule, 300);
	return useQuery({
		queryKey: ['policy-preview', settled, zone], placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => take(api.POST('/deployment-policies:preview', { body: { schedule: settled, zone, count: 12 }, signal })),
	});
}

export function Preview({ schedule, next, zone, onZone }: { schedule: Schedule; next: ReturnType<typeof useNextWindows>; zone: string; onZone: (zone: string) => void }) {
	const { t, lang, zone: mine } = useI18n();
	const own = mine ?? browserZone();
	const moment = (at: { day: string; minute: number }) => `${at.day} (${new Intl.DateTimeFormat(lang, { timeZone: 'UTC', weekday: 'short' }).format(new Date(`${at.day}T00:00:00Z`))}) ${clock(at.minute)}`;
	const span = (timeZone: string, w: RealWindow) => {
		const from = onClock(w.start, timeZone), to = w.end && onClock(w.end, timeZone);
		return `${moment(from)} – ${!to ? t('policy.noEnd') : to.day === from.day ? clock(to.minute) : moment(to)}`;
	};
	return (
		<Card title={t('policy.next')}>
			{schedule.zone
				? <p className="tk-small">{t('policy.nextFixed', { zone })}</p>
				: (
					<FormGroup label={t('windowCal.zone')} fieldId="next-zone">
						<ZoneSelect id="next-zone" value={zone} onChange={onZone} />
						<p className="tk-small">{t('policy.nextOwn', { zone })}</p>
					</FormGroup>
				)}
			{!!next.error && <Failure error={next.error} retry={() => void next.refetch()} />}
			{next.isPending && <Loading />}
			{!next.error && next.data?.warnings.map(w => <Note key={w} tone="warning" title={t(`policy.warn.${w}` as Key)} />)}
			{!next.error && next.data && (
				<ol className="tk-windows" data-windows={next.data.windows.length}>
					{next.data.windows.map(w => (
						<li key={w.start}>{span(zone, w)}{zone !== own && <div className="tk-small">{t('windowCal.yours', { span: span(own, w) })}</div>}</li>
					))}
				</ol>
			)}
		</Card>
	);
}
