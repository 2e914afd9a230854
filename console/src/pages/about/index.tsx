// SPDX-License-Identifier: Apache-2.0
// Version, installation and licences.
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Card, Facts } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';

export default function About() {
	const { t, zone } = useI18n();
	const { session } = useSession();
	return (
		<Page title={t('admin.about')}>
			<div className="tk-columns">
				<Card title={t('about.product')}>
					<Facts items={[
						[t('about.version'), session.server.version],
						[t('about.org'), <span key="o" className="tk-mono">{session.server.org}</span>],
						[t('about.serverTime'), <Time key="t" at={session.server.time} />],
						[t('me.zone'), zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone],
						[t('about.api'), <a key="a" href="/api/v1/openapi.yaml">/api/v1/openapi.yaml</a>],
					]} />
				</Card>
				<Card title={t('about.licences')}>
					<p>{t('about.licence')}</p>
					<p><a href="/licenses.txt">{t('about.thirdParty')}</a></p>
				</Card>
			</div>
		</Page>
	);
}
