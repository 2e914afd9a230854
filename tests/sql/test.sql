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
select count(*) from thing where id >= $1

-- name: t_sums
select s.total, s.amounts, t.flag, t.data, t.name, t.parent
from thing t, (select sum(id) as total, sum(amount) as amounts from thing) s where t.id = $1

-- name: t_flag
update thing set flag = $2 where id >= $1

-- name: t_by_name
select id from thing where name = $1

-- name: t_ids
select id from thing order by id

-- name: t_small
select small from thing where id = $1

-- name: t_set_small
update thing set small = $2 where id = $1

-- name: t_upsert
insert into thing (id, name, data) values ($1, $2, $3)
on conflict (id) do update set name = excluded.name, data = excluded.data returning id
