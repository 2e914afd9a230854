// SPDX-License-Identifier: Apache-2.0
// Start: one query client, the language, the gate (set-up, sign-in or the shell).
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client';
import { Crash } from './app/Crash';
import { Gate } from './app/Gate';
import { I18nProvider } from './i18n';
import { Toasts } from './ui/toast';

const client = new QueryClient({
	defaultOptions: {
		queries: {
			// The browser's own idea of being online knows nothing of a server in the same network.
			staleTime: 10_000, refetchOnWindowFocus: true, networkMode: 'always',
			// Only what may pass by itself is tried again.
			retryDelay: n => 700 * 2 ** n,
			retry: (n, e) => n < 2 && e instanceof ApiError && (e.code === 'network' || e.status >= 502),
		},
		mutations: { networkMode: 'always' },
	},
});

createRoot(document.getElementById('root')!).render(
	<StrictMode>
		<QueryClientProvider client={client}>
			<I18nProvider>
				<Crash>
					<Toasts>
						<Gate />
					</Toasts>
				</Crash>
			</I18nProvider>
		</QueryClientProvider>
	</StrictMode>,
);
