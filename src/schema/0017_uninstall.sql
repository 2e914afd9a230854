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
