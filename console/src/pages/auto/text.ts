// SPDX-License-Identifier: Apache-2.0
// What an automated deployment is about, in one line.
import type { Schemas } from '../../api/client';
import { useI18n } from '../../i18n';

export function useCriteriaText() {
	const { t, word } = useI18n();
	return (x: Schemas['AutoDeployment']): string => [
		x.types.length ? x.types.map(w => word('patchType', w)).join(' / ') : t('auto.allTypes'),
		...(x.severities.length ? [x.severities.map(w => word('severity', w)).join(' / ')] : []),
		...(x.os.length ? [x.os.join(' ')] : []),
		...(x.include.length ? [x.include.join(' ')] : []),
		...(x.exclude.length ? [t('auto.less', { what: x.exclude.join(' ') })] : []),
		...(x.age.days ? [t(x.age.after === 'approval' ? 'auto.daysApproved' : 'auto.daysReleased', { n: x.age.days })] : []),
		...(x.express ? [t('auto.expressShort')] : []),
	].join(', ');
}
