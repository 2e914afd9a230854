// SPDX-License-Identifier: Apache-2.0
// The bar on top: search, freshness of the patch database, jobs, language, theme, user.
import { api, take } from '../api/client';
import { useI18n, type Lang } from '../i18n';
import { AdjustIcon, BarsIcon, GlobeIcon, KeyboardIcon, MoonIcon, SunIcon, UserIcon } from '../ui/Icon';
import { ActionList, Popup } from '../ui/Menu';
import { useToast } from '../ui/toast';
import { useUrl } from '../ui/url';
import { GlobalSearch } from './GlobalSearch';
import { JobTray, SyncStatus } from './Jobs';
import { useSession } from './session';
import { applyTheme, rememberedTheme, type Theme } from './theme';
import { useState } from 'react';

const THEMES = { system: AdjustIcon, light: SunIcon, dark: MoonIcon };

export function TopBar({ onMenu, onHelp, menuOpen }: { onMenu: () => void; onHelp: () => void; menuOpen: boolean }) {
	const { t, lang, setLang } = useI18n();
	const { session, signOut } = useSession();
	const { navigate } = useUrl();
	const toast = useToast();
	const [theme, setTheme] = useState<Theme>(rememberedTheme());
	const keep = (body: { language?: Lang; theme?: Theme }) => take(api.PATCH('/session', { body })).catch(toast.failed);
	const Theme = THEMES[theme];
	return (
		<header className="tk-top">
			<button type="button" className="tk-icon-button tk-menu-button" aria-label={t('shell.menu')} aria-expanded={menuOpen} onClick={onMenu}><BarsIcon /></button>
			<GlobalSearch />
			<span className="tk-grow-space" />
			<SyncStatus />
			<JobTray />
			<Popup plain align="right" label={t('shell.languageIs', { name: lang === 'ja' ? '日本語' : 'English' })} button={<><GlobeIcon /><span className="tk-top-word" lang={lang}>{lang === 'ja' ? '日本語' : 'English'}</span></>}>
				{close => (
					<ActionList close={close} items={([['ja', '日本語'], ['en', 'English']] as const).map(([id, name]) => ({
						id, label: <span lang={id} translate="no">{name}</span>, current: lang === id,
						onSelect: () => {
							setLang(id);
							void keep({ language: id });
						},
					}))} />
				)}
			</Popup>
			<Popup plain align="right" label={t('shell.theme')} button={<Theme />}>
				{close => (
					<ActionList close={close} items={(['system', 'light', 'dark'] as const).map(id => ({
						id, label: t(`theme.${id}`), current: theme === id,
						onSelect: () => {
							applyTheme(id);
							setTheme(id);
							void keep({ theme: id });
						},
					}))} />
				)}
			</Popup>
			<button type="button" className="tk-icon-button" aria-label={t('keys.title')} title={t('keys.title')} onClick={onHelp}><KeyboardIcon /></button>
			<Popup plain align="right" label={t('shell.user', { name: session.user.name })} button={<><UserIcon /><span className="tk-top-word">{session.user.name}</span></>}>
				{close => (
					<>
						<p className="tk-panel-head"><strong>{session.user.name}</strong><br /><span className="tk-small">{t(`role.${session.user.role}`)}</span></p>
						<ActionList close={close} items={[
							{ id: 'me', label: t('me.title'), onSelect: () => navigate('/me') },
							{ id: 'out', label: t('session.signOut'), onSelect: signOut },
						]} />
					</>
				)}
			</Popup>
		</header>
	);
}
