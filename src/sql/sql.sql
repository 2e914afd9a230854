-- SPDX-License-Identifier: Apache-2.0
-- The record of applied migrations; the table itself is made by migrate.c.

-- name: migration_list
select number, name, sha256 from schema_migration order by number

-- name: migration_last
select coalesce(max(number), 0) from schema_migration

-- name: migration_insert
insert into schema_migration (number, name, sha256, applied_ms) values ($1, $2, $3, $4)

-- name: leader_take
update leader set term = term + 1, node = $1 where one = 1 returning term
