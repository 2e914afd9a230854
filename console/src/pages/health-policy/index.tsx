// SPDX-License-Identifier: Apache-2.0
// From how many missing patches of a severity on a system counts as vulnerable or highly vulnerable.
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Empty } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { Settings } from '../patch-db/Settings';

export default function HealthPolicy() {
	const { t } = useI18n();
	const { may } = useSession();
	return (
		<Page title={t('healthPolicy.title')} ready sub={<p className="tk-lead">{t('healthPolicy.lead')}</p>}>
			{may('settings')
				? <Settings match={/^(health|agent\.stale_scan)/} title={t('healthPolicy.numbers')} />
				: <Empty title={t('healthPolicy.denied')} why={t('healthPolicy.deniedWhy')} />}
		</Page>
	);
}
