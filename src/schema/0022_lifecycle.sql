-- SPDX-License-Identifier: Apache-2.0
-- The life of a configuration (S-11): drafts, suspended, expiring, tried again by rule, in the trash.
alter table deployment add column suspended_ms bigint not null default 0;      -- 0 = it is not
alter table deployment add column expires_ms bigint not null default 0;        -- 0 = never
alter table deployment add column retry_refresh integer not null default 0;    -- both 0 = the usual number of times
alter table deployment add column retry_start_up integer not null default 0;
alter table deployment add column hold_incomplete boolean not null default false;
alter table deployment add column version bigint not null default 1;           -- rises with each change of the above
alter table deployment add column removed_ms bigint not null default 0;        -- 0 = not in the trash
alter table deployment add column request text not null default '';            -- JSON: what was chosen, as the API takes it
alter table target add column cause text not null default '';                  -- why its last attempt failed
alter table target add column retried_refresh integer not null default 0;
alter table target add column retried_start_up integer not null default 0;
