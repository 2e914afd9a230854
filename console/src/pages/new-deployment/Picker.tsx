// SPDX-License-Identifier: Apache-2.0
// Pick patches or systems in a dialog: the same table, searched and paged by the server.
import { useEffect, useState, type ReactNode } from 'react';
import type { Schemas } from '../../api/client';
import { usePatches, useSystems, type Patch, type System } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button, Empty, Failure } from '../../ui/basic';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { AngleLeftIcon, AngleRightIcon } from '../../ui/Icon';
import { useSelection } from '../../ui/List';
import { patchColumns } from '../patches/columns';
import { systemColumns } from '../systems/columns';

function usePicker() {
	const [text, setText] = useState('');
	const [q, setQ] = useState('');
	const [cursor, setCursor] = useState<string | undefined>();
	useEffect(() => {
		const timer = setTimeout(() => {
			setQ(text.trim());
			setCursor(undefined);
		}, 250);
		return () => clearTimeout(timer);
	}, [text]);
	return { text, setText, query: { q: q || undefined, cursor, limit: 50 }, setCursor };
}

function Frame({ title, search, picker, page, error, children, count, onAdd, onClose }: {
	title: string; search: string; picker: ReturnType<typeof usePicker>; page: Schemas['Page'] | undefined; error: unknown;
	children: ReactNode; count: number; onAdd: () => void; onClose: () => void;
}) {
	const { t } = useI18n();
	return (
		<Dialog wide title={title} onClose={onClose} footer={
			<>
				<Button variant="primary" isDisabled={count === 0} onClick={onAdd}>{t('picker.add', { n: count })}</Button>
				<Button variant="link" onClick={onClose}>{t('action.cancel')}</Button>
			</>
		}>
			<div className="tk-toolbar">
				<input data-first type="search" className="tk-input" value={picker.text} aria-label={search} placeholder={search} onChange={e => picker.setText(e.target.value)} />
				<span className="tk-grow-space" />
				{page && <span>{t('list.items', { n: page.total })}</span>}
				<button type="button" className="tk-icon-button" aria-label={t('pager.prev')} disabled={!page?.prev_cursor} onClick={() => picker.setCursor(page?.prev_cursor ?? undefined)}><AngleLeftIcon /></button>
				<button type="button" className="tk-icon-button" aria-label={t('pager.next')} disabled={!page?.next_cursor} onClick={() => picker.setCursor(page?.next_cursor ?? undefined)}><AngleRightIcon /></button>
			</div>
			{!!error && <Failure error={error} />}
			{children}
		</Dialog>
	);
}

const only = <R,>(columns: Column<R>[], ids: string[]) => columns.filter(c => ids.includes(c.id)).map(c => ({ ...c, sort: undefined }));

export function PatchPicker({ view, onAdd, onClose }: { view: 'missing' | 'installed'; onAdd: (p: Patch[]) => void; onClose: () => void }) {
	const i = useI18n();
	const picker = usePicker();
	const list = usePatches({ ...picker.query, view });
	const sel = useSelection(list.data?.items, p => p.id, '');
	return (
		<Frame title={i.t('deploy.addPatches')} search={i.t('patches.search')} picker={picker} page={list.data?.page} error={list.error} count={sel.rows.length} onAdd={() => onAdd(sel.rows)} onClose={onClose}>
			<DataTable label={i.t(`patches.${view}`)} keyboard={false} rows={list.data?.items} rowId={p => p.id} rowName={p => p.id} selection={sel.selection}
				columns={only(patchColumns<Patch>(i), ['id', 'title', 'severity', 'type', view, 'reboot', 'size'])}
				empty={<Empty title={i.t('empty.noMatch')} why={i.t('empty.noMatchWhy')} />} />
		</Frame>
	);
}

export function SystemPicker({ onAdd, onClose }: { onAdd: (s: System[]) => void; onClose: () => void }) {
	const i = useI18n();
	const picker = usePicker();
	const list = useSystems(picker.query);
	const sel = useSelection(list.data?.items, s => s.id, '');
	return (
		<Frame title={i.t('deploy.addSystems')} search={i.t('systems.search')} picker={picker} page={list.data?.page} error={list.error} count={sel.rows.length} onAdd={() => onAdd(sel.rows)} onClose={onClose}>
			<DataTable label={i.t('systems.managed')} keyboard={false} rows={list.data?.items} rowId={s => s.id} rowName={s => s.hostname} selection={sel.selection}
				columns={only(systemColumns(i), ['hostname', 'os', 'health', 'missing', 'office', 'online', 'contact'])}
				empty={<Empty title={i.t('empty.noMatch')} why={i.t('empty.noMatchWhy')} />} />
		</Frame>
	);
}
