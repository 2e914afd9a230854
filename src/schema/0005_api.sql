-- SPDX-License-Identifier: Apache-2.0
-- What the API remembers: answers given to idempotency keys (24 h), the key that makes cursors, and the
-- rolling nonce that tells cloned agents apart.

create table api_idempotency (
	user_id      text not null,
	idem_key     text not null,
	request_hash text not null,   -- SHA-256 of method, path and body
	server_run   text not null,   -- which run of the server took the claim
	created_ms   bigint not null,
	status       bigint not null, -- 0 = the first request has not been answered yet
	location     text,
	body         text,
	primary key (user_id, idem_key)
);
create index api_idempotency_created on api_idempotency (created_ms);

create table api_secret (
	name  text primary key,
	value bytea not null
);

create table agent_nonce (
	host_id    text primary key,
	epoch      bigint not null, -- a higher one (restore) forgives once
	current    text not null,
	previous   text not null,
	updated_ms bigint not null
);
