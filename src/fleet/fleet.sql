-- SPDX-License-Identifier: Apache-2.0
-- Hosts and the facts of their last scans.

-- name: facts_from
select id, line from fact where id >= $1 order by id;

-- name: fact_insert
insert into fact (id, line) values ($1, $2);

-- name: host_list
select id, office, state, hostname, os_id, os_version, os_name, arch, kernel, address, agent_version,
  logged_in_user, boot_id, boot_ms, reboot_needed, health_json, inventory, enrolled_ms, last_contact_ms,
  last_scan_ms, scan, scan_error, cert_fingerprint, n_facts, facts, version, lan_json
from host order by enrolled_ms, id;

-- name: host_get
select id, office, state, hostname, os_id, os_version, os_name, arch, kernel, address, agent_version,
  logged_in_user, boot_id, boot_ms, reboot_needed, health_json, inventory, enrolled_ms, last_contact_ms,
  last_scan_ms, scan, scan_error, cert_fingerprint, n_facts, facts, version, lan_json
from host where id = $1;

-- name: host_versions
select id, version, last_contact_ms from host;

-- name: host_insert
insert into host (id, office, state, hostname, os_id, os_version, os_name, arch, kernel, address,
  agent_version, logged_in_user, boot_id, boot_ms, reboot_needed, health_json, enrolled_ms,
  last_contact_ms, last_scan_ms, scan, cert_fingerprint, lan_json, n_facts, changed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, 0, $18, $19, $20, 0,
  (select n from fleet_epoch));

-- name: host_set_attrs
update host set hostname = $2, os_id = $3, os_version = $4, os_name = $5, arch = $6, kernel = $7,
  address = $8, agent_version = $9, logged_in_user = $10, boot_id = $11, boot_ms = $12,
  reboot_needed = $13, health_json = $14, lan_json = $15,
  version = version + 1, changed = (select n from fleet_epoch)
where id = $1;

-- name: host_set_inventory
update host set inventory = $2, n_facts = $3, facts = $4, last_scan_ms = $5, scan = $6, scan_error = null,
  version = version + 1, changed = (select n from fleet_epoch)
where id = $1;

-- name: host_set_state
update host set state = $2,
  version = version + 1, changed = (select n from fleet_epoch)
where id = $1;

-- name: host_set_scan
update host set scan = $2, scan_error = $3,
  version = version + 1, changed = (select n from fleet_epoch)
where id = $1;

-- name: host_set_scanned
update host set last_scan_ms = $2, scan = $3, scan_error = null,
  version = version + 1, changed = (select n from fleet_epoch)
where id = $1;

-- name: host_set_contact
update host set last_contact_ms = case when last_contact_ms < $2 then $2 else last_contact_ms end,
  last_scan_ms = case when last_scan_ms < $3 then $3 else last_scan_ms end,
  changed = case when last_scan_ms < $3 then (select n from fleet_epoch) else changed end
where id = $1 and (last_contact_ms < $2 or last_scan_ms < $3);

-- name: fleet_epoch_next
update fleet_epoch set n = n + 1;

-- name: fleet_epoch_now
select n from fleet_epoch;

-- name: snapshot_note
insert into fleet_snapshot (id, epoch) values ($1, $2);

-- name: snapshot_forget
delete from fleet_snapshot where epoch < (select max(epoch) from fleet_snapshot);

-- name: snapshot_find
select epoch from fleet_snapshot where id = $1;

-- name: host_changed_ids
select id from host where changed >= $1;

-- name: host_changed_list
select id, office, state, hostname, os_id, os_version, os_name, arch, kernel, address, agent_version,
  logged_in_user, boot_id, boot_ms, reboot_needed, health_json, inventory, enrolled_ms, last_contact_ms,
  last_scan_ms, scan, scan_error, cert_fingerprint, n_facts, facts, version, lan_json
from host where changed >= $1 order by enrolled_ms, id;

-- name: host_contacted
select id, last_contact_ms from host where last_contact_ms >= $1;

-- name: host_number
select count(*) from host;

-- name: group_list
select id, name, description, kind, filter, created_by, created_ms, changed_by, changed_ms, version,
  max_unavailable, max_unavailable_percent
from host_group order by name limit $1;

-- name: group_insert
insert into host_group (id, name, description, kind, filter, created_by, created_ms, changed_by, changed_ms, version,
  max_unavailable, max_unavailable_percent)
values ($1, $2, $3, $4, $5, $6, $7, $6, $7, 1, $8, $9);

-- name: group_update
update host_group set name = $2, description = $3, filter = $4, changed_by = $5, changed_ms = $6, version = version + 1,
  max_unavailable = $8, max_unavailable_percent = $9
where id = $1 and version = $7;

-- name: group_touch
update host_group set changed_by = $2, changed_ms = $3, version = version + 1 where id = $1 and version = $4;

-- name: group_delete
delete from host_group where id = $1;

-- name: group_empty
delete from host_group_member where group_id = $1;

-- name: group_members
select host from host_group_member where group_id = $1;

-- name: group_member_insert
insert into host_group_member (group_id, host, alone) values ($1, $2, $3) on conflict (group_id, host) do nothing;

-- name: group_member_delete
delete from host_group_member where group_id = $1 and host = $2;
