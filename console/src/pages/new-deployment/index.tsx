// SPDX-License-Identifier: Apache-2.0
// New deployment: one page, the sections of the template in their order, and the preview that the
// server demands before anything is created.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api, ApiError, newKey, take, type Schemas } from '../../api/client';
import { usePolicies, type Patch, type Selection, type System } from '../../api/queries';
import { deploymentPath } from '../../app/paths';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure, Form, FormGroup, Note, Radio, TextArea, TextInput } from '../../ui/basic';
import { Page } from '../../ui/Page';
import { useToast } from '../../ui/toast';
import { useUrl } from '../../ui/url';
import { Confirm } from './Confirm';
import { readDraft, type Draft } from './draft';
import { ChosenPatches, ChosenSystems } from './Chosen';
import { useWindowText } from '../policy/text';
import { Preview } from './Preview';

type Preview = Schemas['DeploymentPreview'];

/** The draft named in the address, or ids given there. */
function initialDraft(get: (n: string) => string, list: (n: string) => string[]): Draft {
	const held = get('draft') ? readDraft(get('draft')) : null;
	if (held)
		return held;
	const patches = list('patches'), systems = list('systems');
	return {
		patches: patches.length ? { ids: patches } : undefined, patchCount: patches.length || undefined,
		systems: systems.length ? { ids: systems } : undefined, systemCount: systems.length || undefined,
	};
}

export default function NewDeployment() {
	const { t, lang, dateTime } = useI18n();
	const url = useUrl();
	const { may } = useSession();
	const toast = useToast();
	const client = useQueryClient();
	const first = useMemo(() => initialDraft(url.get, url.list), []);
	const [name, setName] = useState('');
	const [description, setDescription] = useState('');
	const [patches, setPatches] = useState<Selection | undefined>(first.patches);
	const [systems, setSystems] = useState<Selection | undefined>(first.systems);
	const [patchRows, setPatchRows] = useState<Patch[]>(first.patchRows ?? []);
	const [systemRows, setSystemRows] = useState<System[]>(first.systemRows ?? []);
	const [policy, setPolicy] = useState('anytime');
	const [confirm, setConfirm] = useState<'deploy' | 'now' | null>(null);
	const [key, setKey] = useState(newKey);
	const policies = usePolicies();
	const windows = useWindowText();
	const something = !!patches || !!systems;

	// What it is called when nobody names it: when, in the person's zone, and what.
	const label = patchRows[0] ? patchRows[0].title + (patchRows.length > 1 ? ` +${patchRows.length - 1}` : '') : '';
	const unnamed = () => `${dateTime(new Date().toISOString())} ${label || t('deploy.allMissing')}`.slice(0, 100);
	const request = { patches, systems, policy };
	const preview = useQuery<Preview>({
		queryKey: ['preview', request], enabled: something && may('deploy'), staleTime: Infinity, gcTime: 0, retry: false,
		queryFn: ({ signal }) => take(api.POST('/deployments:preview', { body: request, signal })),
	});
	const create = useMutation({
		mutationFn: (now: boolean) => take(api.POST('/deployments', {
			params: { header: { 'Idempotency-Key': key } },
			body: { ...request, now, name: name.trim() || unnamed(), description: description.trim() || undefined, preview_token: preview.data!.preview_token },
		})),
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
	useEffect(() => setKey(newKey()), [patches, systems, name, description, policy]);
	const p = preview.data;
	const ready = !!p && p.pairs > 0 && !preview.isFetching;
	const sections = ['name', 'patches', 'targets', 'settings', 'preview'] as const;

	if (!may('deploy'))
		return <Page title={t('deploy.new')}><Note tone="warning" title={t('problem.forbidden')} /></Page>;
	return (
		<Page title={t('deploy.new')} crumbs={[{ name: t('deploy.tasks'), to: '/deploy/tasks' }]} ready={!something || !preview.isFetching}>
			<div className="tk-wizard">
				<nav className="tk-index" aria-label={t('deploy.sections')}>
					<ol>{sections.map((s, n) => <li key={s}><a href={`#s-${s}`}><span aria-hidden="true">{n + 1}</span>{t(`deploy.section.${s}`)}</a></li>)}</ol>
				</nav>
				<Form className="tk-sections" onSubmit={e => e.preventDefault()}>
					<section id="s-name" className="tk-section">
						<h2>1. {t('deploy.section.name')}</h2>
						<FormGroup label={t('deployment.name')} fieldId="d-name">
							<TextInput id="d-name" value={name} maxLength={100} onChange={(_, v) => setName(v)} placeholder={unnamed()} translate="no" />
							<p className="tk-small">{t('deploy.nameHelp', { n: name.length })}</p>
						</FormGroup>
						<FormGroup label={t('deployment.description')} fieldId="d-desc">
							<TextArea id="d-desc" value={description} maxLength={1000} rows={2} onChange={(_, v) => setDescription(v)} resizeOrientation="vertical" />
						</FormGroup>
					</section>
					<section id="s-patches" className="tk-section">
						<h2>2. {t('deploy.section.patches')}</h2>
						<ChosenPatches selection={patches} rows={patchRows} count={first.patchCount} byTargets={!!systems}
							onChange={(s, rows) => {
								setPatches(s);
								setPatchRows(rows);
							}} />
					</section>
					<section id="s-targets" className="tk-section">
						<h2>3. {t('deploy.section.targets')}</h2>
						<ChosenSystems selection={systems} rows={systemRows} count={first.systemCount} byPatches={!!patches}
							onChange={(s, rows) => {
								setSystems(s);
								setSystemRows(rows);
							}} />
					</section>
					<section id="s-settings" className="tk-section">
						<h2>4. {t('deploy.section.settings')}</h2>
						<fieldset className="tk-radios">
							<legend>{t('deployment.policy')}</legend>
							{policies.error && <Failure error={policies.error} retry={() => void policies.refetch()} />}
							{policies.data?.items.map(x => (
								<Radio key={x.id} id={`policy-${x.id}`} name="policy" label={<>{x.name[lang]}{x.built_in && <span className="tk-tag">{t('deploy.builtIn')}</span>}</>}
									description={[x.built_in ? '' : windows(x.schedule), x.description[lang]].filter(Boolean).join(' · ')} isChecked={policy === x.id} onChange={() => setPolicy(x.id)} />
							))}
						</fieldset>
					</section>
					<section id="s-preview" className="tk-section">
						<h2>5. {t('deploy.section.preview')}</h2>
						{!something && <Empty title={t('deploy.previewNothing')} why={t('deploy.previewNothingWhy')} />}
						{something && !!preview.error && <Failure error={preview.error} retry={() => void preview.refetch()} />}
						{something && preview.isFetching && <p className="tk-loading" role="status">{t('deploy.previewing')}</p>}
						{p && !preview.isFetching && <Preview p={p} />}
						{!!create.error && <Failure error={create.error} />}
						<div className="tk-row tk-section-actions">
							<Button variant="primary" isDisabled={!ready || create.isPending} onClick={() => setConfirm('deploy')}>{t('deploy.deploy')}</Button>
							<Button variant="secondary" isDisabled={!ready || create.isPending} onClick={() => setConfirm('now')}>{t('deploy.now')}</Button>
							<Button variant="link" onClick={() => history.back()}>{t('action.cancel')}</Button>
						</div>
						<p className="tk-small">{t('deploy.difference')}</p>
					</section>
				</Form>
			</div>
			{confirm && p && (
				<Confirm now={confirm === 'now'} preview={p} busy={create.isPending} onClose={() => setConfirm(null)} onGo={() => create.mutate(confirm === 'now')} />
			)}
		</Page>
	);
}
