// SPDX-License-Identifier: Apache-2.0
// Asks systems to scan; says how many were asked and how many of them hear it at once.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, newKey, take } from '../../api/client';
import type { Selection } from '../../api/queries';
import { useI18n } from '../../i18n';
import { useToast } from '../../ui/toast';

export function useScan() {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	return useMutation({
		mutationFn: (body: Selection) => take(api.POST('/systems:scan', { body, params: { header: { 'Idempotency-Key': newKey() } } })),
		onSuccess: r => {
			toast.done(t('scan.asked', { n: r.systems, connected: r.connected }));
			void client.invalidateQueries({ queryKey: ['systems'] });
		},
		onError: toast.failed,
	});
}
