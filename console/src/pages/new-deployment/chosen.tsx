// SPDX-License-Identifier: Apache-2.0
// What the sections of chosen patches and chosen systems share.
import type { Selection } from '../../api/queries';

/** More ids than this are not fetched one by one; the count stands for them. */
export const SHOWN = 50;

/** The filter of a selection, as it was in the list's address. */
export function describeFilter(s: Selection) {
	const parts = Object.entries(s.filter ?? {}).map(([k, v]) => `${k}=${v}`);
	return parts.length ? <> <code>{parts.join(' ')}</code></> : null;
}
