-- SPDX-License-Identifier: Apache-2.0
-- History of (system, patch) pairs; see 0007_ledger.sql for the coding.

-- name: ledger_names_from
select no, name from ledger_name where no >= $1 order by no;

-- name: ledger_name_put
insert into ledger_name (no, name) values ($1, $2) on conflict (no) do nothing;

-- name: ledger_take
update ledger_counter set seq = seq + $1 where one = 1 returning seq;

-- name: ledger_entry_put
insert into ledger_entry (seq, at_ms, host, ref, changes) values ($1, $2, $3, $4, $5);

-- name: ledger_change_put
insert into ledger_change (patch, seq) values ($1, $2) on conflict (patch, seq) do nothing;

-- name: ledger_sweep_put
insert into ledger_sweep (seq, at_ms, patch, event, ref, n, hosts) values ($1, $2, $3, $4, $5, $6, $7);

-- name: ledger_entries_of_host
select seq, at_ms, host, ref, changes from ledger_entry where host = $1 and seq <= $2 order by seq desc limit $3;

-- name: ledger_entries_of_patch
select e.seq, e.at_ms, e.host, e.ref, e.changes from ledger_change c join ledger_entry e on e.seq = c.seq
where c.patch = $1 and c.seq <= $2 order by c.seq desc limit $3;

-- name: ledger_sweeps
select seq, at_ms, patch, event, ref, n, hosts from ledger_sweep where seq <= $1 and seq >= $2 order by seq desc limit $3;

-- name: ledger_sweeps_of_patch
select seq, at_ms, patch, event, ref, n, hosts from ledger_sweep where patch = $1 and seq <= $2 order by seq desc limit $3;

-- name: ledger_swept
select distinct n.name from ledger_sweep s join ledger_name n on n.no = s.patch where s.event = $1;

-- name: ledger_last_before
select coalesce(max(seq), 0) from (
  select max(seq) as seq from ledger_entry where at_ms < $1
  union all
  select max(seq) as seq from ledger_sweep where at_ms < $1
) as old;

-- name: ledger_drop_changes
delete from ledger_change where seq <= $1 and seq in (select seq from ledger_change where seq <= $1 order by seq limit $2);

-- name: ledger_drop_entries
delete from ledger_entry where seq <= $1 and seq < coalesce((select min(seq) from ledger_change), $1 + 1);

-- name: ledger_drop_sweeps
delete from ledger_sweep where seq <= $1 and event <> 1;

-- name: ledger_size
select (select count(*) from ledger_entry), (select count(*) from ledger_change), (select count(*) from ledger_sweep);
