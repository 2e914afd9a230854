// SPDX-License-Identifier: Apache-2.0
// When and how: exactly one deployment policy (M-151).
import { usePolicies } from '../../../api/queries';
import { useI18n } from '../../../i18n';
import { Failure, Radio } from '../../../ui/basic';
import { useWindowText } from '../../policy/text';
import { requestOf, type SectionProps } from '../draft';

export function Policy({ draft, change }: SectionProps) {
	const { t, lang } = useI18n();
	const policies = usePolicies();
	const windows = useWindowText();
	const { policy } = requestOf(draft);
	return (
		<fieldset className="tk-radios">
			<legend>{t('deployment.policy')}</legend>
			{policies.error && <Failure error={policies.error} retry={() => void policies.refetch()} />}
			{policies.data?.items.map(x => (
				<Radio key={x.id} id={`policy-${x.id}`} name="policy" label={<>{x.name[lang]}{x.built_in && <span className="tk-tag">{t('deploy.builtIn')}</span>}</>}
					description={[x.built_in ? '' : windows(x.schedule), x.description[lang]].filter(Boolean).join(' · ')} isChecked={policy === x.id} onChange={() => change({ policy: x.id })} />
			))}
		</fieldset>
	);
}
