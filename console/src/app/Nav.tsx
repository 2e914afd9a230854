// SPDX-License-Identifier: Apache-2.0
// The left navigation: seven tabs, opened ones remembered by this browser.
import { Link } from 'wouter';
import { useI18n } from '../i18n';
import { AngleDownIcon, AngleRightIcon } from '../ui/Icon';
import { useStored } from '../ui/store';
import { activePage, NAV } from './tabs';

export function Nav({ path }: { path: string }) {
	const { t } = useI18n();
	const [closed, setClosed] = useStored<string[]>('tk.nav.closed', []);
	const active = activePage(path);
	return (
		<div className="tk-nav">
			<Link href="/" className="tk-brand">
				<svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
					<rect width="32" height="32" rx="7" className="tk-brand-bg" />
					<path d="M8 10.5h16M16 10.5V24" className="tk-brand-t" />
					<path d="M20 17.5l4 4m0-4l-4 4" className="tk-brand-x" />
				</svg>
				<span translate="no">Tsukuroi</span>
			</Link>
			<nav aria-label={t('shell.nav')}>
				<ul>
					{NAV.map(tab => {
						const Icon = tab.icon;
						if (tab.to)
							return (
								<li key={tab.id}>
									<Link href={tab.to} className="tk-nav-tab" aria-current={active.page === tab.to ? 'page' : undefined}>
										<Icon className="tk-nav-icon" />{t(tab.name)}
									</Link>
								</li>
							);
						const open = !closed.includes(tab.id);
						return (
							<li key={tab.id}>
								<button type="button" className="tk-nav-tab" aria-expanded={open}
									onClick={() => setClosed(open ? [...closed, tab.id] : closed.filter(c => c !== tab.id))}>
									<Icon className="tk-nav-icon" />{t(tab.name)}
									{open ? <AngleDownIcon className="tk-nav-caret" /> : <AngleRightIcon className="tk-nav-caret" />}
								</button>
								{open && (
									<ul>
										{tab.pages.map(p => (
											<li key={p.to}>
												<Link href={p.to} className="tk-nav-page" aria-current={active.page === p.to ? 'page' : undefined}>{t(p.name)}</Link>
											</li>
										))}
									</ul>
								)}
							</li>
						);
					})}
				</ul>
			</nav>
		</div>
	);
}
