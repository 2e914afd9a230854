// SPDX-License-Identifier: Apache-2.0
// One search for everything: systems, patches, CVEs, deployments from the server, pages by their name.
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useSearchHits } from '../api/queries';
import { useI18n } from '../i18n';
import { SearchIcon } from '../ui/Icon';
import { isTyping } from '../ui/keys';
import { useUrl, withQuery } from '../ui/url';
import { patchPath, systemPath } from './paths';
import { NAV } from './tabs';

interface Hit {
	id: string;
	kind: string;
	title: string;
	sub: string;
	count?: number;
	to: string;
}

export function GlobalSearch() {
	const { t, word, number } = useI18n();
	const { navigate } = useUrl();
	const [text, setText] = useState('');
	const [asked, setAsked] = useState('');
	const [open, setOpen] = useState(false);
	const [at, setAt] = useState(0);
	const input = useRef<HTMLInputElement>(null);
	const listId = useId();

	useEffect(() => {
		const on = (e: KeyboardEvent) => {
			const slash = e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !isTyping(e.target);
			const k = e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey);
			if ((slash || k) && !document.querySelector('dialog[open]')) {
				e.preventDefault();
				input.current?.focus();
				input.current?.select();
			}
		};
		document.addEventListener('keydown', on);
		return () => document.removeEventListener('keydown', on);
	}, []);
	useEffect(() => {
		const timer = setTimeout(() => setAsked(text.trim().slice(0, 100)), 200);
		return () => clearTimeout(timer);
	}, [text]);
	const found = useSearchHits(asked);

	const hits = useMemo<Hit[]>(() => {
		const needle = text.trim().toLowerCase();
		if (needle.length < 1)
			return [];
		const pages = NAV.flatMap(tab => [...(tab.to ? [{ to: tab.to, name: tab.name, also: undefined }] : []), ...tab.pages])
			.filter(p => t(p.name).toLowerCase().includes(needle) || (p.also && t(p.also).toLowerCase().includes(needle)))
			.slice(0, 4)
			.map(p => ({ id: p.to, kind: 'page', title: t(p.name), sub: '', to: p.to }));
		const items = asked.length < 2 ? [] : (found.data?.items ?? []).map(h => ({
			id: h.id, kind: h.kind, title: h.title, sub: h.subtitle, count: h.count,
			to: h.kind === 'system' ? systemPath(h.id) : h.kind === 'patch' ? patchPath(h.id)
				: h.kind === 'cve' ? withQuery('/patches/supported', { q: h.id }) : `/deploy/tasks/${h.id}`,
		}));
		return [...items, ...pages];
	}, [text, asked, found.data, t]);
	useEffect(() => setAt(0), [hits.length, asked]);

	const go = (h: Hit | undefined) => {
		if (!h)
			return;
		setOpen(false);
		setText('');
		input.current?.blur();
		navigate(h.to);
	};
	const show = open && text.trim() !== '';
	return (
		<div className="tk-global" role="search" onBlur={e => {
			if (!e.currentTarget.contains(e.relatedTarget))
				setOpen(false);
		}}>
			<SearchIcon className="tk-search-icon" />
			<input ref={input} className="tk-input" type="text" role="combobox" autoComplete="off" spellCheck={false} aria-label={t('search.label')} placeholder={t('search.hint')}
				aria-expanded={show} aria-controls={listId} aria-autocomplete="list" aria-activedescendant={show && hits[at] ? `${listId}-${at}` : undefined}
				value={text} maxLength={100} onFocus={() => setOpen(true)}
				onChange={e => {
					setText(e.target.value);
					setOpen(true);
				}}
				onKeyDown={e => {
					if (e.nativeEvent.isComposing)
						return;
					if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
						e.preventDefault();
						setAt(Math.min(hits.length - 1, Math.max(0, at + (e.key === 'ArrowDown' ? 1 : -1))));
					} else if (e.key === 'Enter') {
						go(hits[at]);
					} else if (e.key === 'Escape') {
						setOpen(false);
						input.current?.blur();
					}
				}} />
			<div className={show ? 'tk-panel tk-global-panel' : 'tk-sr'}>
				<ul id={listId} role="listbox" aria-label={t('search.results')}>
					{show && hits.map((h, n) => (
						<li key={`${h.kind} ${h.id}`} id={`${listId}-${n}`} role="option" aria-selected={n === at} className={n === at ? 'tk-hit tk-hit-at' : 'tk-hit'}
							onMouseDown={e => e.preventDefault()} onMouseEnter={() => setAt(n)} onClick={() => go(h)}>
							<span className="tk-hit-kind">{word('search.kind', h.kind)}</span>
							<span className="tk-hit-title">{h.title}</span>
							<span className="tk-hit-sub">{h.sub}</span>
							{h.count !== undefined && <span className="tk-hit-count">{number(h.count)}</span>}
						</li>
					))}
				</ul>
				{show && hits.length === 0 && (
					<p className="tk-none" role="status">{asked.length < 2 ? t('search.more') : found.isFetching ? t('search.looking') : t('search.nothing', { q: asked })}</p>
				)}
			</div>
		</div>
	);
}
