-- SPDX-License-Identifier: Apache-2.0
-- Statements of the catalog room: generations of feeds and how each feed stands.

-- name: generation_find
select number, kind, url, fetched_ms, released_ms, is_signed, signer, row_count, digest, raw_size
from feed_generation where feed = $1 and state = $2;

-- name: generation_list_current
select feed, number, kind, url, fetched_ms, released_ms, is_signed, signer, row_count, digest, raw_size
from feed_generation where state = 'current' order by feed;

-- name: generation_list_told
select g.feed, g.number, g.kind, g.url, g.fetched_ms, g.released_ms, g.is_signed, g.signer, g.row_count, g.digest, g.raw_size
from feed_generation g
where g.told and (g.state = 'current' or (g.state = 'previous' and not exists (
  select 1 from feed_generation n where n.feed = g.feed and n.state = 'current' and n.told)))
order by g.feed;

-- name: generation_list_untold
select kind from feed_generation where state = 'current' and not told;

-- name: generation_tell
update feed_generation set told = true where feed = $1 and number = $2 and not told;

-- name: generation_feeds_of_kind
select feed from feed_generation where state = 'current' and kind = $1 order by feed;

-- name: generation_last_number
select coalesce(max(number), 0) from feed_generation where feed = $1;

-- name: generation_insert
insert into feed_generation (feed, number, state, kind, url, fetched_ms, released_ms, is_signed, signer,
  row_count, digest, raw_size, told)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, false);

-- name: generation_refresh
update feed_generation set fetched_ms = $2, released_ms = $3, is_signed = $4, signer = $5, url = $6
where feed = $1 and state = 'current';

-- name: generation_set_state
update feed_generation set state = $3, fetched_ms = $4 where feed = $1 and state = $2;

-- name: generation_demote
update feed_generation set state = 'previous' where feed = $1 and state = 'current';

-- name: generation_delete
delete from feed_generation where feed = $1 and state = $2;

-- name: generation_chunk_insert
insert into feed_generation_chunk (feed, number, chunk, content) values ($1, $2, $3, $4);

-- name: generation_chunk_list
select content from feed_generation_chunk where feed = $1 and number = $2 order by chunk;

-- name: generation_chunk_delete
delete from feed_generation_chunk
where feed = $1 and number in (select number from feed_generation where feed = $1 and state = $2);

-- name: generation_forget
delete from feed_generation where feed = $1;

-- name: generation_chunk_forget
delete from feed_generation_chunk where feed = $1;

-- name: feed_state_put
insert into feed_state (id, kind, url, last_attempt_ms, last_success_ms, row_count, released_ms,
  signer, is_signed, error, etag, valid_until_ms, error_code, error_subject)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (id) do update set kind = excluded.kind, url = excluded.url,
  last_attempt_ms = excluded.last_attempt_ms, last_success_ms = excluded.last_success_ms,
  row_count = excluded.row_count, released_ms = excluded.released_ms,
  signer = excluded.signer, is_signed = excluded.is_signed, error = excluded.error, etag = excluded.etag,
  valid_until_ms = excluded.valid_until_ms, error_code = excluded.error_code,
  error_subject = excluded.error_subject;

-- name: feed_state_list
select s.id, s.kind, s.url, s.last_attempt_ms, s.last_success_ms, coalesce(g.number, 0), s.row_count,
  s.released_ms, s.signer, s.is_signed, s.error, s.etag, s.valid_until_ms, h.row_count, h.fetched_ms,
  h.released_ms, s.error_code, s.error_subject
from feed_state s left join feed_generation g on g.feed = s.id and g.state = 'current'
  left join feed_generation h on h.feed = s.id and h.state = 'held'
order by s.id;

-- name: feed_state_accepted
update feed_state set error = null, error_code = null, error_subject = null, etag = null, row_count = $2,
  released_ms = $3, last_success_ms = $4
where id = $1;

-- name: feed_state_delete
delete from feed_state where id = $1;
