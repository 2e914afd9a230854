-- SPDX-License-Identifier: Apache-2.0
-- A whole fleet at once: what enrolment, contact and scan of a host write, in one statement each.

-- name: bench_fact_insert
insert into fact (id, line) values ($1, $2);

-- name: bench_host_insert
insert into host (id, office, state, hostname, os_id, os_version, os_name, arch, kernel, address,
  agent_version, logged_in_user, boot_id, boot_ms, reboot_needed, inventory, enrolled_ms,
  last_contact_ms, last_scan_ms, scan, cert_fingerprint, n_facts, facts)
values ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
  $21, $22);
