-- SPDX-License-Identifier: Apache-2.0

-- name: mail_put
insert into mail_outbox (id, at_ms, about, subject_id, recipient, message_id, language, subject, body,
  state, attempts, since_ms, next_ms, ended_ms, error)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $2, $2, 0, '')

-- name: mail_waiting_count
select count(*) from mail_outbox where state = 0

-- name: mail_counts
select state, count(*) from mail_outbox group by state

-- name: mail_due
select id, at_ms, recipient, message_id, language, subject, body, attempts, since_ms from mail_outbox
where state = 0 and next_ms <= $1 order by next_ms, id limit 1

-- name: mail_tried
update mail_outbox set state = $2, attempts = attempts + 1, next_ms = $3, ended_ms = $4, error = $5
where id = $1 and state = 0

-- name: mail_give_up_old
update mail_outbox set state = 2, ended_ms = $2, error = case when error = '' then $3 else error end
where state = 0 and since_ms < $1

-- name: mail_prune
delete from mail_outbox where state <> 0 and ended_ms < $1

-- name: mail_again
update mail_outbox set state = 0, since_ms = $2, next_ms = $2, ended_ms = 0 where id = $1 and state <> 1

-- name: mail_all_due
update mail_outbox set next_ms = $1 where state = 0 and next_ms > $1

-- name: mail_page
select id, at_ms, about, subject_id, recipient, subject, state, attempts, next_ms, ended_ms, error
from mail_outbox where (at_ms, id) < ($1, $2) order by at_ms desc, id desc limit $3

-- name: mail_page_newer
select id, at_ms, about, subject_id, recipient, subject, state, attempts, next_ms, ended_ms, error
from mail_outbox where (at_ms, id) > ($1, $2) order by at_ms, id limit $3

-- name: mail_get
select id, at_ms, about, subject_id, recipient, subject, state, attempts, next_ms, ended_ms, error
from mail_outbox where id = $1
