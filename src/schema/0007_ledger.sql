-- SPDX-License-Identifier: Apache-2.0
-- History: what became of (system, patch) pairs, appended in the transaction that caused it, never changed.
-- Ids are numbers of ledger_name. An entry holds what happened on one system at one time (varint patch number,
-- event byte, ...); ledger_change finds entries by patch; a sweep holds what happened to one patch on many
-- systems at once (ascending numbers, delta-varint coded). Entries and sweeps share one sequence.
create table ledger_counter (
  one integer primary key check (one = 1),
  seq bigint not null
);
insert into ledger_counter (one, seq) values (1, 0);
create table ledger_name (
  no integer primary key,
  name text not null
);
create table ledger_entry (
  seq bigint primary key,
  at_ms bigint not null,
  host integer not null,
  ref text not null,
  changes bytea not null
);
create index ledger_entry_host on ledger_entry (host, seq);
create table ledger_change (
  patch integer not null,
  seq bigint not null,
  primary key (patch, seq)
);
create index ledger_change_seq on ledger_change (seq);
create table ledger_sweep (
  seq bigint primary key,
  at_ms bigint not null,
  patch integer not null,
  event integer not null,
  ref text not null,
  n integer not null,
  hosts bytea not null
);
create index ledger_sweep_patch on ledger_sweep (patch, seq);
