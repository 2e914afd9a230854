// SPDX-License-Identifier: Apache-2.0
// The last net: a fault in a screen shows a message and a way on, never a blank page.
import { Component, type ReactNode } from 'react';
import { useI18n } from '../i18n';
import { Button, Note } from '../ui/basic';

function Message({ error, onRetry }: { error: Error; onRetry: () => void }) {
	const { t } = useI18n();
	return (
		<div className="tk-crash">
			<Note tone="danger" title={t('crash.title')} action={<Button variant="link" isInline onClick={onRetry}>{t('crash.reload')}</Button>}>
				<p>{t('crash.text')}</p>
				<p className="tk-small" lang="en"><code>{error.message}</code></p>
			</Note>
		</div>
	);
}

export class Crash extends Component<{ children: ReactNode }, { error: Error | null }> {
	override state: { error: Error | null } = { error: null };
	static getDerivedStateFromError(error: Error) {
		return { error };
	}
	override render() {
		return this.state.error
			? <Message error={this.state.error} onRetry={() => location.reload()} />
			: this.props.children;
	}
}
