-- SPDX-License-Identifier: Apache-2.0
-- Declined patches (S-09): by patch id, or by product of an operating system. Kept after they ended.
create table decline (
  id text primary key,
  kind integer not null,       -- 0 one patch, 1 a product
  os text not null,            -- "debian:12"; of a product, else ''
  subject text not null,       -- patch id, or product
  reason text not null,
  created_by text not null,
  created_ms bigint not null,
  expires_ms bigint not null,
  ended_ms bigint not null,    -- 0 = it holds
  ended_by text not null
);
create index decline_ended on decline (ended_ms, created_ms);
