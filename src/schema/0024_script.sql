-- SPDX-License-Identifier: Apache-2.0
-- Signed scripts that policies name (M-168, M-173), and what became of them on targets. A script is kept as the
-- file that was signed offline; nothing here can make one.
create table script (
  sha256 text primary key,     -- of `sealed`
  name text not null,
  platform text not null,
  version bigint not null,
  expires_ms bigint not null,
  script_size bigint not null,
  size bigint not null,        -- of `sealed`
  keys text not null,          -- who signed it, in hex with blanks between
  uploaded_by text not null,
  uploaded_ms bigint not null,
  sealed bytea not null
);
create table target_script (
  deployment text not null,
  host text not null,
  stage integer not null,      -- 0 = before, 1 = after
  name text not null,
  version bigint not null,
  state text not null,         -- ended, interrupted, refused
  exit_status bigint not null, -- of one that has ended
  timed_out boolean not null,
  good boolean not null,       -- it ended as the policy names it good
  started_ms bigint not null,
  finished_ms bigint not null,
  primary key (deployment, host, stage)
);
