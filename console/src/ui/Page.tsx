// SPDX-License-Identifier: Apache-2.0
// The frame of a page: document title, breadcrumb, heading with count and primary action, tabs as links.
import { useEffect, type ReactNode } from 'react';
import { Link } from 'wouter';
import { useI18n } from '../i18n';

export function Page({ title, heading, count, actions, crumbs, children, ready, sub }: {
	title: string; heading?: ReactNode; count?: string; actions?: ReactNode; crumbs?: { name: string; to: string }[];
	sub?: ReactNode; children: ReactNode;
	/** False while the first data is on its way: tests and screen readers wait for it. */
	ready?: boolean;
}) {
	const { t } = useI18n();
	useEffect(() => {
		document.title = `${title} – Tsukuroi`;
	}, [title]);
	return (
		<div className="tk-page" data-ready={ready === false ? undefined : 'true'}>
			{crumbs && (
				<nav aria-label={t('shell.breadcrumb')} className="tk-crumbs">
					{crumbs.map(c => <span key={c.to}><Link href={c.to}>{c.name}</Link><span aria-hidden="true"> / </span></span>)}
				</nav>
			)}
			<div className="tk-page-head">
				<h1>{heading ?? title}</h1>
				{count && <span className="tk-page-count">{count}</span>}
				{sub && <div className="tk-page-sub">{sub}</div>}
				{actions && <div className="tk-page-actions">{actions}</div>}
			</div>
			{children}
		</div>
	);
}

export interface Tab {
	id: string;
	name: string;
	count?: number;
}
export function Tabs({ label, tabs, active, href }: { label: string; tabs: Tab[]; active: string; href: (id: string) => string }) {
	const { number } = useI18n();
	return (
		<nav className="tk-tabs" aria-label={label}>
			{tabs.map(tab => (
				<Link key={tab.id} href={href(tab.id)} aria-current={tab.id === active ? 'page' : undefined}>
					{tab.name}
					{tab.count !== undefined && <span className="tk-tab-count">{number(tab.count)}</span>}
				</Link>
			))}
		</nav>
	);
}
