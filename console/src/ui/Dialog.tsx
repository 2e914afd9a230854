// SPDX-License-Identifier: Apache-2.0
// Dialog and drawer on the browser's own <dialog>: focus stays inside, Escape closes, focus returns.
// Dangerous ones put the first focus on "cancel" (mark it with data-first).
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { CloseIcon } from './Icon';

export function Dialog({ title, onClose, children, footer, drawer, wide, tone }: {
	title: ReactNode; onClose: () => void; children: ReactNode; footer?: ReactNode; drawer?: boolean; wide?: boolean; tone?: 'warning';
}) {
	const { t } = useI18n();
	const ref = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => {
		const d = ref.current;
		const before = document.activeElement;
		if (d && !d.open) {
			d.showModal();
			(d.querySelector<HTMLElement>('[data-first]') ?? d.querySelector<HTMLElement>('h2'))?.focus();
		}
		return () => {
			d?.close();
			if (before instanceof HTMLElement && before.isConnected)
				before.focus();
		};
	}, []);
	return (
		<dialog ref={ref} aria-labelledby={id} className={['tk-dialog', drawer ? 'tk-drawer' : '', wide ? 'tk-wide' : ''].join(' ')}
			onCancel={e => {
				e.preventDefault();
				onClose();
			}}
			onMouseDown={e => {
				if (e.target === ref.current)
					onClose();
			}}>
			<div className="tk-dialog-box">
				<header>
					<h2 id={id} tabIndex={-1}>{tone && <span className="tk-dialog-warn" aria-hidden="true">⚠</span>}{title}</h2>
					<button type="button" className="tk-icon-button" aria-label={t('action.close')} title={t('action.close')} onClick={onClose}><CloseIcon /></button>
				</header>
				<div className="tk-dialog-body">{children}</div>
				{footer && <footer>{footer}</footer>}
			</div>
		</dialog>
	);
}
