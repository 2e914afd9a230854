-- SPDX-License-Identifier: Apache-2.0

-- name: setting_list
select key, value from setting

-- name: setting_put
insert into setting (key, value, changed_ms) values ($1, $2, $3)
on conflict (key) do update set value = excluded.value, changed_ms = excluded.changed_ms

-- name: settings_version
select value from installation_mark where name = 'settings'

-- name: settings_version_put
insert into installation_mark (name, value) values ('settings', $1)
on conflict (name) do update set value = excluded.value

-- name: setting_remove
delete from setting where key = $1
