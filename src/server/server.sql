-- SPDX-License-Identifier: Apache-2.0
-- What all servers of an installation have alike.

-- name: mark_put
insert into installation_mark (name, value) values ($1, $2) on conflict (name) do nothing;

-- name: mark_get
select value from installation_mark where name = $1;
