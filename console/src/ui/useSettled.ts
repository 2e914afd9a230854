// SPDX-License-Identifier: Apache-2.0
// A value once it has stood still for a while: what is asked of the server while somebody types.
import { useEffect, useState } from 'react';

export function useSettled<T>(value: T, ms: number): T {
	const [settled, set] = useState(value);
	useEffect(() => {
		const timer = setTimeout(() => set(value), ms);
		return () => clearTimeout(timer);
	}, [value, ms]);
	return settled;
}
