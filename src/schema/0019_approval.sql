-- SPDX-License-Identifier: Apache-2.0
-- Approval of patches and automated deployment (S-08).
create table approval_mode (
  one integer primary key check (one = 1),
  settings text not null,        -- JSON, as the API takes it
  changed_ms bigint not null,
  changed_by text not null
);
-- Every patch the server has noted; one without a row is as the mode says.
create table approval (
  patch text primary key,
  state integer not null,        -- 0 not approved, 1 approved
  how integer not null,          -- enum approval_how
  actor text not null,
  reason text not null,
  seen_ms bigint not null,       -- when it was noted first
  changed_ms bigint not null
);
-- A removed task is kept for the deployments that it made.
create table auto_task (
  id text primary key,
  name text not null,
  spec text not null,            -- JSON, as the API takes it
  created_by text not null,
  created_ms bigint not null,
  updated_ms bigint not null,
  paused_ms bigint not null,     -- 0 = it runs
  removed_ms bigint not null     -- 0 = it is there
);
create unique index auto_task_name on auto_task (name) where removed_ms = 0;
-- Deployments that a task made; task "test" is the test of approvals.
create table auto_run (
  deployment text primary key references deployment (id),
  task text not null,
  force_days bigint not null,    -- 0 = never outside its windows by the task's own wish
  created_ms bigint not null
);
create index auto_run_task on auto_run (task, created_ms);
-- What a task has given to which system: one bit for each of the deployment's patches, in the order of their ids.
create table auto_claim (
  deployment text not null references deployment (id),
  host text not null,
  patches bytea not null,
  primary key (deployment, host)
);
-- What failed before does not count any more: of one patch, or '' of the whole task.
create table auto_reset (
  task text not null,
  patch text not null,
  reset_ms bigint not null,
  reset_by text not null,
  primary key (task, patch)
);
