// SPDX-License-Identifier: Apache-2.0
// What the screens read. The first part of a key is the topic whose events make it stale (events.ts);
// "one" + id marks what belongs to a single thing.
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { api, take, takeAll, takeVersioned, type Schemas } from './client';
import type { paths } from './schema';

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;
export type PatchQuery = Query<'/patches'>;
export type SystemQuery = Query<'/systems'>;
export type PatchSystemsQuery = Query<'/patches/{patch_id}/systems'>;
export type SystemPatchesQuery = Query<'/systems/{system_id}/patches'>;
export type PatchPairsQuery = Query<'/patch-systems'>;
export type Patch = Schemas['Patch'];
export type PatchPair = Schemas['PatchSystem'];
export type System = Schemas['System'];
export type Deployment = Schemas['Deployment'];
export type Target = Schemas['Target'];
export type Job = Schemas['Job'];
export type Selection = Schemas['Selection'];
export type Group = Schemas['Group'];
export type Targets = Schemas['Targets'];
export type GroupQuery = Query<'/groups'>;
export type GroupMembersQuery = Query<'/groups/{group_id}/members'>;

const list = { placeholderData: keepPreviousData };

export const useDashboard = () => useQuery({
	queryKey: ['dashboard'], queryFn: ({ signal }) => take(api.GET('/dashboard', { signal })),
});
export const usePatches = (query: PatchQuery, enabled = true) => useQuery({
	...list, enabled, queryKey: ['patches', 'list', query], queryFn: ({ signal }) => take(api.GET('/patches', { params: { query }, signal })),
});
export const usePatch = (id: string) => useQuery({
	queryKey: ['patches', 'one', id],
	queryFn: ({ signal }) => take(api.GET('/patches/{patch_id}', { params: { path: { patch_id: id } }, signal })),
});
export const usePatchesById = (ids: string[]) => useQueries({
	queries: ids.map(id => ({
		queryKey: ['patches', 'one', id],
		queryFn: ({ signal }: { signal: AbortSignal }) => take(api.GET('/patches/{patch_id}', { params: { path: { patch_id: id } }, signal })),
	})),
});
export const usePatchPairs = (query: PatchPairsQuery) => useQuery({
	...list, queryKey: ['patches', 'pairs', query], queryFn: ({ signal }) => take(api.GET('/patch-systems', { params: { query }, signal })),
});
export const usePatchSystems = (id: string, query: PatchSystemsQuery) => useQuery({
	...list, queryKey: ['systems', 'of-patch', id, query],
	queryFn: ({ signal }) => take(api.GET('/patches/{patch_id}/systems', { params: { path: { patch_id: id }, query }, signal })),
});
export const useSystems = (query: SystemQuery, enabled = true) => useQuery({
	...list, enabled, queryKey: ['systems', 'list', query], queryFn: ({ signal }) => take(api.GET('/systems', { params: { query }, signal })),
});
export const useSystem = (id: string) => useQuery({
	queryKey: ['systems', 'one', id],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}', { params: { path: { system_id: id } }, signal })),
});
export const useSystemsById = (ids: string[]) => useQueries({
	queries: ids.map(id => ({
		queryKey: ['systems', 'one', id],
		queryFn: ({ signal }: { signal: AbortSignal }) => take(api.GET('/systems/{system_id}', { params: { path: { system_id: id } }, signal })),
	})),
});
export const useSystemPatches = (id: string, query: SystemPatchesQuery) => useQuery({
	...list, queryKey: ['systems', 'one', id, 'patches', query],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/patches', { params: { path: { system_id: id }, query }, signal })),
});
export const useInventory = (id: string, query: Query<'/systems/{system_id}/inventory'>) => useQuery({
	...list, queryKey: ['systems', 'one', id, 'inventory', query],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/inventory', { params: { path: { system_id: id }, query }, signal })),
});
export const useUnfixed = (id: string, query: Query<'/systems/{system_id}/unfixed'>) => useQuery({
	...list, queryKey: ['systems', 'one', id, 'unfixed', query],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/unfixed', { params: { path: { system_id: id }, query }, signal })),
});
export const useSystemDeployments = (id: string, query: Query<'/systems/{system_id}/deployments'>) => useQuery({
	...list, queryKey: ['deployments', 'of-system', id, query],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/deployments', { params: { path: { system_id: id }, query }, signal })),
});
export const useSystemHistory = (id: string, query: Query<'/systems/{system_id}/history'>) => useQuery({
	...list, queryKey: ['systems', 'one', id, 'history', query],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/history', { params: { path: { system_id: id }, query }, signal })),
});
export const usePatchHistory = (id: string, query: Query<'/patches/{patch_id}/history'>) => useQuery({
	...list, queryKey: ['patches', 'one', id, 'history', query],
	queryFn: ({ signal }) => take(api.GET('/patches/{patch_id}/history', { params: { path: { patch_id: id }, query }, signal })),
});
export const useExplanation = (system: string, patch: string, enabled: boolean) => useQuery({
	enabled, queryKey: ['systems', 'one', system, 'why', patch],
	queryFn: ({ signal }) => take(api.GET('/systems/{system_id}/patches/{patch_id}/explanation',
		{ params: { path: { system_id: system, patch_id: patch } }, signal })),
});
export const useDeployments = (query: Query<'/deployments'>) => useQuery({
	...list, queryKey: ['deployments', 'list', query], queryFn: ({ signal }) => take(api.GET('/deployments', { params: { query }, signal })),
});
export const useDeployment = (id: string, enabled = true) => useQuery({
	enabled, queryKey: ['deployments', 'one', id],
	queryFn: ({ signal }) => takeVersioned(api.GET('/deployments/{deployment_id}', { params: { path: { deployment_id: id } }, signal })),
});
export type DeploymentDetail = NonNullable<ReturnType<typeof useDeployment>['data']>;
export const useDeploymentPatches = (id: string, query: Query<'/deployments/{deployment_id}/patches'>) => useQuery({
	...list, queryKey: ['deployments', 'one', id, 'patches', query],
	queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/patches', { params: { path: { deployment_id: id }, query }, signal })),
});
export const useDeploymentFailures = (id: string) => useQuery({
	queryKey: ['deployments', 'one', id, 'failures'],
	queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/failures', { params: { path: { deployment_id: id } }, signal })),
});
/** Every word of a target's reason; the same as long as the server is. */
export const useReasons = () => useQuery({
	staleTime: Infinity, queryKey: ['reasons'], queryFn: ({ signal }) => take(api.GET('/deployment-reasons', { signal })),
	select: (d): Map<string, Schemas['Reason']> => new Map(d.items.map(r => [r.reason, r])),
});
export const useTargets = (id: string, query: Query<'/deployments/{deployment_id}/targets'>, enabled = true) => useQuery({
	...list, enabled, queryKey: ['deployments', 'one', id, 'targets', query],
	queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/targets', { params: { path: { deployment_id: id }, query }, signal })),
});
export const useTargetLog = (id: string, system: string) => useQuery({
	queryKey: ['deployments', 'one', id, 'log', system], retry: false,
	queryFn: ({ signal }) => take(api.GET('/deployments/{deployment_id}/targets/{system_id}/log',
		{ params: { path: { deployment_id: id, system_id: system } }, signal, parseAs: 'text' })),
});
export const usePolicies = () => useQuery({
	queryKey: ['policies'], queryFn: ({ signal }) => take(api.GET('/deployment-policies', { signal })),
});
export const useScripts = () => useQuery({
	queryKey: ['scripts'], queryFn: ({ signal }) => take(api.GET('/scripts', { signal })),
});
// What a filter describes follows the systems.
export const useGroups = (query: GroupQuery, enabled = true) => useQuery({
	...list, enabled, queryKey: ['systems', 'groups', query], queryFn: ({ signal }) => take(api.GET('/groups', { params: { query }, signal })),
});
export const useGroup = (id: string | undefined) => useQuery({
	enabled: !!id, queryKey: ['systems', 'group', id],
	queryFn: ({ signal }) => take(api.GET('/groups/{group_id}', { params: { path: { group_id: id! } }, signal })),
});
export const useGroupMembers = (id: string, query: GroupMembersQuery) => useQuery({
	...list, queryKey: ['systems', 'group', id, 'members', query],
	queryFn: ({ signal }) => take(api.GET('/groups/{group_id}/members', { params: { path: { group_id: id }, query }, signal })),
});
export const useFilterFields = () => useQuery({
	queryKey: ['filter-fields'], staleTime: Infinity, queryFn: ({ signal }) => take(api.GET('/filter-fields', { signal })),
});
export const useApproval = () => useQuery({
	queryKey: ['approval', 'settings'], queryFn: ({ signal }) => take(api.GET('/approval', { signal })),
});
export const usePendingApprovals = (query: PatchQuery) => useQuery({
	...list, queryKey: ['approval', 'list', query], queryFn: ({ signal }) => take(api.GET('/approval/pending', { params: { query }, signal })),
});
export const useAutoDeployments = () => useQuery({
	queryKey: ['auto', 'list'], queryFn: ({ signal }) => take(api.GET('/auto-deployments', { signal })),
});
export const useAutoPlan = (id: string) => useQuery({
	queryKey: ['auto', 'plan', id], queryFn: ({ signal }) => take(api.GET('/auto-deployments/{auto_id}/plan', { params: { path: { auto_id: id } }, signal })),
});
export const useAutoPreview = (body: Schemas['AutoRequest'], enabled: boolean) => useQuery({
	...list, enabled, retry: false, queryKey: ['auto', 'preview', body], queryFn: ({ signal }) => take(api.POST('/auto-deployments:preview', { body, signal })),
});
export const useOffices = (query: Query<'/offices'>) => useQuery({
	...list, queryKey: ['systems', 'offices', query], queryFn: ({ signal }) => take(api.GET('/offices', { params: { query }, signal })),
});
/** Every one, to choose from. */
export const useAllOffices = () => useQuery({
	queryKey: ['systems', 'offices', 'all'],
	queryFn: ({ signal }) => takeAll(cursor => take(api.GET('/offices', { params: { query: { limit: 200, cursor } }, signal }))),
});
export const useEnrolmentTokens = (query: Query<'/enrolment-tokens'>) => useQuery({
	...list, queryKey: ['enrolment', query], queryFn: ({ signal }) => take(api.GET('/enrolment-tokens', { params: { query }, signal })),
});
export const useFeeds = () => useQuery({
	queryKey: ['feeds'], queryFn: ({ signal }) => take(api.GET('/feeds', { signal })),
});
export const useJobs = () => useQuery({
	queryKey: ['jobs', 'list'], queryFn: ({ signal }) => take(api.GET('/jobs', { params: { query: { limit: 200 } }, signal })),
});
export const useTokens = (query: Query<'/tokens'>) => useQuery({
	...list, queryKey: ['tokens', query], queryFn: ({ signal }) => take(api.GET('/tokens', { params: { query }, signal })),
});
export const usePortal = (query: Query<'/portal'>) => useQuery({
	...list, queryKey: ['deployments', 'portal', query], queryFn: ({ signal }) => take(api.GET('/portal', { params: { query }, signal })),
});
export const useMails = (query: Query<'/mails'>) => useQuery({
	...list, queryKey: ['mails', query], queryFn: ({ signal }) => take(api.GET('/mails', { params: { query }, signal })), refetchInterval: 5000,
});
export const useSearchHits = (q: string) => useQuery({
	...list, enabled: q.length >= 2, queryKey: ['search', q], queryFn: ({ signal }) => take(api.GET('/search', { params: { query: { q } }, signal })),
});
