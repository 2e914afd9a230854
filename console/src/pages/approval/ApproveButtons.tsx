// SPDX-License-Identifier: Apache-2.0
// Approving patches, or taking that back, from a list; undone with the other button, so nothing is asked.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import type { Selection } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Button } from '../../ui/basic';
import { useToast } from '../../ui/toast';

type Verb = 'approve' | 'unapprove' | 'test-again';

function useDecide(onDone: () => void) {
	const { t } = useI18n();
	const toast = useToast();
	const client = useQueryClient();
	return useMutation({
		mutationFn: ({ verb, patches }: { verb: Verb; patches: Selection }) => take(
			verb === 'approve' ? api.POST('/patches:approve', { body: { patches } })
				: verb === 'unapprove' ? api.POST('/patches:unapprove', { body: { patches } })
					: api.POST('/patches:test-again', { body: { patches } })),
		onSuccess: (r, { verb }) => {
			toast.done(t(verb === 'approve' ? 'approve.done' : verb === 'unapprove' ? 'approve.taken' : 'approve.again', { n: r.changed }));
			onDone();
		},
		onError: toast.failed,
		onSettled: () => {
			for (const topic of ['patches', 'approval', 'auto'])
				void client.invalidateQueries({ queryKey: [topic] });
		},
	});
}

export function ApproveButtons({ selection, onDone, again }: { selection: Selection; onDone: () => void; again?: boolean }) {
	const { t } = useI18n();
	const decide = useDecide(onDone);
	const button = (verb: Verb, text: string) => (
		<Button variant="secondary" size="sm" isDisabled={decide.isPending} onClick={() => decide.mutate({ verb, patches: selection })}>{text}</Button>
	);
	return (
		<>
			{button('approve', t('approve.open'))}
			{button('unapprove', t('approve.take'))}
			{again && button('test-again', t('approve.testAgain'))}
		</>
	);
}
