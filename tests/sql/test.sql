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

-- name: m_setting
insert into setting (key, value, changed_ms) values ($1, $2, $3)

-- name: m_fact
insert into fact (id, line) values ($1, $2)

-- name: m_host
insert into host (id, office, state, hostname, boot_ms, reboot_needed, inventory, enrolled_ms, last_contact_ms, last_scan_ms,
	scan, n_facts, facts) values ($1, '', 0, $2, 0, $3, $4, 0, 0, 0, 0, 0, $5)

-- name: m_user
insert into user_account (id, name, name_key, password_hash, email, role, language, timezone, theme, disabled, created_ms,
	changed_ms) values ($1, '', '', '', '', '', '', '', '', false, 0, 0)

-- name: m_token
insert into api_token (id, user_id, label, secret_hash, created_ms, expires_ms, used_ms, revoked)
	values ($1, $2, '', $4, 0, 0, $3, false)

-- name: m_deployment
insert into deployment (id, name, description, policy, wake, state, created_by, created_ms, started_ms, finished_ms, n_patches)
	values ($1, '', '', '', false, 0, '', 0, 0, 0, 0)

-- name: m_deployment_patch
insert into deployment_patch (deployment, patch) values ($1, $2)

-- name: m_counter
update ledger_counter set seq = $1

-- name: m_name
insert into ledger_name (no, name) values ($1, $2)

-- name: m_settings
select value, changed_ms from setting order by changed_ms

-- name: m_hosts
select hostname, reboot_needed, inventory, facts from host order by id

-- name: m_counts
select (select count(*) from ledger_name), (select max(seq) from ledger_counter), (select count(*) from deployment_patch)
