// SPDX-License-Identifier: Apache-2.0
// What an automated deployment would deploy now, and why not the rest: the server's own decisions.
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { patchPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Button, Card, Empty } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Severity } from '../../ui/Severity';
import { Time } from '../../ui/Time';

type Item = Schemas['AutoPlanItem'];

export function PlanNumbers({ plan }: { plan: Schemas['AutoPlan'] }) {
	const { t, number } = useI18n();
	return (
		<>
			<p><strong>{t('auto.would', { patches: number(plan.patches), systems: number(plan.systems) })}</strong></p>
			{plan.express.patches > 0 && <p className="tk-small">{t('auto.wouldExpress', { patches: number(plan.express.patches), systems: number(plan.express.systems) })}</p>}
			<p className="tk-small">{t('auto.of', { n: number(plan.targets) })}{plan.next && <> {t('auto.next')} <Time at={plan.next} /></>}</p>
		</>
	);
}

export function Plan({ plan, onReset }: { plan: Schemas['AutoPlan']; onReset?: (patch: string) => void }) {
	const { t, number } = useI18n();
	const state = (x: Item) => [
		x.declined && t('auto.declined', { n: number(x.declined) }), x.under_way && t('auto.underWay', { n: number(x.under_way) }), x.waiting && t('auto.waiting', { n: number(x.waiting) }),
		x.taken_back && t('auto.takenBack', { n: number(x.taken_back) }), x.given_up && t('auto.givenUp', { n: number(x.given_up) }), x.cancelled && t('auto.cancelled', { n: number(x.cancelled) }),
	].filter(Boolean).join(', ');
	const stuck = (x: Item) => x.verdict === 'halted' || x.given_up > 0 || x.cancelled > 0;
	return (
		<Card title={t('auto.plan')}>
			<PlanNumbers plan={plan} />
			<DataTable label={t('auto.plan')} rows={plan.items} rowId={x => x.patch.id} rowName={x => x.patch.id}
				columns={[
					{ id: 'patch', header: t('patch.id'), words: true, title: x => x.patch.title, cell: x => <Link href={patchPath(x.patch.id)}>{x.patch.id}</Link> },
					{ id: 'severity', header: t('patch.severity'), cell: x => <Severity value={x.patch.severity} /> },
					{ id: 'verdict', header: t('approval.decision'), words: true, cell: x => <>{t(`autoVerdict.${x.verdict}`)}{x.at && <> <Time at={x.at} /></>}</> },
					{ id: 'systems', header: t('auto.now'), numeric: true, cell: x => number(x.systems) },
					{ id: 'lacking', header: t('patch.missingSystems'), numeric: true, cell: x => number(x.lacking) },
					{ id: 'failures', header: t('patch.failedSystems'), numeric: true, cell: x => number(x.failures) },
					{ id: 'state', header: t('auto.state'), words: true, cell: x => state(x) },
					...(onReset && plan.items.some(stuck) ? [{ id: 'do', header: t('deploy.action'), cell: (x: Item) => stuck(x) && <Button variant="link" isInline aria-label={t('auto.resetName', { name: x.patch.id })} onClick={() => onReset(x.patch.id)}>{t('auto.reset')}</Button> }] : []),
				]}
				empty={<Empty title={t('auto.nothing')} why={t('auto.nothingWhy')} />} />
			{plan.total > plan.items.length && <p className="tk-small">{t('auto.more', { n: number(plan.total - plan.items.length) })}</p>}
		</Card>
	);
}
