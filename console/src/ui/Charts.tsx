// SPDX-License-Identifier: Apache-2.0
// Small drawings in SVG: a stacked bar. Each has a sentence for those who do not see it.
export interface Segment {
	id: string;
	label: string;
	value: number;
	className: string;
}

/** Whole width; a segment that is not zero is at least 2 % wide, so it never vanishes. */
export function StackedBar({ segments, label, thin, total }: { segments: Segment[]; label: string; thin?: boolean; total?: number }) {
	const shown = segments.filter(s => s.value > 0);
	const sum = Math.max(total ?? 0, shown.reduce((n, s) => n + s.value, 0));
	const floor = 2;
	const raw = shown.map(s => (sum ? Math.max(floor, (s.value / sum) * 100) : 0));
	const over = raw.reduce((a, b) => a + b, 0);
	const scale = over > 100 ? 100 / over : 1;
	let x = 0;
	return (
		<svg className={thin ? 'tk-bar tk-bar-thin' : 'tk-bar'} viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={label}>
			<rect x="0" y="0" width="100" height="10" className="tk-bar-track" />
			{shown.map((s, i) => {
				const w = (raw[i] ?? 0) * scale;
				const r = <rect key={s.id} x={x} y="0" width={Math.max(0.1, w - (i < shown.length - 1 ? 0.4 : 0))} height="10" className={s.className} />;
				x += w;
				return r;
			})}
		</svg>
	);
}
