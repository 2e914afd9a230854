-- SPDX-License-Identifier: Apache-2.0
-- Custom groups (S-21), and what deployments were aimed at.
create table host_group (
  id text primary key,
  name text not null,
  description text not null,
  kind integer not null,             -- enum group_kind
  filter text not null,              -- of a dynamic group; else empty
  created_by text not null,
  created_ms bigint not null,
  changed_by text not null,
  changed_ms bigint not null,
  version bigint not null            -- changes of this row and of its members
);
create unique index host_group_name on host_group (name);
create table host_group_member (
  group_id text not null references host_group (id),
  host text not null,
  alone boolean not null,            -- the group is unique: the host is in no other such group
  primary key (group_id, host)
);
create unique index host_group_alone on host_group_member (host) where alone;

create table deployment_aim (
  deployment text primary key references deployment (id),
  selector text not null,            -- JSON, as the API takes it
  dynamic boolean not null
);
create table deployment_group (
  deployment text not null references deployment (id),
  group_id text not null,
  primary key (deployment, group_id)
);
create index deployment_group_group on deployment_group (group_id);
