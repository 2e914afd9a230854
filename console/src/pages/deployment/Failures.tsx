// SPDX-License-Identifier: Apache-2.0
// Failed targets put together by cause, with what helps, and the way to try a group again.
import { Link } from 'wouter';
import { useDeploymentFailures } from '../../api/queries';
import { systemPath } from '../../app/paths';
import { useI18n } from '../../i18n';
import { Button, Card, Loaded } from '../../ui/basic';
import type { Retry } from './actions';

export function Failures({ id, retry }: { id: string; retry?: Retry }) {
	const { t, lang } = useI18n();
	const groups = useDeploymentFailures(id);
	return (
		<Card title={t('failure.title')} className="tk-card-danger">
			<Loaded query={groups}>
				{({ items }) => (
					<ul className="tk-failures">
						{items.map(g => (
							<li key={g.reason}>
								<div className="tk-row tk-failure-head">
									<p><strong>{t('failure.hosts', { n: g.systems })}</strong> {g.title[lang]}</p>
									{retry && <Button variant="secondary" size="sm" isDisabled={retry.isPending} onClick={() => retry.mutate({ reason: g.reason })}>{t('deployment.retryGroup', { n: g.systems })}</Button>}
								</div>
								{g.remedy[lang] && <p className="tk-small">{g.remedy[lang]}</p>}
								<p className="tk-small">
									{g.first.map(x => <Link key={x.id} href={systemPath(x.id, 'deployments')}>{x.hostname}</Link>)}
									{g.systems > g.first.length && <span> {t('failure.more', { n: g.systems - g.first.length })}</span>}
								</p>
							</li>
						))}
					</ul>
				)}
			</Loaded>
		</Card>
	);
}
