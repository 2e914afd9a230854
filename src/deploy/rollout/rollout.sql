-- SPDX-License-Identifier: Apache-2.0
-- Statements of waves and of the cluster rule.

-- --- waves ---

-- name: rollout_insert
insert into rollout (deployment, definition, open_waves, halted, halted_ms, halted_by, reason)
values ($1, $2, 1, 0, 0, '', '');

-- name: rollout_get
select r.definition, r.open_waves, d.state, r.halted, r.halted_ms, r.halted_by, r.reason
from rollout r join deployment d on d.id = r.deployment where r.deployment = $1;

-- name: rollout_running
select r.deployment from rollout r join deployment d on d.id = r.deployment
where d.state <= 1 and r.halted = 0 order by d.created_ms, d.id;

-- name: rollout_wave_insert
insert into rollout_wave (deployment, wave, opened_ms) values ($1, $2, $3);

-- name: rollout_wave_list
select wave, opened_ms from rollout_wave where deployment = $1;

-- name: rollout_counts
select wave, state, forgiven, count(*), max(updated_ms) from target where deployment = $1 group by wave, state, forgiven;

-- name: rollout_open_next
update rollout set open_waves = open_waves + 1 where deployment = $1 and open_waves = $2 and halted = 0;

-- name: rollout_halt
update rollout set halted = $2, halted_ms = $3, halted_by = $4, reason = $5 where deployment = $1 and halted = 0;

-- name: rollout_resume
update rollout set halted = 0, halted_ms = 0, halted_by = '', reason = $2 where deployment = $1 and halted <> 0;

-- Whether a target may be given an order now.
-- name: rollout_lets
select count(*) from target t join rollout r on r.deployment = t.deployment
where t.deployment = $1 and t.host = $2 and (r.halted <> 0 or t.wave >= r.open_waves);

-- name: rollout_wave_hosts
select host, state from target where deployment = $1 and wave = $2 and state <= 4 and forgiven = false;

-- name: rollout_forgive_failed
update target set forgiven = true where deployment = $1 and wave < $2 and state = 4;

-- name: rollout_forgive_host
update target set forgiven = true where deployment = $1 and host = $2;

-- What waits on machines for a window; see policy_withdraw.
-- name: rollout_waiting_hosts
select o.host from host_order o join target t on t.deployment = o.deployment and t.host = o.host
where o.deployment = $1 and o.state = 0 and t.state = 0;

-- name: rollout_withdraw
update host_order set state = 2 where deployment = $1 and state = 0
  and exists (select 1 from target t where t.deployment = host_order.deployment and t.host = host_order.host and t.state = 0);

-- Before their orders are withdrawn.
-- name: rollout_waits_anew
update target set reason = 'waiting_agent', next_attempt_ms = 0, attempts = attempts - 1, updated_ms = $2
where deployment = $1 and state = 0
  and exists (select 1 from host_order o where o.deployment = target.deployment and o.host = target.host and o.state = 0);

-- --- the cluster rule ---

-- name: cluster_turn_get
select turn from cluster_turn where one = 1;

-- name: cluster_turn_next
update cluster_turn set turn = turn + 1 where one = 1 and turn = $1;

-- name: cluster_slot_hosts
select host from cluster_slot;

-- Worked on, perhaps since before there was a rule.
-- name: cluster_working_hosts
select distinct host from target where state in (1, 2);

-- name: cluster_slot_get
select epoch, seq, stage, until_ms, boot from cluster_slot where host = $1;

-- name: cluster_slot_put
insert into cluster_slot (host, epoch, seq, stage, until_ms, boot) values ($1, $2, $3, $4, $5, $6)
on conflict (host) do update set epoch = excluded.epoch, seq = excluded.seq, stage = excluded.stage,
  until_ms = excluded.until_ms, boot = excluded.boot;

-- name: cluster_slot_change
update cluster_slot set stage = $4, until_ms = $5, boot = $6 where host = $1 and epoch = $2 and seq = $3;

-- name: cluster_slot_give_back
delete from cluster_slot where host = $1 and epoch = $2 and seq = $3;

-- The order of a target that waits for its window is taken back from the machine.
-- name: cluster_waits_here
update target set state = 0, reason = 'group_window', next_attempt_ms = $3, updated_ms = $4
where deployment = $1 and host = $2 and state <= 2;

-- name: cluster_waiting
select distinct host from target
where state = 0 and reason in ('group_full', 'group_window') and next_attempt_ms <= $1 limit $2;
