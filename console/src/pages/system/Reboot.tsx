// SPDX-License-Identifier: Apache-2.0
// Restarting machines, one or many: asked before it is ordered.
import { api, newKey, take, type Schemas } from '../../api/client';
import type { Selection } from '../../api/queries';
import { useSession } from '../../app/session';
import { useI18n } from '../../i18n';
import { Asked } from './RestartServices';

export function Reboot({ s }: { s: Schemas['SystemDetail'] }) {
	const { t } = useI18n();
	const { may } = useSession();
	if (s.state !== 'active' || !may('deploy'))
		return null;
	return (
		<Asked open={t('reboot.open')} done={t('reboot.asked')} text={t('reboot.text')} title={t('reboot.title', { name: s.hostname })} button={t('reboot.button')}
			order={() => take(api.POST('/systems/{system_id}:reboot', { params: { path: { system_id: s.id }, header: { 'Idempotency-Key': newKey() } }, body: {} }))} />
	);
}

export function RebootMany({ systems, count }: { systems: Selection; count: number }) {
	const { t } = useI18n();
	return (
		<Asked small open={t('reboot.open')} done={t('reboot.asked')} text={t('reboot.text')} title={t('reboot.manyTitle', { n: count })} button={t('reboot.manyButton', { n: count })}
			order={() => take(api.POST('/systems:reboot', { params: { header: { 'Idempotency-Key': newKey() } }, body: { systems } }))} />
	);
}
