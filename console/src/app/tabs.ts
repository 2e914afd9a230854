// SPDX-License-Identifier: Apache-2.0
// The seven tabs in the order people know, and the pages that exist behind them.
import type { ComponentType } from 'react';
import type { Key } from '../i18n';
import { AdminIcon, AgentIcon, DeployIcon, HomeIcon, PatchIcon, ReportIcon, SystemIcon } from '../ui/Icon';

export interface NavPage {
	to: string;
	name: Key;
	/** Further words by which the global search finds the page. */
	also?: Key;
}
export interface NavTab {
	id: string;
	name: Key;
	icon: ComponentType<{ className?: string }>;
	to?: string;
	pages: NavPage[];
}
export const NAV: NavTab[] = [
	{ id: 'home', name: 'nav.home', icon: HomeIcon, to: '/', pages: [] },
	{
		id: 'patches', name: 'nav.patches', icon: PatchIcon, pages: [
			{ to: '/patches/missing', name: 'patches.missing' },
			{ to: '/patches/critical', name: 'patches.critical' },
			{ to: '/patches/installed', name: 'patches.installed' },
			{ to: '/patches/applicable', name: 'patches.applicable' },
			{ to: '/patches/supported', name: 'patches.supported' },
			{ to: '/patches/latest', name: 'patches.latest' },
			{ to: '/patches/detail', name: 'patches.detail' },
			{ to: '/patches/downloaded', name: 'patches.downloaded' },
			{ to: '/patches/declined', name: 'patches.declined' },
		],
	},
	{
		id: 'systems', name: 'nav.systems', icon: SystemIcon, pages: [
			{ to: '/systems', name: 'systems.managed' },
			{ to: '/systems/scan', name: 'systems.scan' },
			{ to: '/systems/health-policy', name: 'healthPolicy.title' },
		],
	},
	{
		id: 'deploy', name: 'nav.deploy', icon: DeployIcon, pages: [
			{ to: '/deploy/tasks', name: 'deploy.tasks', also: 'deploy.also' },
			{ to: '/deploy/tasks/new', name: 'deploy.new', also: 'deploy.also' },
			{ to: '/deploy/policies', name: 'policies.title' },
			{ to: '/deploy/scripts', name: 'scripts.title' },
			{ to: '/deploy/auto', name: 'auto.title' },
			{ to: '/deploy/approval', name: 'approval.title' },
			{ to: '/deploy/portal', name: 'portal.title' },
		],
	},
	{
		id: 'agents', name: 'nav.agents', icon: AgentIcon, pages: [
			{ to: '/agents/computers', name: 'agents.computers' },
			{ to: '/agents/install', name: 'agents.install' },
			{ to: '/agents/groups', name: 'groups.title' },
			{ to: '/agents/offices', name: 'agents.offices' },
			{ to: '/agents/settings', name: 'agents.settings' },
		],
	},
	{ id: 'reports', name: 'nav.reports', icon: ReportIcon, to: '/reports', pages: [] },
	{
		id: 'admin', name: 'nav.admin', icon: AdminIcon, pages: [
			{ to: '/admin/patch-db', name: 'admin.patchDb' },
			{ to: '/admin/mail', name: 'mail.title' },
			{ to: '/admin/about', name: 'admin.about' },
		],
	},
];

/** The page whose address is the longest beginning of `path`. */
export function activePage(path: string): { tab?: string; page?: string } {
	let best: { tab?: string; page?: string } = {};
	let length = -1;
	for (const tab of NAV) {
		if (tab.to && (tab.to === path || (tab.to !== '/' && path.startsWith(tab.to + '/'))) && tab.to.length > length) {
			best = { tab: tab.id, page: tab.to };
			length = tab.to.length;
		}
		for (const p of tab.pages)
			if ((path === p.to || path.startsWith(p.to + '/')) && p.to.length > length) {
				best = { tab: tab.id, page: p.to };
				length = p.to.length;
			}
	}
	if (length < 0) {
		const root = path.split('/')[1];
		best = { tab: NAV.find(n => n.id === root)?.id };
	}
	return best;
}
