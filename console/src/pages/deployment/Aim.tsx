// SPDX-License-Identifier: Apache-2.0
// What a deployment was aimed at, in a few words.
import { Link } from 'wouter';
import { useGroups, type Targets } from '../../api/queries';
import { groupPath } from '../../app/paths';
import { useI18n } from '../../i18n';

export function Aim({ aim }: { aim: Targets }) {
	const { t } = useI18n();
	return (
		<>
			<span>{t(aim.mode === 'dynamic' ? 'targets.dynamic' : 'targets.frozen')}</span>
			<Parts part={aim} />
			{aim.exclude && <p>{t('targets.exclude')}: <Parts part={aim.exclude} /></p>}
		</>
	);
}

function Parts({ part }: { part: NonNullable<Targets['exclude']> }) {
	const { t, word } = useI18n();
	const groups = useGroups({ limit: 200 }, !!part.groups?.length);
	const name = (id: string) => groups.data?.items.find(g => g.id === id)?.name ?? t('targets.goneGroup');
	return (
		<ul className="tk-aim">
			{!!part.systems?.length && <li>{t('list.systems', { n: part.systems.length })}</li>}
			{!!part.offices?.length && <li>{t('targets.offices')}: {part.offices.map(o => word('office', o)).join(', ')}</li>}
			{!!part.groups?.length && <li>{t('targets.groups')}: {part.groups.map((g, n) => <span key={g}>{n > 0 && ', '}<Link href={groupPath(g)}>{name(g)}</Link></span>)}</li>}
			{!!part.ip_ranges?.length && <li>{t('targets.ranges')}: <code>{part.ip_ranges.join(', ')}</code></li>}
			{part.filter && <li>{t('targets.filter')}: <code>{part.filter}</code></li>}
		</ul>
	);
}
