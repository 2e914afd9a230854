// SPDX-License-Identifier: Apache-2.0
// In which waves a deployment goes out, and what each must show before the next: presets, or one's own.
import { useI18n } from '../../../i18n';
import { FormGroup, Radio, TextInput } from '../../../ui/basic';
import { rolloutOf, type RolloutChoice, type SectionProps } from '../draft';

const CHOICES = ['none', 'servers', 'desktops', 'own'] as const;

export function Rollout({ draft, change }: SectionProps) {
	const { t } = useI18n();
	const chosen: RolloutChoice = draft.rollout ?? { preset: 'none' };
	if (draft.operation)
		return null; // an uninstallation does not go out in waves
	const set = (part: Partial<RolloutChoice>) => change({ rollout: { ...chosen, plan: undefined, ...part } });
	const field = (id: 'waves' | 'failures' | 'soak' | 'halt', wide?: boolean) => (
		<FormGroup fieldId={`rollout-${id}`} label={t(`rollout.own.${id}`)}>
			<TextInput id={`rollout-${id}`} className={wide ? undefined : 'tk-clock'} value={chosen[id] ?? ''} onChange={(_, v) => set({ [id]: v })}
				validated={id === 'waves' && chosen.preset === 'own' && !rolloutOf(chosen) ? 'error' : 'default'} />
			<span className="tk-small">{t(`rollout.ownHelp.${id}`)}</span>
		</FormGroup>
	);
	return (
		<>
			<fieldset className="tk-radios">
				<legend>{t('rollout.title')}</legend>
				{CHOICES.map(c => (
					<Radio key={c} id={`rollout-${c}`} name="rollout" label={t(`rollout.preset.${c}`)} description={t(`rollout.presetText.${c}`)}
						isChecked={chosen.preset === c} onChange={() => set({ preset: c })} />
				))}
			</fieldset>
			{chosen.preset === 'own' && <>{field('waves', true)}{field('failures')}{field('soak')}{field('halt')}</>}
		</>
	);
}
