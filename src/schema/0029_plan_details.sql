-- SPDX-License-Identifier: Apache-2.0
-- What follows from a target's plan on its system (JSON, proto/plan.h; null: its agent did not tell), and how far
-- it may be from the plan that was approved (enum plan_drift).
alter table plan_mode add column drift integer not null default 0;
alter table target_plan add column details text;
alter table target_plan add column was text;                                  -- the approved plan that it was before it drifted
alter table target_plan add column drift_allowed boolean not null default false; -- within what the deployment permits of `was`
