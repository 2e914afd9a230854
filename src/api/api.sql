-- SPDX-License-Identifier: Apache-2.0
-- Statements of the api room.

-- name: idempotency_claim
insert into api_idempotency (user_id, idem_key, request_hash, server_run, created_ms, status)
values ($1, $2, $3, $4, $5, 0)
on conflict (user_id, idem_key) do nothing;

-- name: idempotency_get
select request_hash, server_run, status, location, body
from api_idempotency where user_id = $1 and idem_key = $2;

-- name: idempotency_keep
update api_idempotency set status = $3, location = $4, body = $5
where user_id = $1 and idem_key = $2;

-- name: idempotency_drop
delete from api_idempotency where user_id = $1 and idem_key = $2;

-- name: idempotency_forget
delete from api_idempotency where created_ms < $1;

-- name: api_secret_claim
insert into api_secret (name, value) values ($1, $2) on conflict (name) do nothing;

-- name: api_secret_get
select value from api_secret where name = $1;

-- name: agent_nonce_get
select epoch, current, previous from agent_nonce where host_id = $1;

-- name: agent_nonce_put
insert into agent_nonce (host_id, epoch, current, previous, updated_ms)
values ($1, $2, $3, $4, $5)
on conflict (host_id) do update set epoch = excluded.epoch, current = excluded.current,
	previous = excluded.previous, updated_ms = excluded.updated_ms;
