-- SPDX-License-Identifier: Apache-2.0
-- Systems that are woken before their windows (M-165).

-- name: wol_deployments
select id, created_ms from deployment
where policy = $1 and state in (0, 1) and suspended_ms = 0 and (expires_ms = 0 or expires_ms > $2)
order by created_ms, id limit $3;

-- Targets that have not begun; what waits for something else than a window is not among them. Those that were woken
-- longest ago first.
-- name: wol_targets
select t.host, coalesce(w.window_ms, 0), coalesce(w.state, ''), coalesce(w.tries, 0), coalesce(w.at_ms, 0)
from target t left join wol w on w.deployment = t.deployment and w.host = t.host
where t.deployment = $1 and t.state in (0, 1) and t.reason not in ('awaiting_approval', 'plan_drift', 'published', 'group_published')
  and not exists (select 1 from rollout x where x.deployment = t.deployment and (x.halted <> 0 or t.wave >= x.open_waves))
order by coalesce(w.window_ms, 0), t.host limit $2;

-- name: wol_put
insert into wol (deployment, host, window_ms, state, sender, tries, at_ms) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (deployment, host) do update set window_ms = excluded.window_ms, state = excluded.state,
  sender = excluded.sender, tries = excluded.tries, at_ms = excluded.at_ms;

-- name: wol_errands
select distinct host from wol where sender = $1 and state = 'asked' and at_ms > $2 order by host limit $3;

-- name: wol_sent
update wol set state = 'sent', at_ms = $3 where host = $1 and sender = $2 and state = 'asked';

-- name: wol_get
select window_ms, state, sender, at_ms from wol where deployment = $1 and host = $2;

-- name: purge_wol
delete from wol where deployment = $1;

-- name: wol_asked_of
select distinct deployment from wol where sender = $1 and state = 'asked' limit $2;
