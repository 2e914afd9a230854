// SPDX-License-Identifier: Apache-2.0
// The agent's full output for one target.
import { useTargetLog } from '../../api/queries';
import { useI18n } from '../../i18n';
import { Loaded } from '../../ui/basic';
import { CopyButton } from '../../ui/Copy';
import { Dialog } from '../../ui/Dialog';

export function LogDialog({ deployment, system, hostname, onClose }: { deployment: string; system: string; hostname: string; onClose: () => void }) {
	const { t } = useI18n();
	const log = useTargetLog(deployment, system);
	return (
		<Dialog wide title={t('deployment.logOf', { name: hostname })} onClose={onClose}>
			<Loaded query={log}>
				{text => (
					<>
						<div className="tk-row"><CopyButton text={text} what={t('deployment.log')} /></div>
						<pre className="tk-log" tabIndex={0} lang="en">{text}</pre>
					</>
				)}
			</Loaded>
		</Dialog>
	);
}
