-- SPDX-License-Identifier: Apache-2.0
-- Hosts and the facts of their last scans. A fact is one line of the canonical inventory; a host keeps
-- its facts as ascending numbers, delta-varint coded (src/fleet/facts.h).
create table fact (
  id integer primary key,
  line text not null
);

create table host (
  id text primary key,               -- agent id, 32 hex digits
  office text not null,
  state integer not null,            -- enum host_state
  hostname text,
  os_id text,
  os_version text,
  os_name text,
  arch text,
  kernel text,
  address text,
  agent_version text,
  logged_in_user text,
  boot_id text,
  boot_ms bigint not null,
  reboot_needed boolean not null,
  health_json text,
  inventory bytea,                   -- SHA-256 of the canonical text; null = no scan yet
  enrolled_ms bigint not null,
  last_contact_ms bigint not null,
  last_scan_ms bigint not null,
  scan integer not null,             -- enum scan_status
  scan_error text,
  cert_fingerprint text,
  n_facts integer not null,
  facts bytea
);
