-- SPDX-License-Identifier: Apache-2.0
-- Mails that wait for the mail server, and what became of them.
create table mail_outbox (
  id text primary key,
  at_ms bigint not null,
  about text not null,       -- what it tells of: 'sync'
  subject_id text not null,  -- the job's id
  recipient text not null,
  message_id text not null,  -- the same over all tries
  language text not null,
  subject text not null,
  body text not null,
  state integer not null,    -- 0 = waits, 1 = sent, 2 = given up
  attempts bigint not null,
  since_ms bigint not null,  -- it is tried for so long from then on
  next_ms bigint not null,
  ended_ms bigint not null,  -- 0 = it waits
  error text not null        -- of the last try; '' = none
);
create index mail_outbox_state on mail_outbox (state, next_ms);
create index mail_outbox_at on mail_outbox (at_ms, id);
