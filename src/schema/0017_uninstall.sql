-- SPDX-License-Identifier: Apache-2.0
-- Deployments that uninstall patches (operation 2): which package of a system goes back from which version to
-- which, fixed when the deployment is made. recorded: the version that the system had before, by its own results.
create table uninstall_item (
  deployment text not null references deployment (id),
  host text not null,
  patch text not null,
  name text not null,
  arch text not null,
  version_from text not null,
  version_to text not null,
  recorded boolean not null,
  primary key (deployment, host, patch, name, arch)
);
-- Patches taken back from a system: nothing installs them there again that was asked for before then, or by
-- itself; a deployment made afterwards for these patches does.
create table rolled_back (
  host text not null,
  patch text not null,
  at_ms bigint not null,
  deployment text not null,
  primary key (host, patch)
);
-- Exact plans: the transaction of each target as its own package manager would make it. plan_mode: deployments
-- whose targets stop with their plan until its hash is approved.
create table plan_mode (
  deployment text primary key references deployment (id)
);
create table plan (
  hash text primary key,
  steps text not null
);
create table target_plan (
  deployment text not null references deployment (id),
  host text not null,
  hash text not null,
  told_ms bigint not null,
  primary key (deployment, host)
);
create index target_plan_hash on target_plan (deployment, hash);
create table plan_approval (
  deployment text not null references deployment (id),
  hash text not null,
  approved_by text not null,
  approved_ms bigint not null,
  primary key (deployment, hash)
);
