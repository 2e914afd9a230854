-- SPDX-License-Identifier: Apache-2.0
-- A host's network interfaces and zone, as its agent says (src/proto/lan.h); null = it does not.
alter table host add column lan_json text;

-- Systems woken for a deployment's window (M-165); kept until the deployment goes. One that waits for its sender's
-- word is 'asked', then 'sent'; else why nobody was asked (src/deploy/wol/wol.h).
create table wol (
  deployment text not null,
  host text not null,            -- to be woken
  window_ms bigint not null,     -- the start of that window
  state text not null,
  sender text not null,          -- the neighbour's id; '' = the server itself, or nobody
  tries integer not null,        -- for that window
  at_ms bigint not null,         -- of the state
  primary key (deployment, host)
);
create index wol_asked on wol (sender) where state = 'asked';
