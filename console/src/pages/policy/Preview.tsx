// SPDX-License-Identifier: Apache-2.0
// The next real windows of the schedule as it stands in the form, from the module the agents use.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, take } from '../../api/client';
import { useI18n, type Key } from '../../i18n';
import { Card, Failure, Note } from '../../ui/basic';
import type { Schedule } from './text';

function useSettled<T>(value: T, ms: number): T {
	const [settled, set] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => set(value), ms);
		return () => clearTimeout(timer);
	}, [value, ms]);
	return settled;
}

export function Preview({ schedule }: { schedule: Schedule }) {
	const { t, lang, zone } = useI18n();
	const shown = schedule.zone ?? zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
	const settled = useSettled(schedule, 300);
	const next = useQuery({
		queryKey: ['policies', 'preview', settled, shown], placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => take(api.POST('/deployment-policies:preview', { body: { schedule: settled, zone: shown, count: 12 }, signal })),
	});
	const day = new Intl.DateTimeFormat(lang, { timeZone: shown, year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
	return (
		<Card title={t('policy.next')}>
			<p className="tk-small">{schedule.zone ? t('policy.nextFixed', { zone: shown }) : t('policy.nextOwn', { zone: shown })}</p>
			{!!next.error && <Failure error={next.error} />}
			{!next.error && next.data?.warnings.map(w => <Note key={w} tone="warning" title={t(`policy.warn.${w}` as Key)} />)}
			{!next.error && next.data && (
				<ol className="tk-windows" data-windows={next.data.windows.length}>
					{next.data.windows.map(w => (
						<li key={w.start}>{day.format(new Date(w.start))} – {w.end ? day.format(new Date(w.end)) : t('policy.noEnd')}</li>
					))}
				</ol>
			)}
		</Card>
	);
}
