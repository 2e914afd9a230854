// SPDX-License-Identifier: Apache-2.0
// New deployment: one page, the sections of the template in their order, and the preview that the
// server demands before anything is created. A section is a file in sections/ and a line in SECTIONS;
// what it holds is in draft.ts.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { api, ApiError, newKey, take, type Schemas } from '../../api/client';
import { useDeployment, type DeploymentDetail } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Form, Loaded, Note } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { Confirm } from './Confirm';
import { chosenOf, fromStored, hasSomething, initialDraft, published, requestOf, type Draft, type SectionProps } from './draft';
import { EXECUTION, Execution } from './sections/Execution';
import { Name, useUnnamed } from './sections/Name';
import { Patches } from './sections/Patches';
import { Policy } from './sections/Policy';
import { Preview } from './sections/Preview';
import { Targets } from './sections/Targets';

/** How long what is declined with its uninstallation stays so: as the dialog of declines proposes. */
const DECLINED_MS = 90 * 86400e3;

/** In the order of the page; the preview comes after them all. */
const SECTIONS: { id: 'name' | 'patches' | 'settings' | 'targets' | 'execution'; Body: (p: SectionProps) => ReactNode }[] = [
	{ id: 'name', Body: Name },
	{ id: 'patches', Body: Patches },
	{ id: 'settings', Body: Policy },
	{ id: 'targets', Body: Targets },
	...EXECUTION.length ? [{ id: 'execution' as const, Body: Execution }] : [],
];

/** A new one, or a stored draft. */
export default function NewDeployment({ id }: { id?: string }) {
	const { t } = useI18n();
	const url = useUrl();
	const stored = useDeployment(id ?? '', !!id);
	if (!id)
		return <DeploymentForm first={initialDraft(url.get, url.list)} />;
	if (stored.data?.state === 'draft')
		return <DeploymentForm key={stored.data.id} first={fromStored(stored.data)} stored={stored.data} />;
	return (
		<Page title={t('deploy.draft')} crumbs={CRUMBS(t)} ready={!stored.isPending}>
			<Loaded query={stored}>{d => <Note tone="warning" title={t('problem.not_a_draft')} action={<Link href={deploymentPath(d.id)}>{d.name}</Link>} />}</Loaded>
		</Page>
	);
}

const CRUMBS = (t: (k: 'deploy.tasks') => string) => [{ name: t('deploy.tasks'), to: '/deploy/tasks' }];

function DeploymentForm({ first, stored }: { first: Draft; stored?: DeploymentDetail }) {
	const { t } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const [draft, setDraft] = useState<Draft>(first);
	const change = (part: Partial<Draft>) => setDraft(d => ({ ...d, ...part }));
	const [confirm, setConfirm] = useState<'deploy' | 'now' | null>(null);
	const [key, setKey] = useState(newKey);
	const unnamed = useUnnamed();
	const something = hasSomething(draft);

	const request = requestOf(draft);
	const chosen = chosenOf(draft);
	const preview = useQuery<Schemas['DeploymentPreview']>({
		queryKey: ['preview', chosen], enabled: something && may('deploy'), staleTime: Infinity, gcTime: 0, retry: false,
		queryFn: ({ signal }) => take(api.POST('/deployments:preview', { body: chosen, signal })),
	});
	const named = () => ({ name: draft.name?.trim() || unnamed(draft), description: draft.description?.trim() || undefined });
	const keep = useMutation({
		mutationFn: () => stored
			? take(api.PATCH('/deployments/{deployment_id}', { params: { path: { deployment_id: stored.id }, header: { 'If-Match': stored.etag } }, body: { ...request, ...named() } }))
			: take(api.POST('/deployments:draft', { params: { header: { 'Idempotency-Key': key } }, body: { ...request, ...named() } })),
		onSuccess: d => {
			void client.invalidateQueries({ queryKey: ['deployments'] });
			toast.done(t('deploy.kept', { name: d.name }));
			url.navigate(deploymentPath(d.id));
		},
		onError: () => setKey(newKey()),
	});
	const create = useMutation({
		mutationFn: async ({ now, decline }: { now: boolean; decline?: string }) => {
			const made = await take(api.POST('/deployments', {
				params: { header: { 'Idempotency-Key': key } },
				body: { ...request, ...named(), now, preview_token: preview.data!.preview_token, draft: stored?.id },
			}));
			if (decline && draft.patches)
				await take(api.POST('/declines', { body: { patches: draft.patches, reason: decline, expires: new Date(Date.now() + DECLINED_MS).toISOString() } }));
			return made;
		},
		onSuccess: d => {
			void client.invalidateQueries({ queryKey: ['deployments'] });
			toast.done(t('deploy.created', { name: d.name }));
			url.navigate(deploymentPath(d.id));
		},
		onError: e => {
			setConfirm(null);
			setKey(newKey());
			if (e instanceof ApiError && (e.code === 'preview_stale' || e.code === 'selection_changed'))
				void preview.refetch();
		},
	});
	useEffect(() => setKey(newKey()), [JSON.stringify(request), draft.name, draft.description]);
	const p = preview.data;
	const ready = !!p && p.pairs > 0 && !preview.isFetching && !create.isPending;
	const index = [...SECTIONS.map(s => s.id), 'preview'] as const;

	const title = t(stored ? 'deploy.draft' : 'deploy.new');
	if (!may('deploy'))
		return <Page title={title}><Note tone="warning" title={t('problem.forbidden')} /></Page>;
	return (
		<Page title={title} crumbs={CRUMBS(t)} ready={!something || !preview.isFetching}>
			<div className="tk-wizard">
				<nav className="tk-index" aria-label={t('deploy.sections')}>
					<ol>{index.map((s, n) => <li key={s}><a href={`#s-${s}`}><span aria-hidden="true">{n + 1}</span>{t(`deploy.section.${s}`)}</a></li>)}</ol>
				</nav>
				<Form className="tk-sections" onSubmit={e => e.preventDefault()}>
					{SECTIONS.map(({ id, Body }, n) => (
						<section key={id} id={`s-${id}`} className="tk-section">
							<h2>{n + 1}. {t(`deploy.section.${id}`)}</h2>
							<Body draft={draft} change={change} />
						</section>
					))}
					<section id="s-preview" className="tk-section">
						<h2>{index.length}. {t('deploy.section.preview')}</h2>
						<Preview draft={draft} preview={preview} failure={create.error ?? keep.error} ready={ready} onDeploy={now => setConfirm(now ? 'now' : 'deploy')}>
							<Button variant="secondary" isDisabled={keep.isPending || create.isPending} onClick={() => keep.mutate()}>{t('deploy.keep')}</Button>
						</Preview>
					</section>
				</Form>
			</div>
			{confirm && p && (
				<Confirm now={confirm === 'now'} publish={published(draft)} preview={p} busy={create.isPending} onClose={() => setConfirm(null)} onGo={decline => create.mutate({ now: confirm === 'now', decline })} />
			)}
		</Page>
	);
}
