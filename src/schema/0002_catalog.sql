-- SPDX-License-Identifier: Apache-2.0
-- Feed generations (room catalog): the record documents, zstd-compressed, and how each feed stands.
-- A feed has at most one generation in each state: current, previous, held.
create table feed_generation (
	feed text not null,
	number bigint not null,
	state text not null check (state in ('current', 'previous', 'held')),
	kind text not null,
	url text not null,
	fetched_ms bigint not null,
	released_ms bigint not null,
	is_signed boolean not null,
	signer text not null,
	row_count bigint not null,
	digest bytea not null,
	raw_size bigint not null,
	primary key (feed, number),
	unique (feed, state)
);

create table feed_generation_chunk (
	feed text not null,
	number bigint not null,
	chunk bigint not null,
	content bytea not null,
	primary key (feed, number, chunk)
);

create table feed_state (
	id text primary key,
	kind text not null,
	url text not null,
	last_attempt_ms bigint not null,
	last_success_ms bigint not null,
	row_count bigint not null,
	released_ms bigint not null,
	signer text not null,
	is_signed boolean not null,
	error text,
	etag text,
	valid_until_ms bigint not null
);
