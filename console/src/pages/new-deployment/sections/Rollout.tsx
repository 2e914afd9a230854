// SPDX-License-Identifier: Apache-2.0
// In which waves a deployment goes out, and what each must show before the next: presets, or one's own.
import { useI18n } from '../../../i18n';
import { useGroups } from '../../../api/queries';
import { Button, FormGroup, FormSelect, FormSelectOption, Radio, TextInput } from '../../../ui/basic';
import { hasAll, isWrongWave, wavesOf, WAVES_MAX, type RolloutChoice, type SectionProps, type WaveRow } from '../draft';

const CHOICES = ['none', 'servers', 'desktops', 'own'] as const;

export function Rollout({ draft, change }: SectionProps) {
	const { t } = useI18n();
	const chosen: RolloutChoice = draft.rollout ?? { preset: 'none' };
	if (draft.operation)
		return null; // an uninstallation does not go out in waves
	const set = (part: Partial<RolloutChoice>) => change({ rollout: { ...chosen, plan: undefined, ...part } });
	const field = (id: 'failures' | 'soak' | 'halt') => (
		<FormGroup fieldId={`rollout-${id}`} label={t(`rollout.own.${id}`)}>
			<TextInput id={`rollout-${id}`} className="tk-clock" value={chosen[id] ?? ''} onChange={(_, v) => set({ [id]: v })} />
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
			{chosen.preset === 'own' && <><Waves rows={wavesOf(chosen)} put={waves => set({ waves })} />{field('failures')}{field('soak')}{field('halt')}</>}
		</>
	);
}

const KINDS = ['systems', 'percent', 'group'] as const;

function Waves({ rows, put }: { rows: WaveRow[]; put: (rows: WaveRow[]) => void }) {
	const { t } = useI18n();
	return (
		<fieldset className="tk-radios">
			<legend>{t('rollout.own.waves')}</legend>
			{rows.map((r, n) => (
				<Wave key={n} n={n + 1} row={r} wrong={isWrongWave(rows, n)} put={row => put(rows.map((x, k) => k === n ? row : x))}
					drop={rows.length > 1 ? () => put(rows.filter((_, k) => k !== n)) : undefined} />
			))}
			{!hasAll(rows) && <p><strong>{t('rollout.wave', { n: rows.length + 1 })}</strong> {t('rollout.rest')}</p>}
			<div><Button variant="secondary" size="sm" isDisabled={rows.length >= WAVES_MAX - 1} onClick={() => put([...rows, { kind: 'percent', value: '' }])}>{t('rollout.addWave')}</Button></div>
			<span className="tk-small">{t('rollout.ownHelp.waves')}</span>
		</fieldset>
	);
}

function Wave({ n, row, wrong, put, drop }: { n: number; row: WaveRow; wrong: boolean; put: (row: WaveRow) => void; drop?: () => void }) {
	const { t } = useI18n();
	const groups = useGroups({ limit: 200 }).data?.items ?? [];
	const validated = wrong && row.value ? 'error' : 'default';
	return (
		<div className="tk-row" role="group" aria-label={t('rollout.wave', { n })}>
			<strong>{t('rollout.wave', { n })}</strong>
			<FormSelect className="tk-criteria-field" aria-label={t('rollout.kind')} value={row.kind} onChange={(_, v) => put({ kind: v as WaveRow['kind'], value: '' })}>
				{KINDS.map(k => <FormSelectOption key={k} value={k} label={t(`rollout.kind.${k}`)} />)}
			</FormSelect>
			{row.kind === 'group' ? (
				<FormSelect className="tk-criteria-value" aria-label={t('rollout.kind.group')} value={row.value} validated={validated} onChange={(_, value) => put({ ...row, value })}>
					<FormSelectOption value="" label={t(groups.length ? 'rollout.chooseGroup' : 'rollout.noGroups')} isPlaceholder />
					{row.value && !groups.some(g => g.id === row.value) && <FormSelectOption value={row.value} label={t('rollout.goneGroup')} />}
					{groups.map(g => <FormSelectOption key={g.id} value={g.id} label={g.members === null ? g.name : t('rollout.groupOf', { name: g.name, n: g.members })} />)}
				</FormSelect>
			) : (
				<TextInput className="tk-clock" aria-label={t(`rollout.kind.${row.kind}`)} inputMode="numeric" value={row.value} validated={validated} onChange={(_, value) => put({ ...row, value })} />
			)}
			{drop && <Button variant="link" size="sm" aria-label={t('rollout.dropWave', { n })} onClick={drop}>{t('policy.drop')}</Button>}
		</div>
	);
}
