-- SPDX-License-Identifier: Apache-2.0

-- name: setting_list
select key, value from setting

-- name: setting_put
insert into setting (key, value, changed_ms) values ($1, $2, $3)
on conflict (key) do update set value = excluded.value, changed_ms = excluded.changed_ms

-- name: setting_remove
delete from setting where key = $1
