// SPDX-License-Identifier: Apache-2.0
// A length of time as people say it: a number and a unit; seconds on the wire.
import { useState } from 'react';
import { useI18n, type Key } from '../i18n';
import { TextInput } from './basic';

const UNITS = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]] as const;
type Unit = (typeof UNITS)[number][0];
const length = (u: Unit) => UNITS.find(x => x[0] === u)![1];
/** The largest unit that says it without a rest. */
const unitOf = (s: number): Unit => UNITS.find(([, n]) => s % n === 0 && s >= n)?.[0] ?? 'second';

/** "7 日", "1 日 2 時間", "90 秒". */
export function durationText(t: (key: Key, params: { n: number }) => string, seconds: number): string {
	let rest = seconds;
	const parts: string[] = [];
	for (const [unit, n] of UNITS) {
		const many = Math.floor(rest / n);
		rest -= many * n;
		if (many > 0)
			parts.push(t(`duration.${unit}`, { n: many }));
	}
	return parts.join(' ') || t('duration.second', { n: 0 });
}

export function DurationInput({ id, value, onChange, invalid }: { id: string; value: string; onChange: (seconds: string) => void; invalid: boolean }) {
	const { t } = useI18n();
	const seconds = Number(value);
	const [unit, setUnit] = useState<Unit>(() => unitOf(seconds));
	const [text, setText] = useState(() => value === '' ? '' : String(seconds / length(unitOf(seconds))));
	// A value from elsewhere (undo) is shown anew.
	const mine = text.trim() === '' ? '' : String(Number(text) * length(unit));
	if (value !== mine && value !== '' && Number.isFinite(seconds)) {
		setUnit(unitOf(seconds));
		setText(String(seconds / length(unitOf(seconds))));
	}
	const put = (next: string, u: Unit) => {
		setText(next);
		setUnit(u);
		onChange(next.trim() === '' ? '' : String(Number(next) * length(u)));
	};
	return (
		<div className="tk-row tk-duration">
			<TextInput id={id} type="number" min={0} value={text} autoComplete="off" validated={invalid ? 'error' : 'default'} onChange={(_, v) => put(v, unit)} />
			<select className="tk-select" aria-label={t('duration.unit')} value={unit} onChange={e => put(text, e.target.value as Unit)}>
				{UNITS.map(([u]) => <option key={u} value={u}>{t(`durationUnit.${u}`)}</option>)}
			</select>
		</div>
	);
}
