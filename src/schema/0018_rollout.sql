-- SPDX-License-Identifier: Apache-2.0
-- Deployments in waves: how one is rolled out, how far it is, and which wave a target is in.
create table rollout (
  deployment text primary key references deployment (id),
  definition text not null,    -- JSON, as the API takes it
  open_waves integer not null,
  halted integer not null,     -- 0 = it goes on, else why it stands still (rollout.h)
  halted_ms bigint not null,
  halted_by text not null,     -- '' = by itself
  reason text not null         -- what an administrator wrote on halting or resuming last
);
create table rollout_wave (
  deployment text not null references deployment (id),
  wave integer not null,
  opened_ms bigint not null,
  primary key (deployment, wave)
);
alter table target add column wave integer not null default 0;
alter table target add column forgiven boolean not null default false; -- on resuming; not counted any more
create index target_wave on target (deployment, wave, state);
