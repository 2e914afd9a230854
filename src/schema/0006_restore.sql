-- SPDX-License-Identifier: Apache-2.0
-- Restores from a backup: the generation rises while the server runs and stands in a file beside the data
-- too, so that a database older than the file is noticed; it then begins a new epoch, in which a system
-- gets orders only after it has said how it stands (host_epoch).
alter table director add column generation bigint not null default 0;
create table host_epoch (
  host text primary key,
  epoch bigint not null
);
