-- SPDX-License-Identifier: Apache-2.0
-- Who is mailed how a deployment stands (M-146), and what they were told last.
create table deployment_notify (
  deployment text primary key references deployment (id),
  addresses text not null,     -- one a line
  every_minutes bigint not null,
  looked_ms bigint not null,   -- when it was told or compared last; 0 = never
  told text not null,          -- how it stood when it was told last; '' = never told
  halt_ms bigint not null,     -- the halt of its rollout that was told last; 0 = none was
  ended boolean not null       -- its end was told
);
-- Patches whose test failed, until it was told.
create table test_failure (
  patch text primary key,
  why text not null,
  at_ms bigint not null
);
