// SPDX-License-Identifier: Apache-2.0
// What is managed: kinds of sources that are synced, and the matrix of systems and classes of patches.
// Both settings name what is off.
import { useQuery } from '@tanstack/react-query';
import { api, take, type Schemas } from '../../api/client';
import { useI18n } from '../../i18n';
import { Loaded } from '../../ui/basic';
import { DataTable } from '../../ui/DataTable';

const lines = (value: string) => value.split('\n').map(x => x.trim()).filter(Boolean);
const turned = (off: string[], cell: string, on: boolean) => (on ? off.filter(k => k !== cell) : [...off, cell]).join('\n');

export function SourceKinds({ value, put }: { value: string; put: (v: string) => void }) {
	const { t, word, maybe } = useI18n();
	const name = (k: { kind: string; title: string }) => maybe(`feedKind.${k.kind}`) ?? k.title;
	const kinds = useQuery({ queryKey: ['feed-kinds'], queryFn: ({ signal }) => take(api.GET('/feed-kinds', { signal })) });
	const off = lines(value);
	return (
		<Loaded query={kinds}>
			{d => (
				<DataTable label={t('scope.title')} keyboard={false} rows={d.items} rowId={k => k.kind} rowName={k => k.title} empty={null}
					columns={[
						{ id: 'on', header: t('scope.on'), cell: k => <input type="checkbox" aria-label={name(k)} checked={!off.includes(k.kind)} onChange={e => put(turned(off, k.kind, e.target.checked))} /> },
						{ id: 'name', header: t('feed.kind'), cell: name },
						{ id: 'class', header: t('scope.class'), cell: k => word('feedClass', k.class) },
						{ id: 'signed', header: t('prov.signature'), cell: k => t(k.signed ? 'prov.signed' : 'prov.unsigned') },
						{ id: 'os', header: t('scope.platform'), grow: true, title: k => k.os.map(familyName).join(', '), cell: k => k.os.length ? k.os.map(familyName).join(', ') : t('scope.any') },
					]} />
			)}
		</Loaded>
	);
}

/** Proper names; the same in every language. */
const NAMES: Record<string, string> = {
	almalinux: 'AlmaLinux', alpine: 'Alpine', amzn: 'Amazon Linux', arch: 'Arch Linux', centos: 'CentOS Stream', debian: 'Debian', fedora: 'Fedora', ol: 'Oracle Linux',
	'opensuse-leap': 'openSUSE Leap', rhel: 'Red Hat Enterprise Linux', rocky: 'Rocky Linux', sles: 'SUSE Linux Enterprise', ubuntu: 'Ubuntu',
};
const familyName = (family: string) => NAMES[family] ?? family;

type Row = Schemas['PatchScope']['items'][number];
type Type = Schemas['PatchType'];
/** Kinds of software and their classes, in the order they are shown; a column is there when it means something. */
const KINDS: [string, Type[]][] = [
	['os', ['security', 'critical', 'rollup', 'service_pack', 'bugfix', 'enhancement', 'feature', 'definition', 'unrated']],
	['third_party', ['third_party']], ['driver', ['driver']], ['bios', ['bios']],
];

export function ScopeMatrix({ value, put }: { value: string; put: (v: string) => void }) {
	const { t, word, number } = useI18n();
	const scope = useQuery({ queryKey: ['patches', 'scope'], queryFn: ({ signal }) => take(api.GET('/patch-scope', { signal })) });
	const off = lines(value);
	const cell = (row: Row, type: Type) => {
		const id = `${row.family}/${type}`;
		const known = row.classes.find(c => c.type === type);
		if (!known && !off.includes(id))
			return <span className="tk-none">–</span>;
		const on = !off.includes(id);
		return (
			<label className={on ? undefined : 'tk-none'}>
				<input type="checkbox" checked={on} aria-label={`${familyName(row.family)}: ${word('patchType', type)}`} onChange={e => put(turned(off, id, e.target.checked))} />
				{' '}{number(known?.patches ?? 0)}
			</label>
		);
	};
	return (
		<Loaded query={scope}>
			{d => {
				const used = new Set(d.items.flatMap(r => r.classes.map(c => c.type)));
				const kinds = KINDS.map(([kind, types]) => [kind, types.filter(x => used.has(x))] as const).filter(([, types]) => types.length > 0);
				const platforms = [...new Set(d.items.map(r => r.platform))];
				if (d.items.length === 0)
					return <p className="tk-none">{t('scope.empty')}</p>;
				return (
					<div className="tk-tablewrap" tabIndex={-1}>
						<table className="tk-table tk-matrix">
							<caption>{t('scope.matrix')}</caption>
							<thead>
								<tr><th rowSpan={2} scope="col">{t('scope.platform')}</th><th rowSpan={2} scope="col">{t('scope.family')}</th>{kinds.map(([kind, types]) => <th key={kind} colSpan={types.length} scope="colgroup">{word('scopeKind', kind)}</th>)}</tr>
								<tr>{kinds.flatMap(([, types]) => types.map(type => <th key={type} scope="col">{word('patchType', type)}</th>))}</tr>
							</thead>
							{platforms.map(platform => {
								const rows = d.items.filter(r => r.platform === platform);
								return (
									<tbody key={platform}>
										{rows.map((row, n) => (
											<tr key={row.family}>
												{n === 0 && <th scope="rowgroup" rowSpan={rows.length}>{word('platform', platform)}</th>}
												<th scope="row">{row.family ? familyName(row.family) : t('scope.any')}</th>
												{kinds.flatMap(([, types]) => types.map(type => <td key={type}>{cell(row, type)}</td>))}
											</tr>
										))}
									</tbody>
								);
							})}
						</table>
						{d.items.some(r => r.classes.some(c => !c.applied)) && <p className="tk-small tk-warn-text" role="status">{t('scope.pending')}</p>}
					</div>
				);
			}}
		</Loaded>
	);
}
