// SPDX-License-Identifier: Apache-2.0
// The list of keys.
import { useI18n, type Key } from '../i18n';
import { Dialog } from '../ui/Dialog';

const KEYS: [string[], Key][] = [
	[['/', 'Ctrl+K'], 'keys.search'], [['f'], 'keys.find'], [['j', 'k'], 'keys.move'], [['x'], 'keys.select'],
	[['Enter'], 'keys.open'], [['e'], 'keys.explain'], [['Esc'], 'keys.close'], [['?'], 'keys.help'],
];

export function KeyboardHelp({ onClose }: { onClose: () => void }) {
	const { t } = useI18n();
	return (
		<Dialog title={t('keys.title')} onClose={onClose}>
			<table className="tk-keys">
				<tbody>
					{KEYS.map(([keys, what]) => (
						<tr key={what}>
							<td>{keys.map(k => <kbd key={k}>{k}</kbd>)}</td>
							<th scope="row">{t(what)}</th>
						</tr>
					))}
				</tbody>
			</table>
		</Dialog>
	);
}
