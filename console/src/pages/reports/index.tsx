// SPDX-License-Identifier: Apache-2.0
// Reports do not exist in this version; the page says so and names what answers the questions today.
import { Link } from 'wouter';
import { useI18n } from '../../i18n';
import { Card } from '../../ui/basic';
import { Page } from '../../ui/Page';

export default function Reports() {
	const { t } = useI18n();
	return (
		<Page title={t('nav.reports')}>
			<Card title={t('reports.notYet')}>
				<p>{t('reports.text')}</p>
				<ul className="tk-plain">
					<li><Link href="/patches/missing">{t('reports.missing')}</Link></li>
					<li><Link href="/systems">{t('reports.systems')}</Link></li>
					<li><Link href="/deploy/tasks">{t('reports.deployments')}</Link></li>
					<li><Link href="/systems?reboot=true">{t('reports.reboot')}</Link></li>
				</ul>
			</Card>
		</Page>
	);
}
