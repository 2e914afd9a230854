-- SPDX-License-Identifier: Apache-2.0
-- Users, sessions, tokens, audit. Booleans are compared with true and false only.

-- name: user_administrators
select count(*) from user_account where role = 'administrator'

-- name: user_administrators_enabled
select count(*) from user_account where role = 'administrator' and disabled = false

-- name: user_by_key
select id, name, name_key, password_hash, role, language, timezone, theme, disabled
from user_account where name_key = $1

-- name: user_by_id
select id, name, name_key, password_hash, role, language, timezone, theme, disabled
from user_account where id = $1

-- name: user_insert
insert into user_account (id, name, name_key, password_hash, email, role, language, timezone, theme,
	disabled, created_ms, changed_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'system', false, $9, $9)

-- name: user_list
select id, name, email, role, disabled, created_ms from user_account order by name_key

-- name: user_set_role
update user_account set role = $2, disabled = $3, changed_ms = $4 where id = $1

-- name: user_set_name
update user_account set name = $2, name_key = $3, changed_ms = $4 where id = $1

-- name: user_set_password
update user_account set password_hash = $2, changed_ms = $3 where id = $1 and password_hash = $4

-- name: user_set_preferences
update user_account set language = coalesce($2, language), timezone = coalesce($3, timezone),
	theme = coalesce($4, theme), changed_ms = $5
where id = $1

-- name: setup_token_put
insert into setup_token (id, secret_hash, expires_ms) values (1, $1, $2)
on conflict (id) do update set secret_hash = excluded.secret_hash, expires_ms = excluded.expires_ms

-- name: setup_token_get
select secret_hash, expires_ms from setup_token where id = 1

-- name: setup_token_remove
delete from setup_token

-- name: session_insert
insert into user_session (cookie_hash, user_id, csrf, address, created_ms, used_ms)
values ($1, $2, $3, $4, $5, $5)

-- name: session_get
select s.csrf, s.created_ms, s.used_ms,
	u.id, u.name, u.role, u.language, u.timezone, u.theme, u.disabled
from user_session s join user_account u on u.id = s.user_id where s.cookie_hash = $1

-- name: session_touch
update user_session set used_ms = $2 where cookie_hash = $1

-- name: session_remove
delete from user_session where cookie_hash = $1

-- name: session_remove_of_user
delete from user_session where user_id = $1 and cookie_hash <> $2

-- name: session_remove_old
delete from user_session where created_ms <= $1 or used_ms <= $2

-- name: session_keep_newest
delete from user_session where user_id = $1 and cookie_hash <> $3 and cookie_hash not in
	(select cookie_hash from user_session where user_id = $1 and cookie_hash <> $3
	order by used_ms desc, cookie_hash limit $2)

-- name: api_token_count
select count(*) from api_token where user_id = $1 and revoked = false and expires_ms > $2

-- name: api_token_insert
insert into api_token (id, user_id, label, secret_hash, created_ms, expires_ms, used_ms, revoked)
values ($1, $2, $3, $4, $5, $6, null, false)

-- name: api_token_get
select t.secret_hash, t.expires_ms, t.revoked, t.used_ms,
	u.id, u.name, u.role, u.language, u.timezone, u.theme, u.disabled
from api_token t join user_account u on u.id = t.user_id where t.id = $1

-- name: api_token_page
select id, label, created_ms, expires_ms, used_ms from api_token
where user_id = $4 and revoked = false and (created_ms, id) < ($1, $2) order by created_ms desc, id desc limit $3

-- name: api_token_page_newer
select id, label, created_ms, expires_ms, used_ms from api_token
where user_id = $4 and revoked = false and (created_ms, id) > ($1, $2) order by created_ms, id limit $3

-- name: api_token_total
select count(*) from api_token where user_id = $1 and revoked = false

-- name: api_token_touch
update api_token set used_ms = $2 where id = $1

-- name: api_token_revoke
update api_token set revoked = true where id = $1 and user_id = $2 and revoked = false

-- name: enrol_token_insert
insert into enrol_token (id, office, label, secret_hash, created_by, created_ms, expires_ms, max_uses, uses,
	revoked)
values ($1, $2, $3, $4, $5, $6, $7, $8, 0, false)

-- name: enrol_token_page
select id, office, label, created_ms, expires_ms, max_uses, uses, revoked from enrol_token
where (created_ms, id) < ($1, $2) order by created_ms desc, id desc limit $3

-- name: enrol_token_page_newer
select id, office, label, created_ms, expires_ms, max_uses, uses, revoked from enrol_token
where (created_ms, id) > ($1, $2) order by created_ms, id limit $3

-- name: enrol_token_total
select count(*) from enrol_token

-- name: enrol_token_get
select id, office, label, created_ms, expires_ms, max_uses, uses, revoked, secret_hash from enrol_token
where id = $1

-- name: enrol_token_revoke
update enrol_token set revoked = true where id = $1

-- name: enrol_token_use
update enrol_token set uses = uses + 1
where id = $1 and uses < max_uses and expires_ms > $2 and revoked = false
returning uses

-- name: audit_last
select seq, row_hash from audit_log order by seq desc limit 1

-- name: audit_insert
insert into audit_log (seq, at_ms, actor, address, action, object, detail, prev_hash, row_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: audit_list
select seq, at_ms, actor, address, action, object, detail from audit_log
where seq < $1 order by seq desc limit $2

-- name: audit_chain
select seq, at_ms, actor, address, action, object, detail, prev_hash, row_hash from audit_log
where seq > $1 order by seq limit 1000
