-- SPDX-License-Identifier: Apache-2.0
-- Statements of exact plans and of signed scripts.

-- --- exact plans ---

-- name: plan_mode_insert
insert into plan_mode (deployment, drift) values ($1, $2);

-- name: plan_mode_get
select drift from plan_mode where deployment = $1;

-- name: plan_put
insert into plan (hash, steps) values ($1, $2) on conflict (hash) do nothing;

-- name: target_plan_put
insert into target_plan (deployment, host, hash, told_ms, details, was, drift_allowed) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (deployment, host) do update set hash = excluded.hash, told_ms = excluded.told_ms, details = excluded.details,
  was = excluded.was, drift_allowed = excluded.drift_allowed;

-- What a target was approved to do when it is asked or drifts again: its plan, or the one that it was before.
-- name: target_plan_approved
select p.hash, p.steps, m.drift from plan_mode m
join target_plan t on t.deployment = m.deployment and t.host = $2
join plan p on p.hash = case when t.was is not null and not exists
  (select 1 from plan_approval a where a.deployment = t.deployment and a.hash = t.hash) then t.was else t.hash end
where m.deployment = $1;

-- A row when the deployment's plans are approved: the target's plan, and the same when it may be carried out.
-- name: target_plan_state
select t.hash, case when t.drift_allowed or a.hash is not null then t.hash end from plan_mode m
left join target_plan t on t.deployment = m.deployment and t.host = $2
left join plan_approval a on a.deployment = m.deployment and a.hash = t.hash
where m.deployment = $1;

-- Counted before the texts are joined: they are long.
-- name: plan_groups
select g.hash, g.systems, a.approved_by, a.approved_ms, g.was, g.drift_allowed
from (select t.hash, t.was, t.drift_allowed, count(*) as systems from target_plan t
  where t.deployment = $1 group by t.hash, t.was, t.drift_allowed) g
left join plan_approval a on a.deployment = $1 and a.hash = g.hash;

-- name: plan_steps
select hash, steps from plan where hash = $1;

-- name: plan_steps_all
select p.hash, p.steps from plan p where exists (select 1 from target_plan t where t.deployment = $1 and t.hash = p.hash);

-- name: plan_group_hosts
select t.host from target_plan t where t.deployment = $1 and t.hash = $2;

-- name: plan_told
select host, told_ms from target_plan where deployment = $1 order by host limit $2;

-- name: plan_details
select host, details from target_plan where deployment = $1 order by host limit $2;

-- name: plan_details_of
select host, details from target_plan where deployment = $1 and host = $2;

-- name: plan_of_target
select t.hash, p.steps, a.approved_by, a.approved_ms, w.hash, w.steps, t.drift_allowed, t.details, t.told_ms
from target_plan t join plan p on p.hash = t.hash
left join plan_approval a on a.deployment = t.deployment and a.hash = t.hash
left join plan w on w.hash = t.was
where t.deployment = $1 and t.host = $2;

-- name: plan_approve
insert into plan_approval (deployment, hash, approved_by, approved_ms) values ($1, $2, $3, $4)
on conflict (deployment, hash) do nothing;

-- Another system's equal plan was approved before, or the drift is permitted.
-- name: plan_approved_already
update target set reason = 'waiting_agent' where deployment = $1 and host = $2 and reason in ('awaiting_approval', 'plan_drift')
  and exists (select 1 from target_plan t left join plan_approval a on a.deployment = t.deployment and a.hash = t.hash
    where t.deployment = target.deployment and t.host = target.host and (a.hash is not null or t.drift_allowed));

-- name: plan_approved_targets
update target set reason = 'waiting_agent', updated_ms = $3
where deployment = $1 and state = 0 and reason in ('awaiting_approval', 'plan_drift')
  and host in (select p.host from target_plan p where p.deployment = $1 and p.hash = $2);

-- --- signed scripts ---

-- name: script_list
select s.sha256, s.name, s.platform, s.version, s.expires_ms, s.script_size, s.size, s.keys, s.uploaded_by, s.uploaded_ms
from script s order by s.name, s.version desc, s.sha256 limit $1;

-- name: script_get
select s.sha256, s.name, s.platform, s.version, s.expires_ms, s.script_size, s.size, s.keys, s.uploaded_by, s.uploaded_ms
from script s where s.sha256 = $1;

-- name: script_count
select count(*) from script;

-- name: script_sealed
select sealed from script where sha256 = $1;

-- name: script_insert
insert into script (sha256, name, platform, version, expires_ms, script_size, size, keys, uploaded_by, uploaded_ms, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: script_users
select p.name from policy p where p.removed_ms = 0 and (lower(p.pre_actions) like $1 or lower(p.post_actions) like $1) order by p.name limit $2;

-- name: script_remove
delete from script where sha256 = $1;

-- name: target_script_clear
delete from target_script where deployment = $1 and host = $2;

-- name: target_script_put
insert into target_script (deployment, host, stage, name, version, state, exit_status, timed_out, good, started_ms, finished_ms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: target_script_list
select stage, name, version, state, exit_status, timed_out, good, started_ms, finished_ms from target_script
where deployment = $1 and host = $2 order by stage;
