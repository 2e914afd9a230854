// SPDX-License-Identifier: Apache-2.0
// PatternFly's small parts, wrapped once so that no English default of theirs reaches a screen. Pages
// import from here, never from @patternfly.
import { Alert, Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../api/client';
import { useI18n, type Key } from '../i18n';
import { Time } from './Time';
import { useDelayed } from './useDelayed';

export { Button, Checkbox, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Radio, TextArea, TextInput } from '@patternfly/react-core';

type Tone = 'info' | 'success' | 'warning' | 'danger';
export function Note({ tone, title, children, action }: { tone: Tone; title: ReactNode; children?: ReactNode; action?: ReactNode }) {
	const { t } = useI18n();
	return (
		<Alert isInline variant={tone} title={title} variantLabel={t(`tone.${tone}`)} component="p" actionLinks={action}>
			{children}
		</Alert>
	);
}

/** Why there is nothing, and what to do next. */
export function Empty({ title, why, action, to, onAction }: { title: string; why: ReactNode; action?: string; to?: string; onAction?: () => void }) {
	return (
		<EmptyState titleText={title} headingLevel="h2" variant="sm">
			<EmptyStateBody>{why}</EmptyStateBody>
			{action && (
				<EmptyStateFooter>
					<EmptyStateActions>
						{to
							? <Link href={to} className="pf-v6-c-button pf-m-primary">{action}</Link>
							: <Button variant="primary" onClick={onAction}>{action}</Button>}
					</EmptyStateActions>
				</EmptyStateFooter>
			)}
		</EmptyState>
	);
}

/** Text of a failure in the person's language. */
export function useProblem() {
	const { t, maybe } = useI18n();
	return (e: unknown): { title: string; fields: string[]; detail: string; requestId: string } => {
		if (!(e instanceof ApiError))
			return { title: t('problem.unexpected'), fields: [], detail: e instanceof Error ? e.message : String(e), requestId: '' };
		const params = Object.fromEntries(Object.entries(e.params)
			.filter((p): p is [string, string | number] => typeof p[1] === 'string' || typeof p[1] === 'number'));
		const known = maybe(`problem.${e.code}`, { retry: e.retryAfter ?? 0, ...params });
		const fields = e.errors.map(x => {
			const name = x.pointer.replace(/^\?|^\/values\/|^\//, '');
			return t('problem.field', { name: maybe(`setting.${name}`) ?? name, why: maybe(`problem.${x.code}`, params) ?? x.code });
		});
		return { title: known ?? t('problem.other', { code: e.code }), fields, detail: e.detail, requestId: e.requestId };
	};
}

/** What a machine said, in its own words: for those who look for the cause. */
export function Technical({ text }: { text: string }) {
	const { t, lang } = useI18n();
	return <details className="tk-technical"><summary>{t('problem.technical')}</summary><p lang="en" translate={lang === 'en' ? undefined : 'no'}>{text}</p></details>;
}

export function Failure({ error, retry, asOf }: { error: unknown; retry?: () => void; asOf?: string }) {
	const { t } = useI18n();
	const p = useProblem()(error);
	return (
		<Note tone="danger" title={p.title} action={retry && <Button variant="link" isInline onClick={retry}>{t('action.retry')}</Button>}>
			{p.fields.length > 0 && <ul>{p.fields.map(f => <li key={f}>{f}</li>)}</ul>}
			{p.detail && <Technical text={p.detail} />}
			{asOf && <p>{t('state.shownAsOf')} <Time at={asOf} /></p>}
			{p.requestId && <p className="tk-small">{t('problem.requestId')} <code>{p.requestId}</code></p>}
		</Note>
	);
}

export function Loading({ what }: { what?: Key }) {
	const { t } = useI18n();
	return useDelayed(true, 300) ? <p className="tk-loading" role="status">{t(what ?? 'state.loading')}</p> : null;
}

/** A query's outcome: failure, loading, or the data. */
export function Loaded<T>({ query, children }: {
	query: { data: T | undefined; error: unknown; refetch: () => unknown };
	children: (data: T) => ReactNode;
}) {
	if (query.data === undefined)
		return query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : <Loading />;
	return (
		<>
			{!!query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
			{children(query.data)}
		</>
	);
}

export function Card({ title, children, extra, className }: { title?: ReactNode; children: ReactNode; extra?: ReactNode; className?: string }) {
	return (
		<section className={`tk-card ${className ?? ''}`}>
			{title && <div className="tk-card-head"><h2>{title}</h2>{extra}</div>}
			{children}
		</section>
	);
}

/** Pairs of name and value. */
export function Facts({ items, wide }: { items: [string, ReactNode][]; wide?: boolean }) {
	return (
		<dl className={wide ? 'tk-facts tk-facts-wide' : 'tk-facts'}>
			{items.map(([k, v]) => (
				<div key={k}>
					<dt>{k}</dt>
					<dd>{v === '' || v === null || v === undefined ? <span className="tk-none">–</span> : v}</dd>
				</div>
			))}
		</dl>
	);
}

export function Count({ n, to, danger }: { n: number; to?: string; danger?: boolean }) {
	const { number } = useI18n();
	if (n === 0)
		return <span className="tk-none">–</span>;
	return to ? <Link href={to} className={danger ? 'tk-danger-text' : undefined}>{number(n)}</Link> : <>{number(n)}</>;
}
