// SPDX-License-Identifier: Apache-2.0
// Signed scripts that policies may name: signed offline, taken here as they are.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, take, type Schemas } from '../../api/client';
import { useScripts } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Button, Empty, Facts, Failure, Loaded } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { Page } from '../../ui/Page';
import { Time } from '../../ui/Time';
import { useToast } from '../../ui/toast';

type Script = Schemas['Script'];

export default function Scripts() {
	const { t } = useI18n();
	const { may } = useSession();
	const list = useScripts();
	const [shown, setShown] = useState<Script | null>(null);
	const [removing, setRemoving] = useState<Script | null>(null);
	const edit = may('deploy');
	const named = (s: Script) => t('scripts.named', { name: s.name, version: s.version });
	return (
		<Page title={t('scripts.title')} count={list.data && t('list.items', { n: list.data.items.length })} ready={!list.isPending}
			actions={edit && <Upload />} sub={<p className="tk-lead">{t('scripts.lead')}</p>}>
			{list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
			{!(list.error && !list.data) && (
				<DataTable label={t('scripts.title')} rows={list.data?.items} rowId={s => s.id} rowName={named}
					columns={[
						{ id: 'name', header: t('scripts.name'), cell: s => <button type="button" className="tk-link" onClick={() => setShown(s)}><span translate="no">{s.name}</span></button> },
						{ id: 'version', header: t('scripts.version'), numeric: true, cell: s => s.version },
						{ id: 'expires', header: t('scripts.expires'), cell: s => <><Time at={s.expires} />{Date.parse(s.expires) < Date.now() && <> <span className="tk-tag">{t('scripts.expired')}</span></>}</> },
						{ id: 'keys', header: t('scripts.keys'), numeric: true, cell: s => s.keys.length },
						{ id: 'policies', header: t('scripts.policies'), grow: true, words: true, title: s => s.policies.join(', '), cell: s => s.policies.length ? s.policies.join(', ') : <span className="tk-none">–</span> },
						{ id: 'uploaded', drop: 1, header: t('scripts.uploaded'), cell: s => <Time at={s.uploaded} /> },
						...(edit ? [{ id: 'do', header: t('deploy.action'), cell: (s: Script) => <button type="button" className="tk-link" aria-label={t('scripts.removeName', { name: named(s) })} onClick={() => setRemoving(s)}>{t('scripts.remove')}</button> }] : []),
					]}
					empty={<Empty title={t('scripts.none')} why={t('scripts.how')} />} />
			)}
			{shown && <Show script={shown} onClose={() => setShown(null)} />}
			{removing && <Remove script={removing} onClose={() => setRemoving(null)} />}
		</Page>
	);
}

function Upload() {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const input = useRef<HTMLInputElement>(null);
	const [failed, setFailed] = useState<unknown>(null);
	const upload = useMutation({
		mutationFn: async (file: File) => take(api.POST('/scripts', { body: { file: await file.text() } })),
		onSuccess: s => {
			toast.done(t('scripts.added', { name: t('scripts.named', { name: s.name, version: s.version }) }));
			void client.invalidateQueries({ queryKey: ['scripts'] });
		},
		onError: setFailed,
	});
	return (
		<>
			<input ref={input} type="file" hidden id="s-file" aria-label={t('scripts.upload')} onChange={e => {
				const file = e.target.files?.[0];
				e.target.value = '';
				if (file)
					upload.mutate(file);
			}} />
			<Button variant="primary" isDisabled={upload.isPending} onClick={() => input.current?.click()}>{t('scripts.upload')}</Button>
			{failed !== null && (
				<Dialog tone="warning" title={t('scripts.notTaken')} onClose={() => setFailed(null)} footer={<Button variant="primary" data-first onClick={() => setFailed(null)}>{t('action.close')}</Button>}>
					<Failure error={failed} />
				</Dialog>
			)}
		</>
	);
}

/** What it does, and who has signed it: to be read before it is chosen. */
function Show({ script, onClose }: { script: Script; onClose: () => void }) {
	const { t, number } = useI18n();
	const one = useQuery({
		queryKey: ['scripts', 'one', script.id],
		queryFn: ({ signal }) => take(api.GET('/scripts/{script_id}', { params: { path: { script_id: script.id } }, signal })),
	});
	return (
		<Dialog wide title={t('scripts.named', { name: script.name, version: script.version })} onClose={onClose}>
			<Loaded query={one}>
				{s => (
					<>
						<Facts wide items={[
							[t('scripts.expires'), <Time key="e" at={s.expires} />],
							[t('scripts.size'), t('scripts.bytes', { n: number(s.script_size) })],
							[t('scripts.keys'), <>{s.keys.map(k => <code key={k} className="tk-block">{k}</code>)}</>],
							[t('scripts.hash'), <code key="h">{s.id}</code>],
						]} />
						<pre className="tk-log" tabIndex={0} lang="en" aria-label={t('scripts.text')}>{s.text}</pre>
					</>
				)}
			</Loaded>
		</Dialog>
	);
}

function Remove({ script, onClose }: { script: Script; onClose: () => void }) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	const name = t('scripts.named', { name: script.name, version: script.version });
	const remove = useMutation({
		mutationFn: () => take(api.DELETE('/scripts/{script_id}', { params: { path: { script_id: script.id } } })),
		onSuccess: () => {
			toast.done(t('scripts.removed', { name }));
			void client.invalidateQueries({ queryKey: ['scripts'] });
			onClose();
		},
	});
	return (
		<Dialog tone="warning" title={t('scripts.removeTitle', { name })} onClose={onClose} footer={
			<>
				<Button variant="danger" isDisabled={remove.isPending} onClick={() => remove.mutate()}>{t('scripts.remove')}</Button>
				<Button variant="link" data-first onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<p>{t('scripts.removeText')}</p>
			{!!remove.error && <Failure error={remove.error} />}
		</Dialog>
	);
}
