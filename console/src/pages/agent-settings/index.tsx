// SPDX-License-Identifier: Apache-2.0
// What the server tells every agent.
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Empty } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { Settings } from '../settings/Settings';

export default function AgentSettings() {
	const { t } = useI18n();
	const { may } = useSession();
	return (
		<Page title={t('agents.settings')} ready sub={<p className="tk-lead">{t('agents.settingsLead')}</p>}>
			{may('settings') ? <Settings match={/^agent\.(refresh_s|wake_on_lan)$/} title={t('agents.settings')} />
				: <Empty title={t('mail.denied')} why={t('agents.settingsDenied')} />}
		</Page>
	);
}
