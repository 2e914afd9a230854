// SPDX-License-Identifier: Apache-2.0
// The preview that the server demands, and the buttons that deploy.
import type { ReactNode } from 'react';
import type { Schemas } from '../../../api/client';
import { useI18n } from '../../../i18n';
import { Button, Empty, Failure } from '../../../ui/basic';
import { hasSomething, published, type Draft } from '../draft';
import { PreviewFacts } from '../Numbers';

interface Props {
	draft: Draft;
	preview: { data?: Schemas['DeploymentPreview']; error: unknown; isFetching: boolean; refetch: () => unknown };
	/** Why the last creation failed. */
	failure: unknown;
	ready: boolean;
	/** Buttons of others between "deploy now" and "cancel". */
	children?: ReactNode;
	onDeploy: (now: boolean) => void;
}

export function Preview({ draft, preview, failure, ready, children, onDeploy }: Props) {
	const { t } = useI18n();
	const something = hasSomething(draft);
	return (
		<>
			{!something && <Empty title={t('deploy.previewNothing')} why={t('deploy.previewNothingWhy')} />}
			{something && !!preview.error && <Failure error={preview.error} retry={() => void preview.refetch()} />}
			{something && preview.isFetching && <p className="tk-loading" role="status">{t('deploy.previewing')}</p>}
			{preview.data && !preview.isFetching && <PreviewFacts p={preview.data} />}
			{!!failure && <Failure error={failure} />}
			<div className="tk-row tk-section-actions">
				<Button variant="primary" isDisabled={!ready} onClick={() => onDeploy(false)}>{t(published(draft) ? 'portal.do' : 'deploy.deploy')}</Button>
				{!published(draft) && <Button variant="secondary" isDisabled={!ready} onClick={() => onDeploy(true)}>{t('deploy.now')}</Button>}
				{children}
				<Button variant="link" onClick={() => history.back()}>{t('action.cancel')}</Button>
			</div>
			{!published(draft) && <p className="tk-small">{t('deploy.difference')}</p>}
		</>
	);
}
