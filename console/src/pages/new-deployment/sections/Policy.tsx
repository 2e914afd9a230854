// SPDX-License-Identifier: Apache-2.0
// When and how: exactly one deployment policy (M-151).
import { usePolicies } from '../../../api/queries';
import { useI18n } from '../../../i18n';
import { Failure, FormGroup, Radio, TextInput } from '../../../ui/basic';
import { useWindowText } from '../../policy/text';
import { requestOf, type SectionProps } from '../draft';

export function Policy({ draft, change }: SectionProps) {
	const { t, lang } = useI18n();
	const policies = usePolicies();
	const windows = useWindowText();
	const { policy } = requestOf(draft);
	return (
		<>
			{!draft.operation && <Option draft={draft} change={change} />}
			<fieldset className="tk-radios">
				<legend>{t('deployment.policy')}</legend>
				{policies.error && <Failure error={policies.error} retry={() => void policies.refetch()} />}
				{policies.data?.items.map(x => (
					<Radio key={x.id} id={`policy-${x.id}`} name="policy" label={<>{x.name[lang]}{x.built_in && <span className="tk-tag">{t('deploy.builtIn')}</span>}</>}
						description={[x.built_in ? '' : windows(x.schedule), x.description[lang]].filter(Boolean).join(' · ')} isChecked={policy === x.id} onChange={() => change({ policy: x.id })} />
				))}
			</fieldset>
		</>
	);
}

/** Deployed, or published to the self-service portal (M-143, M-144). */
function Option({ draft, change }: SectionProps) {
	const { t, instantOf, localOf } = useI18n();
	return (
		<>
			<fieldset className="tk-radios">
				<legend>{t('portal.option')}</legend>
				<Radio id="option-deploy" name="option" label={t('portal.deploy')} description={t('portal.deployHelp')} isChecked={!draft.publish} onChange={() => change({ publish: undefined, deadline: undefined })} />
				<Radio id="option-publish" name="option" label={t('portal.publish')} description={t('portal.publishHelp')} isChecked={!!draft.publish} onChange={() => change({ publish: true })} />
			</fieldset>
			{draft.publish && (
				<FormGroup label={t('portal.from')} fieldId="publish-deadline">
					<TextInput id="publish-deadline" type="datetime-local" value={draft.deadline ? localOf(draft.deadline) : ''} onChange={(_, v) => change({ deadline: instantOf(v) })} />
					<p className="tk-small">{t('portal.fromHelp')}</p>
				</FormGroup>
			)}
		</>
	);
}
