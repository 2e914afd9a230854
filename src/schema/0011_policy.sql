-- SPDX-License-Identifier: Apache-2.0
-- Deployment policies (S-19). A removed one is kept for the deployments that had it.
create table policy (
  id text primary key,
  name text not null,
  description text not null,
  schedule text not null,      -- JSON, as the API takes it
  created_by text not null,
  created_ms bigint not null,
  updated_ms bigint not null,
  removed_ms bigint not null   -- 0 = it is there
);
create unique index policy_name on policy (name) where removed_ms = 0;
