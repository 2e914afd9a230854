// SPDX-License-Identifier: Apache-2.0
// A button that opens a panel or a list of choices, and the filter menu with counts. Escape and a click
// outside close it; focus returns to the button.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { AngleDownIcon } from './Icon';

export function Popup({ label, button, children, className, align, plain, onOpen }: {
	/** Accessible name when the button holds only a picture. */
	label?: string; button: ReactNode; children: (close: () => void) => ReactNode; className?: string;
	align?: 'right'; plain?: boolean; onOpen?: () => void;
}) {
	const [open, setOpen] = useState(false);
	const root = useRef<HTMLDivElement>(null);
	const toggle = useRef<HTMLButtonElement>(null);
	const id = useId();
	useEffect(() => {
		if (!open)
			return;
		const outside = (e: Event) => {
			if (!root.current?.contains(e.target as Node))
				setOpen(false);
		};
		const esc = (e: KeyboardEvent) => {
			if (e.key === 'Escape') {
				setOpen(false);
				toggle.current?.focus();
			}
		};
		document.addEventListener('mousedown', outside);
		document.addEventListener('focusin', outside);
		document.addEventListener('keydown', esc);
		return () => {
			document.removeEventListener('mousedown', outside);
			document.removeEventListener('focusin', outside);
			document.removeEventListener('keydown', esc);
		};
	}, [open]);
	return (
		<div className={`tk-popup ${className ?? ''}`} ref={root}>
			<button type="button" ref={toggle} className={plain ? 'tk-plain-toggle' : 'tk-toggle'} aria-expanded={open} aria-controls={open ? id : undefined}
				aria-label={label} title={label}
				onClick={() => {
					if (!open)
						onOpen?.();
					setOpen(!open);
				}}>
				{button}
				{!plain && <AngleDownIcon className="tk-caret" />}
			</button>
			{open && (
				<div id={id} className={align === 'right' ? 'tk-panel tk-panel-right' : 'tk-panel'}>
					{children(() => {
						setOpen(false);
						toggle.current?.focus();
					})}
				</div>
			)}
		</div>
	);
}

export interface Choice {
	value: string;
	label: ReactNode;
	text: string;
	count?: number;
}

/** Several values at once, with the number of hits behind each. */
export function FilterMenu({ name, choices, chosen, onChange }: { name: string; choices: Choice[]; chosen: string[]; onChange: (v: string[]) => void }) {
	const { t, number } = useI18n();
	const [find, setFind] = useState('');
	const shown = find ? choices.filter(c => c.text.toLowerCase().includes(find.toLowerCase())) : choices;
	return (
		<Popup button={<>{name}{chosen.length > 0 && <span className="tk-badge">{number(chosen.length)}</span>}</>} onOpen={() => setFind('')}>
			{() => (
				<fieldset className="tk-choices">
					<legend className="tk-sr">{name}</legend>
					{choices.length > 10 && (
						<input type="search" className="tk-input" value={find} aria-label={t('filter.find', { name })} placeholder={t('filter.find', { name })}
							onChange={e => setFind(e.target.value)} />
					)}
					{shown.map(c => (
						<label key={c.value}>
							<input type="checkbox" checked={chosen.includes(c.value)}
								onChange={e => onChange(e.target.checked ? [...chosen, c.value] : chosen.filter(v => v !== c.value))} />
							<span className="tk-choice-text">{c.label}</span>
							{c.count !== undefined && <span className="tk-choice-count">{number(c.count)}</span>}
						</label>
					))}
					{shown.length === 0 && <p className="tk-none">{t('filter.noValues')}</p>}
				</fieldset>
			)}
		</Popup>
	);
}

/** A list of actions or single choices. */
export function ActionList({ items, close }: {
	items: { id: string; label: ReactNode; onSelect: () => void; current?: boolean; danger?: boolean }[]; close: () => void;
}) {
	return (
		<ul className="tk-actions">
			{items.map(i => (
				<li key={i.id}>
					<button type="button" aria-pressed={i.current} className={i.danger ? 'tk-danger-text' : undefined}
						onClick={() => {
							close();
							i.onSelect();
						}}>
						<span aria-hidden="true" className="tk-tick">{i.current ? '✓' : ''}</span>{i.label}
					</button>
				</li>
			))}
		</ul>
	);
}
