// SPDX-License-Identifier: Apache-2.0
// The frame of every signed-in screen: navigation, top bar, live connection, keyboard help, routes.
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { startEvents, type Live } from '../api/events';
import { useI18n } from '../i18n';
import { Loading } from '../ui/basic';
import { useKeys } from '../ui/keys';
import { useDelayed } from '../ui/useDelayed';
import { WhyDrawer } from '../pages/why';
import { Crash } from './Crash';
import { KeyboardHelp } from './KeyboardHelp';
import { Nav } from './Nav';
import { Routes } from './routes';
import { TopBar } from './TopBar';

export default function Shell() {
	const { t } = useI18n();
	const client = useQueryClient();
	const [live, setLive] = useState<Live>('connecting');
	const [help, setHelp] = useState(false);
	const [menu, setMenu] = useState(false);
	const [path] = useLocation();
	const main = useRef<HTMLElement>(null);

	useEffect(() => startEvents(client, setLive), [client]);
	const lost = useDelayed(live === 'lost', 4000);
	useKeys({ '?': () => setHelp(true) });
	useEffect(() => {
		setMenu(false);
		main.current?.scrollTo(0, 0);
	}, [path]);

	return (
		<div className={menu ? 'tk-shell tk-menu-open' : 'tk-shell'}>
			<a className="tk-skip" href="#main" onClick={e => {
				e.preventDefault();
				main.current?.focus();
			}}>{t('shell.skip')}</a>
			<Nav path={path} />
			<TopBar onMenu={() => setMenu(!menu)} onHelp={() => setHelp(true)} menuOpen={menu} />
			<main id="main" className="tk-main" tabIndex={-1} ref={main}>
				{lost && <div className="tk-banner" role="status"><span aria-hidden="true">⚠ </span>{t('shell.lost')}</div>}
				<Crash key={path}>
					<Suspense fallback={<Loading />}>
						<Routes />
					</Suspense>
				</Crash>
			</main>
			<WhyDrawer />
			{help && <KeyboardHelp onClose={() => setHelp(false)} />}
		</div>
	);
}

