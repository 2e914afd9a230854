-- SPDX-License-Identifier: Apache-2.0
-- Snapshots of the fleet lie in files and are derived. A snapshot begins an epoch; a host that is written
-- gets the epoch of that time, so that a start reads again what changed since the snapshot was begun. A file
-- counts only while its id stands here: one of another database, or of this one before it was restored from
-- a backup, is left alone.
create table fleet_epoch (
  one integer primary key check (one = 1),
  n bigint not null
);
insert into fleet_epoch (one, n) values (1, 1);
create table fleet_snapshot (
  id bytea primary key,
  epoch bigint not null
);
alter table host add column changed bigint not null default 0;
create index host_changed on host (changed);
create index host_contact on host (last_contact_ms, id);
