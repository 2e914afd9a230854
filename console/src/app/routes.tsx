// SPDX-License-Identifier: Apache-2.0
// Address -> page. Every page is a chunk of its own.
import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { decodeId, systemPath, whyParam } from './paths';
import { withQuery } from '../ui/url';

const Dashboard = lazy(() => import('../pages/dashboard'));
const Patches = lazy(() => import('../pages/patches'));
const Detail = lazy(() => import('../pages/detail'));
const Patch = lazy(() => import('../pages/patch'));
const Systems = lazy(() => import('../pages/systems'));
const System = lazy(() => import('../pages/system'));
const Scan = lazy(() => import('../pages/scan'));
const HealthPolicy = lazy(() => import('../pages/health-policy'));
const Deployments = lazy(() => import('../pages/deployments'));
const NewDeployment = lazy(() => import('../pages/new-deployment'));
const Deployment = lazy(() => import('../pages/deployment'));
const Portal = lazy(() => import('../pages/portal'));
const Policies = lazy(() => import('../pages/policies'));
const Scripts = lazy(() => import('../pages/scripts'));
const Policy = lazy(() => import('../pages/policy'));
const Approval = lazy(() => import('../pages/approval'));
const AutoDeployments = lazy(() => import('../pages/auto'));
const AutoDeployment = lazy(() => import('../pages/auto/Task'));
const Computers = lazy(() => import('../pages/computers'));
const InstallAgents = lazy(() => import('../pages/install-agents'));
const Groups = lazy(() => import('../pages/groups'));
const Group = lazy(() => import('../pages/group'));
const Offices = lazy(() => import('../pages/offices'));
const Reports = lazy(() => import('../pages/reports'));
const AgentSettings = lazy(() => import('../pages/agent-settings'));
const PatchDb = lazy(() => import('../pages/patch-db'));
const Mail = lazy(() => import('../pages/mail'));
const About = lazy(() => import('../pages/about'));
const Me = lazy(() => import('../pages/me'));
const NotFound = lazy(() => import('../pages/not-found'));

export function Routes() {
	return (
		<Switch>
			<Route path="/"><Dashboard /></Route>
			<Route path="/patches"><Redirect to="/patches/missing" replace /></Route>
			<Route path="/patches/detail"><Detail /></Route>
			<Route path="/patches/:view">{p => /^(missing|critical|installed|applicable|supported|latest|downloaded|declined)$/.test(p.view)
				? <Patches key={p.view} view={p.view as 'missing'} /> : <Patch id={decodeId(p.view)} tab="overview" />}</Route>
			<Route path="/patches/:id/:tab">{p => <Patch id={decodeId(p.id)} tab={p.tab} />}</Route>
			<Route path="/systems"><Systems /></Route>
			<Route path="/systems/scan"><Scan /></Route>
			<Route path="/systems/health-policy"><HealthPolicy /></Route>
			<Route path="/systems/:id/patches/:pid/why">{p => <Redirect replace
				to={withQuery(systemPath(decodeId(p.id), 'missing'), { why: whyParam(decodeId(p.id), decodeId(p.pid)) })} />}</Route>
			<Route path="/systems/:id">{p => <System id={decodeId(p.id)} tab="overview" />}</Route>
			<Route path="/systems/:id/:tab">{p => <System id={decodeId(p.id)} tab={p.tab} />}</Route>
			<Route path="/deploy"><Redirect to="/deploy/tasks" replace /></Route>
			<Route path="/deploy/tasks"><Deployments /></Route>
			<Route path="/deploy/tasks/new"><NewDeployment /></Route>
			<Route path="/deploy/tasks/:id/edit">{p => <NewDeployment key={p.id} id={decodeId(p.id)} />}</Route>
			<Route path="/deploy/tasks/:id">{p => <Deployment id={decodeId(p.id)} />}</Route>
			<Route path="/deploy/portal"><Portal /></Route>
			<Route path="/deploy/policies"><Policies /></Route>
			<Route path="/deploy/policies/new"><Policy /></Route>
			<Route path="/deploy/policies/:id">{p => <Policy key={p.id} id={decodeId(p.id)} />}</Route>
			<Route path="/deploy/scripts"><Scripts /></Route>
			<Route path="/deploy/auto"><AutoDeployments /></Route>
			<Route path="/deploy/auto/new"><AutoDeployment /></Route>
			<Route path="/deploy/auto/:id">{p => <AutoDeployment key={p.id} id={decodeId(p.id)} />}</Route>
			<Route path="/deploy/approval"><Approval /></Route>
			<Route path="/agents"><Redirect to="/agents/computers" replace /></Route>
			<Route path="/agents/computers"><Computers /></Route>
			<Route path="/agents/install"><InstallAgents /></Route>
			<Route path="/agents/groups"><Groups /></Route>
			<Route path="/agents/groups/new"><Group /></Route>
			<Route path="/agents/groups/:id">{p => <Group key={p.id} id={decodeId(p.id)} />}</Route>
			<Route path="/agents/offices"><Offices /></Route>
			<Route path="/agents/settings"><AgentSettings /></Route>
			<Route path="/reports"><Reports /></Route>
			<Route path="/admin"><Redirect to="/admin/patch-db" replace /></Route>
			<Route path="/admin/patch-db"><PatchDb /></Route>
			<Route path="/admin/mail"><Mail /></Route>
			<Route path="/admin/about"><About /></Route>
			<Route path="/me"><Me /></Route>
			<Route path="/login"><Redirect to="/" replace /></Route>
			<Route path="/setup"><Redirect to="/" replace /></Route>
			<Route><NotFound /></Route>
		</Switch>
	);
}
