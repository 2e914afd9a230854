// SPDX-License-Identifier: Apache-2.0
// How a deployment is carried out, part by part; without parts there is no such section.
import type { ReactNode } from 'react';
import { useI18n } from '../../../i18n';
import { published, type SectionProps } from '../draft';
import { Approval } from './Approval';
import { Rollout } from './Rollout';
import { Terms } from './Terms';

/** In the order of the page. */
export const EXECUTION: ((p: SectionProps) => ReactNode)[] = [Rollout, Approval, Terms];

export function Execution(props: SectionProps) {
	const { t } = useI18n();
	if (published(props.draft))
		return <><p className="tk-small">{t('portal.noExecution')}</p><Terms {...props} /></>;
	return <>{EXECUTION.map((Part, n) => <Part key={n} {...props} />)}</>;
}
