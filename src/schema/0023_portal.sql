-- SPDX-License-Identifier: Apache-2.0
-- Deployments that are published to users of their targets instead of deployed (M-143, M-144).
create table deployment_offer (
  deployment text primary key references deployment (id),
  deadline_ms bigint not null  -- from then on it is deployed to those who have not asked for it; 0 = never
);
