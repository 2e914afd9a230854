// SPDX-License-Identifier: Apache-2.0
// Short messages after an action, said politely to screen readers too. Failures stay until closed.
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { Technical, useProblem } from './basic';
import { CloseIcon } from './Icon';

interface Toast {
	id: number;
	tone: 'success' | 'danger';
	text: string;
	note?: string;
}
const Context = createContext<{ done: (text: string) => void; failed: (e: unknown) => void; ended: (text: string, note?: string) => void } | null>(null);

export function Toasts({ children }: { children: ReactNode }) {
	const { t } = useI18n();
	const describe = useProblem();
	const latest = useRef(describe);
	latest.current = describe;
	const next = useRef(1);
	const [list, setList] = useState<Toast[]>([]);
	const drop = useCallback((id: number) => setList(l => l.filter(x => x.id !== id)), []);
	const add = useCallback((x: Omit<Toast, 'id'>) => {
		const id = next.current++;
		setList(l => [...l.slice(-3), { ...x, id }]);
		if (x.tone === 'success')
			setTimeout(() => drop(id), 8000);
	}, [drop]);
	const value = useMemo(() => ({
		done: (text: string) => add({ tone: 'success', text }),
		/** Something that ran by itself ended badly. */
		ended: (text: string, note?: string) => add({ tone: 'danger', text, note }),
		failed: (e: unknown) => {
			const p = latest.current(e);
			add({ tone: 'danger', text: p.title, note: [p.detail, p.requestId].filter(Boolean).join(' · ') });
		},
	}), [add]);
	return (
		<Context.Provider value={value}>
			{children}
			<div className="tk-toasts" role="status" aria-live="polite">
				{list.map(x => (
					<div key={x.id} className={`tk-toast tk-toast-${x.tone}`}>
						<span aria-hidden="true">{x.tone === 'success' ? '✓' : '!'}</span>
						<div>{x.text}{x.note && <Technical text={x.note} />}</div>
						<button type="button" className="tk-icon-button" aria-label={t('action.close')} onClick={() => drop(x.id)}><CloseIcon /></button>
					</div>
				))}
			</div>
		</Context.Provider>
	);
}

export function useToast() {
	const v = useContext(Context);
	if (!v)
		throw new Error('useToast() outside of <Toasts>');
	return v;
}
