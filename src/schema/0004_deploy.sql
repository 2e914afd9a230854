-- SPDX-License-Identifier: Apache-2.0
-- Configurations (deployments), their targets, and the signed orders that carry them out.
create table director (
  one integer primary key check (one = 1),
  org text not null,
  epoch bigint not null
);
create table deployment (
  id text primary key,
  name text not null,
  description text not null,
  policy text not null,
  wake boolean not null,
  state integer not null,
  created_by text not null,
  created_ms bigint not null,
  started_ms bigint not null,
  finished_ms bigint not null,
  n_patches bigint not null
);
create index deployment_created on deployment (created_ms, id);
create index deployment_state on deployment (state);
create table deployment_patch (
  deployment text not null references deployment (id),
  patch text not null,
  primary key (deployment, patch)
);
create table target (
  deployment text not null references deployment (id),
  host text not null,
  hostname text not null,
  state integer not null,
  reason text not null,
  detail text not null,
  updated_ms bigint not null,
  started_ms bigint not null,
  finished_ms bigint not null,
  next_attempt_ms bigint not null,
  attempts bigint not null,
  exit_status bigint not null,
  done bigint not null,
  total bigint not null,
  n_patches bigint not null,
  reboot_needed boolean not null,
  packages text,
  log bytea,
  primary key (deployment, host)
);
create index target_host on target (host, state);
create index target_name on target (deployment, hostname, host);
create index target_state on target (state);
create table host_sequence (
  host text primary key,
  seq bigint not null
);
create table host_order (
  id text primary key,
  deployment text not null,
  host text not null,
  epoch bigint not null,
  seq bigint not null,
  state integer not null, -- 0 open, 1 answered, 2 replaced or withdrawn
  issued_ms bigint not null,
  not_after_ms bigint not null,
  envelope text not null
);
create unique index host_order_seq on host_order (host, epoch, seq);
create index host_order_open on host_order (host, state);
