// SPDX-License-Identifier: Apache-2.0
// A time zone of the IANA database.
const ZONES = (() => {
	try {
		return ['UTC', ...Intl.supportedValuesOf('timeZone')];
	} catch {
		return ['UTC', 'Asia/Tokyo'];
	}
})();

/** The zone of this browser. */
export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export function ZoneSelect({ id, value, onChange, none }: {
	id: string; value: string; onChange: (zone: string) => void;
	/** Name of the choice of no zone (''); absent = there must be one. */
	none?: string;
}) {
	return (
		<select id={id} className="tk-select" value={value} onChange={e => onChange(e.target.value)}>
			{none !== undefined && <option value="">{none}</option>}
			{[...new Set([...(value ? [value] : []), ...ZONES])].map(z => <option key={z} value={z}>{z}</option>)}
		</select>
	);
}
