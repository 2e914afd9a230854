-- SPDX-License-Identifier: Apache-2.0
-- Statements of the deploy room. States are the enums of deploy.h as integers.

-- name: director_insert
insert into director (one, org, epoch) values (1, $1, 1) on conflict (one) do nothing;

-- name: director_get
select org, epoch, generation from director where one = 1;

-- name: director_turn
update director set epoch = $1, generation = $2 where one = 1;

-- name: host_epoch_list
select host from host_epoch where epoch = $1;

-- name: host_epoch_has
select count(*) from host_epoch where host = $1 and epoch = $2;

-- name: host_epoch_put
insert into host_epoch (host, epoch) values ($1, $2) on conflict (host) do update set epoch = excluded.epoch;

-- name: deployment_insert
insert into deployment (id, name, description, policy, wake, state, created_by, created_ms, started_ms, finished_ms, n_patches,
  operation, expires_ms, retry_refresh, retry_start_up, hold_incomplete, request, spares_declined)
values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: deployment_patch_insert
insert into deployment_patch (deployment, patch) values ($1, $2);

-- name: target_insert
insert into target (deployment, host, hostname, state, reason, detail, updated_ms, started_ms, finished_ms,
  next_attempt_ms, attempts, exit_status, done, total, n_patches, reboot_needed, units, wave)
values ($1, $2, $3, $4, $5, '', $6, 0, 0, 0, 0, 0, 0, 0, $7, $8, $9, $10)
on conflict (deployment, host) do nothing;

-- name: deployment_get
select id, name, description, created_by, policy, wake, state, created_ms, started_ms, finished_ms, n_patches,
  (select p.name from policy p where p.id = deployment.policy), operation, suspended_ms, expires_ms, retry_refresh,
  retry_start_up, hold_incomplete, version, removed_ms
from deployment where id = $1;

-- name: deployment_page
select id, name, description, created_by, policy, wake, state, created_ms, started_ms, finished_ms, n_patches,
  (select p.name from policy p where p.id = deployment.policy), operation, suspended_ms, expires_ms, retry_refresh,
  retry_start_up, hold_incomplete, version, removed_ms
from deployment where (created_ms, id) < ($1, $2) and (removed_ms > 0) = $4 order by created_ms desc, id desc limit $3;

-- name: deployment_page_newer
select id, name, description, created_by, policy, wake, state, created_ms, started_ms, finished_ms, n_patches,
  (select p.name from policy p where p.id = deployment.policy), operation, suspended_ms, expires_ms, retry_refresh,
  retry_start_up, hold_incomplete, version, removed_ms
from deployment where (created_ms, id) > ($1, $2) and (removed_ms > 0) = $4 order by created_ms, id limit $3;

-- name: deployment_running
select id, name, description, created_by, policy, wake, state, created_ms, started_ms, finished_ms, n_patches,
  (select p.name from policy p where p.id = deployment.policy), operation, suspended_ms, expires_ms, retry_refresh,
  retry_start_up, hold_incomplete, version, removed_ms
from deployment where state in (0, 1, 7) order by created_ms desc, id desc limit $1;

-- name: deployment_count
select count(*) from deployment where (removed_ms > 0) = $1;

-- name: deployment_targets_count
-- Of the states that are told: 8 is of those that wait for their exact plan's approval, and in no row (target_from_row).
select case when state = 0 and reason in ('awaiting_approval', 'plan_drift') then 8 else state end, count(*)
from target where deployment = $1 group by 1;

-- name: deployment_patches
select patch from deployment_patch where deployment = $1 order by patch;

-- name: deployment_systems
select host from target where deployment = $1 order by host limit $2;

-- name: deployment_set_state
update deployment set state = $2, started_ms = $3, finished_ms = $4 where id = $1;

-- name: target_page
select host, hostname, state, reason, detail, updated_ms, started_ms, finished_ms, next_attempt_ms, attempts,
  exit_status, done, total, n_patches, reboot_needed, units, wave, reboot, reboot_due_ms, cause, retried_refresh,
  retried_start_up, log is not null
from target where deployment = $1 and ($2 = -1 or $2 = case when state = 0 and reason in ('awaiting_approval', 'plan_drift') then 8 else state end)
  and (hostname, host) > ($3, $4)
order by hostname, host limit $5;

-- name: target_page_before
select host, hostname, state, reason, detail, updated_ms, started_ms, finished_ms, next_attempt_ms, attempts,
  exit_status, done, total, n_patches, reboot_needed, units, wave, reboot, reboot_due_ms, cause, retried_refresh,
  retried_start_up, log is not null
from target where deployment = $1 and ($2 = -1 or $2 = case when state = 0 and reason in ('awaiting_approval', 'plan_drift') then 8 else state end)
  and (hostname, host) < ($3, $4)
order by hostname desc, host desc limit $5;

-- name: target_failed_pairs
select distinct t.host, p.patch from target t join deployment_patch p on p.deployment = t.deployment
where t.state = 4 and not exists (select 1 from deployment d where d.id = t.deployment and d.removed_ms > 0);

-- name: target_get
select host, hostname, state, reason, detail, updated_ms, started_ms, finished_ms, next_attempt_ms, attempts,
  exit_status, done, total, n_patches, reboot_needed, units, wave, reboot, reboot_due_ms, cause, retried_refresh,
  retried_start_up, log is not null
from target where deployment = $1 and host = $2;

-- name: target_log
select log from target where deployment = $1 and host = $2;

-- name: target_of_host_page
select d.id, d.name, d.description, d.created_by, d.policy, d.wake, d.state, d.created_ms, d.started_ms,
  d.finished_ms, d.n_patches, (select p.name from policy p where p.id = d.policy), d.operation, d.suspended_ms, d.expires_ms,
  d.retry_refresh, d.retry_start_up, d.hold_incomplete, d.version, d.removed_ms,
  t.host, t.hostname, t.state, t.reason, t.detail, t.updated_ms, t.started_ms, t.finished_ms,
  t.next_attempt_ms, t.attempts, t.exit_status, t.done, t.total, t.n_patches, t.reboot_needed,
  t.units, t.wave, t.reboot, t.reboot_due_ms, t.cause, t.retried_refresh, t.retried_start_up, t.log is not null
from target t join deployment d on d.id = t.deployment
where t.host = $4 and d.removed_ms = 0 and (d.created_ms, d.id) < ($1, $2)
order by d.created_ms desc, d.id desc limit $3;

-- name: target_of_host_page_newer
select d.id, d.name, d.description, d.created_by, d.policy, d.wake, d.state, d.created_ms, d.started_ms,
  d.finished_ms, d.n_patches, (select p.name from policy p where p.id = d.policy), d.operation, d.suspended_ms, d.expires_ms,
  d.retry_refresh, d.retry_start_up, d.hold_incomplete, d.version, d.removed_ms,
  t.host, t.hostname, t.state, t.reason, t.detail, t.updated_ms, t.started_ms, t.finished_ms,
  t.next_attempt_ms, t.attempts, t.exit_status, t.done, t.total, t.n_patches, t.reboot_needed,
  t.units, t.wave, t.reboot, t.reboot_due_ms, t.cause, t.retried_refresh, t.retried_start_up, t.log is not null
from target t join deployment d on d.id = t.deployment
where t.host = $4 and d.removed_ms = 0 and (d.created_ms, d.id) > ($1, $2)
order by d.created_ms, d.id limit $3;

-- name: target_of_host_total
select count(*) from target t join deployment d on d.id = t.deployment where t.host = $1 and d.removed_ms = 0;

-- name: target_open_of_host
-- Of one that is suspended or over, what is being installed, and orders that are still to be recalled.
select t.deployment, t.state, t.next_attempt_ms, t.reason, t.units,
  case when r.halted <> 0 or t.wave >= r.open_waves or d.suspended_ms <> 0 or (d.expires_ms <> 0 and d.expires_ms <= $2)
    then 1 else 0 end,
  d.operation, t.reboot, t.reboot_boot, case when t.cause <> '' then t.finished_ms else 0 end, t.retried_refresh,
  t.retried_start_up, d.retry_refresh, d.retry_start_up, d.hold_incomplete, coalesce(f.deadline_ms, -1)
from target t join deployment d on d.id = t.deployment left join rollout r on r.deployment = t.deployment
  left join deployment_offer f on f.deployment = t.deployment
where t.host = $1 and t.state <= 2 and (t.state = 2 or (d.suspended_ms = 0 and (d.expires_ms = 0 or d.expires_ms > $2))
  or exists (select 1 from host_order o where o.host = t.host and o.deployment = t.deployment and o.state = 0))
order by case when f.deadline_ms = 0 or f.deadline_ms > $2 then 1 else 0 end, d.created_ms, d.id;

-- name: target_open
select t.deployment, t.host, d.wake, d.hold_incomplete from target t join deployment d on d.id = t.deployment
where t.state = 0 and t.next_attempt_ms <= $2 and d.suspended_ms = 0
  and t.reason not in ('awaiting_approval', 'plan_drift', 'retry_start_up', 'published', 'group_published')
  and not exists (select 1 from rollout r where r.deployment = t.deployment and (r.halted <> 0 or t.wave >= r.open_waves))
order by d.created_ms, t.host limit $1;

-- name: target_set
update target set state = $3, reason = $4, detail = $5, updated_ms = $6, started_ms = $7, finished_ms = $8,
  next_attempt_ms = $9, attempts = $10
where deployment = $1 and host = $2;

-- name: target_progress
update target set state = $3, reason = $4, done = $5, total = $6, updated_ms = $7, next_attempt_ms = $8
where deployment = $1 and host = $2 and state <= 2;

-- name: target_rebooting
update target set reboot = 'rebooting', reboot_due_ms = $3, reboot_boot = $4
where deployment = $1 and host = $2 and state <= 2;

-- name: target_came_back
update target set reboot = 'came_back', reboot_due_ms = 0, reason = 'installing', updated_ms = $3
where host = $1 and reboot = 'rebooting' and reboot_boot <> $2;

-- name: target_overdue_list
select deployment, host from target where reboot = 'rebooting' and reboot_due_ms <= $1 limit $2;

-- name: target_overdue
update target set state = 4, reason = 'no_return', detail = '', reboot = 'overdue', updated_ms = $3, finished_ms = $3
where deployment = $1 and host = $2 and reboot = 'rebooting' and state <= 2;

-- name: target_result
update target set state = $3, reason = $4, detail = $5, updated_ms = $6, started_ms = $7, finished_ms = $8,
  next_attempt_ms = $9, attempts = $10, exit_status = $11, reboot_needed = $12, packages = $13, log = $14, forgiven = false,
  reboot = $15, reboot_due_ms = 0, cause = $16
where deployment = $1 and host = $2;

-- An order was made: what the target is from then on (one that waited for its window without an order goes on with the
-- same attempt); $5, $6 = it is tried again, of which kind.
-- name: target_issued
update target set state = $3, reason = 'waiting_agent', detail = '', updated_ms = $4, started_ms = $4, finished_ms = 0,
  next_attempt_ms = 0, attempts = attempts + (case when attempts > 0 and reason = 'group_window' then 0 else 1 end), retried_refresh = retried_refresh + $5, retried_start_up = retried_start_up + $6
where deployment = $1 and host = $2 and state <= 2;

-- name: target_may_start
select count(*) from target t join deployment d on d.id = t.deployment
where t.deployment = $1 and t.host = $2 and t.state <= 2 and d.suspended_ms = 0 and (d.expires_ms = 0 or d.expires_ms > $3);

-- Ends what has not started.
-- name: target_end_unstarted
update target set state = $2, reason = $3, detail = '', updated_ms = $4, finished_ms = $4, next_attempt_ms = 0,
  attempts = attempts - (case when state = 1 then 1 else 0 end)
where deployment = $1 and state <= 1;

-- What has an order and has not started waits for another one.
-- name: target_wait_anew
update target set state = 0, reason = 'waiting_agent', next_attempt_ms = 0,
  attempts = attempts - (case when attempts > 0 then 1 else 0 end), updated_ms = $2
where deployment = $1 and (state = 1 or (state = 0 and reason in ('outside_window', 'waiting_start_up', 'user_notice', 'postponed',
  'group_window', 'published')));

-- name: target_retry
update target set state = 0, reason = 'waiting_agent', detail = '', updated_ms = $3, started_ms = 0, finished_ms = 0, next_attempt_ms = 0,
  retried_refresh = 0, retried_start_up = 0, reboot = '', reboot_due_ms = 0
where deployment = $1 and host = $2 and state = 4;

-- name: target_failed
select host, hostname, reason from target where deployment = $1 and state = 4 order by reason, hostname, host;

-- Those that failed for files that the server did not get: they are installed when the files come after all.
-- name: target_late
select t.deployment, t.host from target t join deployment d on d.id = t.deployment
where t.state = 4 and t.updated_ms > $2 and t.reason in ('vendor_gone', 'vendor_digest', 'vendor_error', 'vendor_unreachable',
  'server_disk_full', 'server_error') and d.suspended_ms = 0 and d.removed_ms = 0 and (d.expires_ms = 0 or d.expires_ms > $3)
order by t.updated_ms desc, t.host limit $1;

-- name: target_ahead
select d.name from target t join deployment d on d.id = t.deployment
where t.host = $1 and t.deployment <> $2 and t.state in (1, 2)
  and not (t.state = 1 and t.reason = 'waiting_agent' and exists (select 1 from deployment_offer f
    where f.deployment = t.deployment and (f.deadline_ms = 0 or f.deadline_ms > $3)))
order by d.created_ms limit 1;

-- name: target_waiting_hosts
select host from target where deployment = $1 and state <= 1;

-- name: deployment_suspend
update deployment set suspended_ms = $2 where id = $1 and state in (0, 1, 7);

-- name: deployment_expiring
select id from deployment where expires_ms > 0 and expires_ms <= $1 and state in (0, 1, 7) order by expires_ms limit 100;

-- name: deployment_trash
update deployment set removed_ms = $2 where id = $1;

-- name: deployment_trashed
select id from deployment where removed_ms > 0 and removed_ms < $1 order by removed_ms limit 20;

-- name: deployment_request
select request from deployment where id = $1;

-- name: deployment_edit
update deployment set name = $3, description = $4, policy = $5, expires_ms = $6, retry_refresh = $7, retry_start_up = $8,
  hold_incomplete = $9, version = version + 1
where id = $1 and version = $2;

-- name: deployment_set_request
update deployment set request = $2 where id = $1 and state = 6;

-- name: deployment_undraft
delete from deployment where id = $1 and state = 6;

-- name: purge_orders
delete from host_order where deployment = $1;

-- name: purge_notices
delete from target_notice where deployment = $1;

-- name: purge_targets
delete from target where deployment = $1;

-- name: purge_uninstalls
delete from uninstall_item where deployment = $1;

-- name: purge_rollout
delete from rollout where deployment = $1;

-- name: purge_waves
delete from rollout_wave where deployment = $1;

-- name: purge_aim
delete from deployment_aim where deployment = $1;

-- name: purge_notify
delete from deployment_notify where deployment = $1;

-- name: purge_offers
delete from deployment_offer where deployment = $1;

-- name: purge_groups
delete from deployment_group where deployment = $1;

-- name: purge_scripts
delete from target_script where deployment = $1;

-- name: purge_plan_mode
delete from plan_mode where deployment = $1;

-- name: purge_plan_approvals
delete from plan_approval where deployment = $1;

-- name: purge_target_plans
delete from target_plan where deployment = $1;

-- name: purge_auto_claims
delete from auto_claim where deployment = $1;

-- name: purge_auto_run
delete from auto_run where deployment = $1;

-- name: purge_patches
delete from deployment_patch where deployment = $1;

-- name: purge_deployment
delete from deployment where id = $1;

-- Those that no deployment has any more.
-- name: purge_plans
delete from plan where hash not in (select hash from target_plan)
  and hash not in (select was from target_plan where was is not null);

-- name: order_hosts
select distinct host from host_order where deployment = $1 and state = 0;

-- name: sequence_next
insert into host_sequence (host, seq) values ($1, $2)
on conflict (host) do update set seq = case when host_sequence.seq >= $2 then host_sequence.seq + 1 else $2 end
returning seq;

-- name: order_insert
insert into host_order (id, deployment, host, epoch, seq, state, issued_ms, not_after_ms, envelope)
values ($1, $2, $3, $4, $5, 0, $6, $7, $8);

-- name: order_open_of_host
select id, deployment, seq, not_after_ms, envelope, issued_ms from host_order
where host = $1 and state = 0 and epoch = $2 order by seq;

-- name: hosts_with_open_work
select host from target where state <= 2 union select host from host_order where state = 0 union select host from cluster_slot;

-- name: order_open_of_target
select id from host_order where host = $1 and deployment = $2 and state = 0 and epoch = $3;

-- name: order_get
select deployment, seq, state, envelope from host_order where id = $1 and host = $2;

-- name: order_set_state
update host_order set state = $2 where id = $1;

-- Those of targets where nothing is being installed.
-- name: order_withdraw
update host_order set state = 2 where deployment = $1 and state = 0
  and host in (select host from target where deployment = $1 and state <> 2);

-- name: decline_insert
insert into decline (id, kind, os, subject, reason, created_by, created_ms, expires_ms, ended_ms, ended_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, 0, '');

-- name: decline_end
update decline set ended_ms = $2, ended_by = $3 where id = $1 and ended_ms = 0;

-- name: decline_holding
select id, kind, os, subject, reason, created_by, created_ms, expires_ms, ended_ms, ended_by
from decline where ended_ms = 0;

-- Those that ended by when they did, those that hold by when they were made.
-- name: decline_page
select id, kind, os, subject, reason, created_by, created_ms, expires_ms, ended_ms, ended_by
from decline where (ended_ms > 0) = $4 and (case when $4 then ended_ms else created_ms end, id) < ($1, $2)
order by case when $4 then ended_ms else created_ms end desc, id desc limit $3;

-- name: decline_page_newer
select id, kind, os, subject, reason, created_by, created_ms, expires_ms, ended_ms, ended_by
from decline where (ended_ms > 0) = $4 and (case when $4 then ended_ms else created_ms end, id) > ($1, $2)
order by case when $4 then ended_ms else created_ms end, id limit $3;

-- name: decline_total
select count(*) from decline where (ended_ms > 0) = $1;

-- A group that is gone makes no row.
-- name: decline_group_insert
insert into decline_group (decline, group_id, name) select $1, id, name from host_group where id = $2;

-- name: decline_groups
select group_id, name from decline_group where decline = $1 order by name, group_id limit $2;

-- name: decline_of_group
select d.subject from decline_group g join decline d on d.id = g.decline
where g.group_id = $1 and d.ended_ms = 0 order by d.created_ms limit 1;

-- --- approval and automated deployment ---

-- name: approval_mode_get
select settings, changed_ms, changed_by from approval_mode where one = 1;

-- name: approval_mode_put
insert into approval_mode (one, settings, changed_ms, changed_by) values (1, $1, $2, $3)
on conflict (one) do update set settings = excluded.settings, changed_ms = excluded.changed_ms, changed_by = excluded.changed_by;

-- name: approval_list
select patch, state, how, actor, reason, seen_ms, changed_ms from approval;

-- name: approval_note
insert into approval (patch, state, how, actor, reason, seen_ms, changed_ms) values ($1, $2, $3, '', '', $4, $4)
on conflict (patch) do nothing;

-- name: approval_set
insert into approval (patch, state, how, actor, reason, seen_ms, changed_ms) values ($1, $2, $3, $4, $5, $6, $6)
on conflict (patch) do update set state = excluded.state, how = excluded.how, actor = excluded.actor,
  reason = excluded.reason, changed_ms = excluded.changed_ms;

-- name: approval_set_all
update approval set state = $1, how = $2, actor = $3, reason = '', changed_ms = $4 where state <> $1;

-- name: auto_list
select id, name, spec, created_by, created_ms, updated_ms, paused_ms from auto_task
where removed_ms = 0 order by name, id limit $1;

-- name: auto_get
select id, name, spec, created_by, created_ms, updated_ms, paused_ms from auto_task
where id = $1 and removed_ms = 0;

-- name: auto_count
select count(*) from auto_task where removed_ms = 0;

-- name: auto_insert
insert into auto_task (id, name, spec, created_by, created_ms, updated_ms, paused_ms, removed_ms)
values ($1, $2, $3, $4, $5, $5, 0, 0);

-- name: auto_update
update auto_task set name = $2, spec = $3, updated_ms = $4 where id = $1 and removed_ms = 0;

-- name: auto_remove
update auto_task set removed_ms = $2 where id = $1 and removed_ms = 0;

-- name: auto_pause
update auto_task set paused_ms = $2 where id = $1 and removed_ms = 0;

-- name: auto_reset
insert into auto_reset (task, patch, reset_ms, reset_by) values ($1, $2, $3, $4)
on conflict (task, patch) do update set reset_ms = excluded.reset_ms, reset_by = excluded.reset_by;

-- name: auto_reset_list
select patch, reset_ms from auto_reset where task = $1;

-- name: auto_run_insert
insert into auto_run (deployment, task, force_days, created_ms) values ($1, $2, $3, $4);

-- name: auto_run_task
select task from auto_run where deployment = $1;

-- name: auto_run_last
select coalesce(max(created_ms), 0) from auto_run where task = $1;

-- name: auto_run_list
select deployment from auto_run where task = $1 order by created_ms desc, deployment limit $2;

-- name: auto_run_patches
select p.deployment, p.patch from auto_run r join deployment_patch p on p.deployment = r.deployment where r.task = $1
order by p.deployment;

-- name: auto_claim_insert
insert into auto_claim (deployment, host, patches) values ($1, $2, $3);

-- name: auto_claim_list
select c.host, c.patches, t.state, t.finished_ms, t.updated_ms, t.reason
from auto_claim c join target t on t.deployment = c.deployment and t.host = c.host
where c.deployment = $1;

-- name: auto_open_patches
select p.deployment, p.patch from deployment d join deployment_patch p on p.deployment = d.id where d.state in (0, 1, 7)
order by p.deployment;

-- name: auto_open_targets
select host from target where deployment = $1 and state <= 2;

-- A pending target with an open order waits on its machine for a window.
-- name: auto_withdraw
update host_order set state = 2 where state = 0
  and deployment in (select p.deployment from deployment_patch p join deployment d on d.id = p.deployment
    where p.patch = $1 and (d.spares_declined or exists (select 1 from auto_run r where r.deployment = d.id)))
  and exists (select 1 from target t where t.deployment = host_order.deployment and t.host = host_order.host and t.state = 0);

-- name: auto_waits_anew
update target set reason = 'waiting_agent', next_attempt_ms = 0, attempts = attempts - 1, updated_ms = $2
where state = 0 and reason in ('outside_window', 'waiting_start_up', 'group_window')
  and deployment in (select p.deployment from deployment_patch p join deployment d on d.id = p.deployment
    where p.patch = $1 and (d.spares_declined or exists (select 1 from auto_run r where r.deployment = d.id)));

-- name: policy_list
select p.id, p.name, p.description, p.schedule, p.created_by, p.created_ms, p.updated_ms,
  (select count(*) from deployment d where d.policy = p.id and d.state in (0, 1, 7)), p.notification, p.pre_actions, p.post_actions
from policy p where p.removed_ms = 0 order by p.name, p.id limit $1;

-- name: policy_get
select p.id, p.name, p.description, p.schedule, p.created_by, p.created_ms, p.updated_ms,
  (select count(*) from deployment d where d.policy = p.id and d.state in (0, 1, 7)), p.notification, p.pre_actions, p.post_actions
from policy p where p.id = $1 and p.removed_ms = 0;

-- name: policy_count
select count(*) from policy where removed_ms = 0;

-- name: policy_insert
insert into policy (id, name, description, schedule, created_by, created_ms, updated_ms, removed_ms, notification,
  pre_actions, post_actions)
values ($1, $2, $3, $4, $5, $6, $6, 0, $7, $8, $9);

-- name: policy_update
-- Two changes never have the same time, which is the version that If-Match names; $9 = 0: whatever it is.
update policy set name = $2, description = $3, schedule = $4,
  updated_ms = case when updated_ms >= $5 then updated_ms + 1 else $5 end,
  notification = $6, pre_actions = $7, post_actions = $8
where id = $1 and removed_ms = 0 and (updated_ms = $9 or $9 = 0);

-- name: policy_remove
update policy set removed_ms = $2 where id = $1 and removed_ms = 0
  and not exists (select 1 from deployment d where d.policy = policy.id and d.state in (0, 1, 7));

-- name: policy_of_deployment
select d.created_ms, p.schedule, p.notification, coalesce((select r.force_days from auto_run r where r.deployment = d.id), 0),
  p.pre_actions, p.post_actions, d.expires_ms
from deployment d left join policy p on p.id = d.policy where d.id = $1;

-- A pending target with an open order waits on its machine for a window.
-- name: policy_withdraw
update host_order set state = 2 where state = 0
  and deployment in (select id from deployment where policy = $1 and state in (0, 1, 7))
  and exists (select 1 from target t where t.deployment = host_order.deployment and t.host = host_order.host and t.state = 0);

-- name: policy_waits_anew
update target set reason = 'waiting_agent', next_attempt_ms = 0, attempts = attempts - 1, updated_ms = $2
where state = 0 and deployment in (select id from deployment where policy = $1 and state in (0, 1, 7))
  and reason in ('outside_window', 'waiting_start_up', 'user_notice', 'postponed', 'group_window', 'published');

-- name: offer_insert
insert into deployment_offer (deployment, deadline_ms) values ($1, $2);

-- name: offer_get
select o.deadline_ms, d.name, d.description from deployment_offer o join deployment d on d.id = o.deployment
where o.deployment = $1;

-- name: offer_page
select d.id from deployment_offer o join deployment d on d.id = o.deployment
where d.state <= 1 and (d.created_ms, d.id) < ($1, $2) order by d.created_ms desc, d.id desc limit $3;

-- name: offer_page_newer
select d.id from deployment_offer o join deployment d on d.id = o.deployment
where d.state <= 1 and (d.created_ms, d.id) > ($1, $2) order by d.created_ms, d.id limit $3;

-- name: offer_total
select count(*) from deployment_offer o join deployment d on d.id = o.deployment where d.state <= 1;

-- name: target_notice_set
insert into target_notice (deployment, host, shown_ms, postponed, allowed, deadline_ms)
select o.deployment, o.host, $3, $4, $5, $6 from host_order o where o.id = $1 and o.host = $2
on conflict (deployment, host) do update set shown_ms = excluded.shown_ms, postponed = excluded.postponed,
  allowed = excluded.allowed, deadline_ms = excluded.deadline_ms;

-- name: target_notice_get
select shown_ms, postponed, allowed, deadline_ms from target_notice where deployment = $1 and host = $2;

-- name: target_gives_way
update target set state = 0, reason = 'waiting_agent', next_attempt_ms = 0, attempts = attempts - 1, updated_ms = $3
where deployment = $1 and host = $2 and state <= 2;

-- --- uninstallations ---

-- name: uninstall_item_insert
insert into uninstall_item (deployment, host, patch, name, arch, version_from, version_to, recorded)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: uninstall_items
select patch, name, arch, version_from, version_to from uninstall_item
where deployment = $1 and host = $2 order by name, arch, patch;

-- What a system's own results say that it had, newest first.
-- name: host_results
select packages from target where host = $1 and state = 3 and packages is not null order by finished_ms desc limit 100;

-- name: rolled_back_put
insert into rolled_back (host, patch, at_ms, deployment) values ($1, $2, $3, $4)
on conflict (host, patch) do update set at_ms = excluded.at_ms, deployment = excluded.deployment;

-- name: rolled_back_end
delete from rolled_back where host = $1
  and exists (select 1 from deployment_patch p where p.deployment = $2 and p.patch = rolled_back.patch);

-- name: rolled_back_since
select r.patch from rolled_back r join deployment d on d.id = $2 where r.host = $1 and r.at_ms > d.created_ms;

-- name: rolled_back_all
select host, patch from rolled_back;

-- name: rolled_back_of_host
select patch, at_ms, deployment from rolled_back where host = $1;

-- name: deployment_operation
select operation, spares_declined from deployment where id = $1;

-- name: aim_insert
insert into deployment_aim (deployment, selector, dynamic) values ($1, $2, $3);

-- name: aim_get
select selector from deployment_aim where deployment = $1;

-- name: aim_is_dynamic
select count(*) from deployment_aim where deployment = $1 and dynamic;

-- name: aim_close
update deployment_aim set dynamic = $2 where deployment = $1;

-- A group that is gone makes no row.
-- name: aim_group_insert
insert into deployment_group (deployment, group_id) select $1, id from host_group where id = $2
on conflict (deployment, group_id) do nothing;

-- name: aim_group_there
select count(*) from host_group where id = $1;

-- name: aim_group_open
select d.name from deployment_group g join deployment d on d.id = g.deployment
where g.group_id = $1 and d.state in (0, 1, 7) order by d.created_ms limit 1;

-- name: dynamic_open
select d.id, d.wake, a.selector from deployment d join deployment_aim a on a.deployment = d.id
where d.state <= 1 and a.dynamic order by d.created_ms, d.id limit $1;

-- name: dynamic_targets
select host, reason = 'left_targets' and state = 6 from target where deployment = $1;

-- name: deployment_is_open
select count(*) from deployment where id = $1 and state <= 1;

-- Nothing has started: no order yet, or one that waits on its machine for a window.
-- name: target_leave
update target set state = 6, reason = 'left_targets', updated_ms = $3, finished_ms = $3
where deployment = $1 and host = $2 and state = 0
  and (attempts = 0 or (attempts = 1 and reason in ('outside_window', 'waiting_start_up', 'group_window', 'published')));

-- name: order_withdraw_target
update host_order set state = 2 where deployment = $1 and host = $2 and state = 0;

-- name: target_come_back
update target set state = 0, reason = 'waiting_agent', updated_ms = $3, started_ms = 0, finished_ms = 0,
  next_attempt_ms = 0, attempts = 0
where deployment = $1 and host = $2 and state = 6 and reason = 'left_targets';

-- --- who is told ---

-- What was told stays, whoever is told from now on.
-- name: notify_put
insert into deployment_notify (deployment, addresses, every_minutes, looked_ms, told, halt_ms, ended)
values ($1, $2, $3, 0, '', 0, false)
on conflict (deployment) do update set addresses = excluded.addresses, every_minutes = excluded.every_minutes;

-- name: notify_get
select addresses, every_minutes from deployment_notify where deployment = $1;

-- $1: halted by an administrator, who knows it.
-- name: notify_list
select n.deployment, n.addresses, n.every_minutes, n.looked_ms, n.told, n.halt_ms, n.ended, d.created_ms, d.state,
  case when r.halted <> 0 and r.halted <> $1 then r.halted_ms else 0 end
from deployment_notify n join deployment d on d.id = n.deployment left join rollout r on r.deployment = n.deployment
where d.state <> 6 and d.removed_ms = 0 and (d.state in (0, 1, 7) or n.ended = false)
order by d.created_ms, d.id;

-- name: notify_told
update deployment_notify set looked_ms = $2, told = $3, halt_ms = $4, ended = $5 where deployment = $1;

-- name: test_failure_put
insert into test_failure (patch, why, at_ms) values ($1, $2, $3)
on conflict (patch) do update set why = excluded.why, at_ms = excluded.at_ms;

-- name: test_failure_list
select patch, why, at_ms from test_failure order by patch limit $1;

-- name: test_failure_told
delete from test_failure where patch = $1 and at_ms = $2;
