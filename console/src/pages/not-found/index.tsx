// SPDX-License-Identifier: Apache-2.0
// An address without a page.
import { useI18n } from '../../i18n';
import { Empty } from '../../ui/basic';
import { Page } from '../../ui/Page';

export default function NotFound() {
	const { t } = useI18n();
	return <Page title={t('notFound.title')}><Empty title={t('notFound.title')} why={t('notFound.why')} action={t('nav.home')} to="/" /></Page>;
}
