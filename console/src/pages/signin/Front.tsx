// SPDX-License-Identifier: Apache-2.0
// The frame of the screens before sign-in, with the language at hand.
import { useEffect, type ReactNode } from 'react';
import { useI18n } from '../../i18n';

export function Front({ title, lead, children, wide }: { title: string; lead?: string; children: ReactNode; wide?: boolean }) {
	const { t, lang, setLang } = useI18n();
	useEffect(() => {
		document.title = `${title} – Tsukuroi`;
	}, [title]);
	return (
		<main className={wide ? 'tk-front tk-front-wide' : 'tk-front'} data-ready="true">
			<div className="tk-front-box">
				<p className="tk-front-brand" translate="no">Tsukuroi <span lang="ja">繕い</span></p>
				<h1>{title}</h1>
				{lead && <p className="tk-lead">{lead}</p>}
				{children}
				<div className="tk-front-lang" role="group" aria-label={t('shell.language')}>
					{([['ja', '日本語'], ['en', 'English']] as const).map(([id, name]) => (
						<button key={id} type="button" className="tk-link" lang={id} translate="no" aria-pressed={lang === id} onClick={() => setLang(id)}>{name}</button>
					))}
				</div>
			</div>
		</main>
	);
}
