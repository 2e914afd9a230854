// SPDX-License-Identifier: Apache-2.0
// The columns of a patch, shared by every list of patches.
import { Link } from 'wouter';
import { patchPath } from '../../app/paths';
import type { Schemas } from '../../api/client';
import type { Patch } from '../../api/queries';
import type { I18n } from '../../i18n';
import { Count } from '../../ui/basic';
import type { Column } from '../../ui/DataTable';
import { Severity } from '../../ui/Severity';
import { Epss, Kev } from '../../ui/Enriched';
import { Time } from '../../ui/Time';
import { declinesOf, whereOf } from '../decline';

/** The id; where room is short its beginning is cut, since its end tells patches apart. */
function PatchLink({ id, signed, note }: { id: string; signed: boolean; note: string }) {
	const at = id.indexOf(':', id.indexOf(':') + 1) + 1;
	return <Link href={patchPath(id)} className="tk-id" title={signed ? id : `${id} (${note})`}><span>{id.slice(0, at)}</span><span>{id.slice(at)}</span>{!signed && <span className="tk-warn-text" role="img" aria-label={note}>▲</span>}</Link>;
}

export function patchColumns<P extends Patch>(i: I18n): Column<P>[] {
	const { t, word, bytes } = i;
	return [
		{ id: 'id', header: t('patch.id'), fixed: true, sort: 'id', cell: p => <PatchLink id={p.id} signed={p.signed} note={t('prov.unsigned')} /> },
		{ id: 'bulletin', drop: 6, header: t('patch.bulletin'), cell: p => p.bulletins.length ? <span title={p.bulletins.join(', ')}>{p.bulletins[0]}{p.bulletins.length > 1 && ` +${p.bulletins.length - 1}`}</span> : <span className="tk-none">–</span> },
		{ id: 'title', header: t('patch.description'), grow: true, sort: 'title', title: p => p.title, cell: p => p.title },
		{ id: 'severity', header: t('patch.severity'), sort: 'severity', cell: p => <Severity value={p.severity} raw={p.severity_raw} derived={p.severity_derived} /> },
		{ id: 'kev', header: t('patch.kev'), sort: 'kev', cell: p => <Kev kev={p.kev} /> },
		{ id: 'epss', drop: 4, header: t('patch.epss'), sort: 'epss', numeric: true, cell: p => <Epss epss={p.epss} /> },
		{ id: 'type', drop: 5, header: t('patch.type'), sort: 'type', cell: p => word('patchType', p.type) },
		{ id: 'missing', header: t('patch.missingSystems'), numeric: true, sort: 'missing_systems', cell: p => <Count n={p.missing_systems} to={patchPath(p.id, 'missing')} /> },
		{ id: 'failed', header: t('patch.failedSystems'), numeric: true, cell: p => <Count n={p.failed_systems} to={patchPath(p.id, 'missing')} danger /> },
		{ id: 'installed', drop: 1, header: t('patch.installedSystems'), numeric: true, sort: 'installed_systems', cell: p => <Count n={p.installed_systems} to={patchPath(p.id, 'installed')} /> },
		{ id: 'unknown', drop: 3, header: t('patch.unknownSystems'), numeric: true, cell: p => <Count n={p.unknown_systems} to={patchPath(p.id, 'unknown')} /> },
		{ id: 'held', drop: 3, header: t('patch.heldSystems'), numeric: true, cell: p => <Count n={p.held_systems} to={patchPath(p.id, 'held')} /> },
		{ id: 'kept_back', drop: 3, header: t('patch.keptBackSystems'), numeric: true, cell: p => <Count n={p.kept_back_systems} to={patchPath(p.id, 'kept_back')} /> },
		{ id: 'phased', drop: 3, header: t('patch.phasedSystems'), numeric: true, cell: p => <span className="tk-nowrap"><Count n={p.phased_systems} to={patchPath(p.id, 'phased')} />{p.withheld > 0 && <span className="tk-small"> {t('patch.withheldShort', { n: p.withheld })}</span>}</span> },
		{ id: 'needs_subscription', drop: 3, header: t('patch.subscriptionSystems'), numeric: true, cell: p => <span className="tk-nowrap"><Count n={p.subscription_systems} to={patchPath(p.id, 'needs_subscription')} />{p.availability && <span className="tk-small"> {p.availability}</span>}</span> },
		{ id: 'approval', drop: 6, header: t('patch.approval'), sort: 'approval', cell: p => word('approval', p.approval) },
		{ id: 'product', drop: 7, header: t('patch.product'), words: true, sort: 'product', cell: p => p.product },
		{ id: 'version', drop: 7, header: t('patch.version'), cell: p => <span className="tk-mono">{p.version}</span> },
		{ id: 'platform', drop: 8, header: t('patch.platform'), cell: p => word('platform', p.platform) },
		{ id: 'os', drop: 5, header: t('patch.os'), words: true, cell: p => p.os },
		{ id: 'suites', drop: 8, header: t('patch.suites'), words: true, cell: p => p.suites.join(', ') },
		{ id: 'reboot', drop: 2, header: t('patch.reboot'), cell: p => word('reboot', p.reboot) },
		{ id: 'vendor', drop: 8, header: t('patch.vendor'), words: true, cell: p => p.vendor },
		{ id: 'released', drop: 3, header: t('patch.released'), sort: 'released', cell: p => <Time at={p.released} date /> },
		{ id: 'cve', drop: 7, header: t('patch.cve'), numeric: true, cell: p => p.cve_count ? <span title={p.cves.join(', ')}>{i.number(p.cve_count)}</span> : <span className="tk-none">–</span> },
		{ id: 'download', drop: 6, header: t('patch.download'), cell: p => word('download', p.download_state) },
		{ id: 'size', drop: 6, header: t('patch.size'), numeric: true, sort: 'size', cell: p => p.size ? bytes(p.size) : <span className="tk-none">–</span> },
		{ id: 'feed', drop: 9, header: t('patch.feed'), words: true, cell: p => <>{p.feed}{!p.signed && <span className="tk-warn-text"> ▲ {t('prov.unsigned')}</span>}</> },
	];
}

/** The columns of the declined: who, why and until when right after what. */
export function declinedColumns(i: I18n): Column<Patch>[] {
	const { t } = i;
	const { date } = i;
	const [id, bulletin, title, severity, ...rest] = patchColumns<Patch>(i);
	const all = (p: Patch, of: (d: Schemas['Decline']) => string) => [...new Set(declinesOf(p).map(of))].join(', ');
	return [
		id!, title!, severity!,
		{ id: 'where', header: t('decline.where'), words: true, title: p => all(p, d => whereOf(d, t)), cell: p => all(p, d => whereOf(d, t)) },
		{ id: 'declined', header: t('patch.declinedSystems'), numeric: true, sort: 'declined_systems', cell: p => <Count n={p.declined_systems} to={patchPath(p.id, 'declined')} /> },
		{ id: 'reason', header: t('decline.reason'), words: true, title: p => all(p, d => d.reason), cell: p => all(p, d => d.reason) },
		{ id: 'until', header: t('decline.until'), cell: p => <span className="tk-nowrap">{all(p, d => date(d.expires))}</span> },
		{ id: 'by', drop: 4, header: t('decline.by'), words: true, cell: p => all(p, d => d.created_by) },
		{ id: 'scope', drop: 5, header: t('decline.scope'), words: true, cell: p => all(p, d => d.product ? t('decline.product', { name: d.product }) : t('decline.patch')) },
		bulletin!, ...rest,
	];
}
