-- SPDX-License-Identifier: Apache-2.0
-- Statements of tests/sql only.

-- name: t_table
create table thing (id bigint primary key, name text not null unique, data bytea, flag boolean,
	amount double precision, parent bigint references thing (id), small bigint check (small < 100))

-- name: t_insert
insert into thing (id, name, data, flag, amount, parent, small) values ($1, $2, $3, $4, $5, $6, $7)

-- name: t_swapped
insert into thing (name, id) values ($2, $1)

-- name: t_get
select id, name, data, flag, amount, parent, small from thing where id = $1

-- name: t_count
select count(*), coalesce(sum(id), 0), coalesce(sum(amount), 0) from thing where id >= $1

-- name: t_rename
update thing set name = $2 where id >= $1

-- name: t_by_name
select id from thing where name = $1

-- name: t_ids
select id from thing order by id

-- name: t_use
update thing set small = small + 1 where id = $1 and small < $2 returning small

-- name: t_small
select small from thing where id = $1

-- name: t_set_small
update thing set small = $2 where id = $1

-- name: t_upsert
insert into thing (id, name, data) values ($1, $2, $3)
on conflict (id) do update set name = excluded.name, data = excluded.data returning id

-- name: t_is_flag
select id from thing where flag = $1

-- name: t_column
select small, data from thing where id = $1
