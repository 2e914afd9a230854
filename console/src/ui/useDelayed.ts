// SPDX-License-Identifier: Apache-2.0
// True once `on` has lasted `ms`: a quick answer never flashes a skeleton.
import { useEffect, useState } from 'react';

export function useDelayed(on: boolean, ms: number): boolean {
	const [late, setLate] = useState(false);
	useEffect(() => {
		if (!on) {
			setLate(false);
			return;
		}
		const timer = setTimeout(() => setLate(true), ms);
		return () => clearTimeout(timer);
	}, [on, ms]);
	return on && late;
}
