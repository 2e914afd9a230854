// SPDX-License-Identifier: Apache-2.0
// What changed, as the package itself tells it: fetched from the vendor only when somebody asks for it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, take, type Schemas } from '../../api/client';
import { usePatchSystems, type Patch } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Card, Empty, Failure, Loaded } from '../../ui/basic';
import { Time } from '../../ui/Time';
import { useUrl, withQuery } from '../../ui/url';

const WAIT_MS = 2000, WAIT_TIMES = 60;

export function Changes({ patch }: { patch: Patch }) {
	const { t, bytes } = useI18n();
	const { may } = useSession();
	const url = useUrl();
	const client = useQueryClient();
	const system = url.get('system');
	const [left, setLeft] = useState(0);
	const key = ['changelog', patch.id, system];
	const params = { path: { patch_id: patch.id }, query: system ? { system } : {} };
	const query = useQuery({
		queryKey: key,
		queryFn: async ({ signal }) => {
			const c = await take(api.GET('/patches/{patch_id}/changelog', { params, signal }));
			setLeft(n => c.state === 'not_stored' && n > 0 ? n - 1 : 0);
			return c;
		},
		refetchInterval: left > 0 ? WAIT_MS : false,
	});
	const fetch = useMutation({
		mutationFn: () => take(api.POST('/patches/{patch_id}/changelog:fetch', { params })),
		onSuccess: () => {
			setLeft(WAIT_TIMES);
			void client.invalidateQueries({ queryKey: key });
		},
	});
	return (
		<>
			<SystemChoice patch={patch} system={system} />
			<Loaded query={query}>
				{c => (
					<>
						{c.state === 'available' && <Entries c={c} />}
						{c.state === 'none' && <Empty title={t('changes.none')} why={t('changes.noneWhy')} />}
						{c.state === 'not_stored' && (
							<Card title={t('changes.notStored')}>
								<p>{t('changes.notStoredWhy')}</p>
								<p className="tk-small"><span className="tk-mono">{c.file}</span> {c.size !== null && `(${bytes(c.size)})`}</p>
								{left > 0
									? <p role="status">{t('changes.fetching')}</p>
									: may('deploy') && <Button variant="primary" isDisabled={fetch.isPending} onClick={() => fetch.mutate()}>{t('changes.fetch')}</Button>}
								{!!fetch.error && <Failure error={fetch.error} />}
							</Card>
						)}
					</>
				)}
			</Loaded>
		</>
	);
}

/** The systems that miss the patch, to see what changes there. */
function SystemChoice({ patch, system }: { patch: Patch; system: string }) {
	const { t } = useI18n();
	const url = useUrl();
	const list = usePatchSystems(patch.id, { state: 'missing', limit: 200, sort: 'hostname' });
	const items = list.data?.items ?? [];
	return (
		<div className="tk-toolbar">
			<label htmlFor="changes-system">{t('changes.since')}</label>
			<select id="changes-system" className="tk-select" value={system} onChange={e => url.set({ system: e.target.value || null })}>
				<option value="">{t('changes.newest')}</option>
				{system && !items.some(s => s.id === system) && <option value={system}>{system}</option>}
				{items.map(s => <option key={s.id} value={s.id}>{t('changes.installedOn', { name: s.hostname })}</option>)}
			</select>
		</div>
	);
}

function Cves({ cves }: { cves: string[] }) {
	return <ul className="tk-tags">{cves.map(c => <li key={c} className="tk-tag"><Link href={withQuery('/patches/supported', { q: c })}>{c}</Link></li>)}</ul>;
}

function Entries({ c }: { c: Schemas['Changelog'] }) {
	const { t } = useI18n();
	return (
		<Card title={t('changes.title', { n: c.entries.length })}>
			<p className="tk-small">{t('changes.source')} <span className="tk-mono">{c.package} {c.version}</span>{c.installed && <> · {t('changes.installed')} <span className="tk-mono">{c.installed}</span></>}</p>
			{c.cves.length > 0 && <><h3>{t('changes.cves', { n: c.cves.length })}</h3><Cves cves={c.cves} /></>}
			{c.entries.length === 0 && <p className="tk-none">{t('changes.noEntries')}</p>}
			{c.entries.map((x, n) => (
				<section key={`${x.version} ${n}`} className="tk-advisory">
					<h3><span className="tk-mono">{x.version ?? t('changes.noVersion')}</span> <span className="tk-small"><Time at={x.date} date /></span></h3>
					<pre className="tk-changes" lang="en" tabIndex={0} aria-label={t('changes.entry', { version: x.version ?? '' })}>{x.text}{x.cut && '…'}</pre>
				</section>
			))}
			{c.more && <p className="tk-small">{t('changes.more')}</p>}
		</Card>
	);
}
