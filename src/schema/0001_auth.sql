-- SPDX-License-Identifier: Apache-2.0
-- Users, sessions, tokens, the audit chain (room auth) and settings (room settings).
-- Times are milliseconds since 1970 UTC; secrets are SHA-256 or Argon2id, never plain.
create table user_account (
	id text primary key,
	name text not null,
	name_key text not null unique,
	password_hash text not null,
	email text not null,
	role text not null,
	language text not null,
	timezone text not null,
	theme text not null,
	disabled boolean not null,
	created_ms bigint not null,
	changed_ms bigint not null
);

create table setup_token (
	id bigint primary key check (id = 1),
	secret_hash bytea not null,
	expires_ms bigint not null
);

create table user_session (
	cookie_hash bytea primary key,
	user_id text not null references user_account (id) on delete cascade,
	csrf text not null,
	address text not null,
	created_ms bigint not null,
	used_ms bigint not null
);
create index user_session_user on user_session (user_id);

create table api_token (
	id text primary key,
	user_id text not null references user_account (id) on delete cascade,
	label text not null,
	secret_hash bytea not null,
	created_ms bigint not null,
	expires_ms bigint not null,
	used_ms bigint,
	revoked boolean not null
);
create index api_token_user on api_token (user_id);

create table enrol_token (
	id text primary key,
	office text not null,
	label text not null,
	secret_hash bytea not null,
	created_by text not null,
	created_ms bigint not null,
	expires_ms bigint not null,
	max_uses bigint not null,
	uses bigint not null,
	revoked boolean not null
);

create table audit_log (
	seq bigint primary key,
	at_ms bigint not null,
	actor text not null,
	address text not null,
	action text not null,
	object text not null,
	detail text not null,
	prev_hash bytea not null,
	row_hash bytea not null
);
create index audit_log_at on audit_log (at_ms);

create table setting (
	key text primary key,
	value text not null,
	changed_ms bigint not null
);
