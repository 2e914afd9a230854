-- SPDX-License-Identifier: Apache-2.0
-- Declines for groups (S-09). A decline without a row here is for every system.
create table decline_group (
  decline text not null references decline (id),
  group_id text not null,            -- of a group that is there as long as the decline holds
  name text not null,                -- as it was called then: the group may be gone later
  primary key (decline, group_id)
);
create index decline_group_group on decline_group (group_id);

-- Made of everything missing, or automatically: what is declined for a system is left out there.
alter table deployment add column spares_declined boolean not null default false;
