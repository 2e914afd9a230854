-- SPDX-License-Identifier: Apache-2.0
-- Deployments that restart services: what a deployment does (0 = install, 1 = restart services), and which
-- services of a target, by name, with blanks between.
alter table deployment add column operation integer not null default 0;
alter table target add column units text not null default '';
