-- SPDX-License-Identifier: Apache-2.0
-- Groups of which never more than so many members may be unavailable at once, and the places that hold members
-- to it. A place is there before the order it was taken for leaves the server.
alter table host_group add column max_unavailable bigint not null default 0;      -- 0 = no such rule
alter table host_group add column max_unavailable_percent boolean not null default false;
create table cluster_slot (
  host text primary key,
  epoch bigint not null,
  seq bigint not null,      -- of the newest order handed out under it
  stage integer not null,   -- enum cluster_stage: what became of that order
  until_ms bigint not null, -- a machine whose own clock has shown more than this does not begin that order any more
  boot text not null        -- the machine's boot when it was heard last
);
-- Counts the places taken: of two servers that take one at once, one must look again.
create table cluster_turn (
  one integer primary key check (one = 1),
  turn bigint not null
);
insert into cluster_turn (one, turn) values (1, 0);
