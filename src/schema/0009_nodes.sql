-- SPDX-License-Identifier: Apache-2.0
-- Several servers on one database. Each leader has a term of its own (sql/notify.h). A host's version counts
-- the changes of its row, so that a server that missed announcements finds the hosts it must read again.
create table leader (
  one integer primary key check (one = 1),
  term bigint not null,
  node text not null
);
insert into leader (one, term, node) values (1, 0, '');
alter table host add column version bigint not null default 0;
-- What all servers of an installation must have alike: digests of the agents' CA and of the deployment key.
create table installation_mark (
  name text primary key,
  value text not null
);
