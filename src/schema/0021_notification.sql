-- SPDX-License-Identifier: Apache-2.0
-- What logged-in users are told before an installation (M-169..M-171): a policy's text and rules, and what
-- an agent last said of a target that waits for its users.
alter table policy add column notification text not null default ''; -- JSON, as the API takes it; '' = silent
create table target_notice (
  deployment text not null,
  host text not null,
  shown_ms bigint not null,    -- the last notice; 0 = none yet
  postponed bigint not null,   -- how often
  allowed bigint not null,     -- how often it may be
  deadline_ms bigint not null, -- it cannot be put off beyond; 0 = it cannot be put off
  primary key (deployment, host)
);
