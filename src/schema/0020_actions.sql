-- SPDX-License-Identifier: Apache-2.0
-- What deployment policies do before and after an installation: JSON, as the API takes it.
alter table policy add column pre_actions text not null default '{}';
alter table policy add column post_actions text not null default '{}';
-- A target's reboot: '' = none was ordered; 'rebooting' from the moment the agent says that its machine goes
-- away; 'came_back' once it is heard in another boot than reboot_boot; 'overdue' when it was not until
-- reboot_due_ms (0 = nothing is awaited), and the target has failed then, until the machine says otherwise.
-- The result of the order brings the other words: old_kernel, not_needed, forbidden, outside_window, failed,
-- off (docs/agent-protocol.md, section 4).
alter table target add column reboot text not null default '';
alter table target add column reboot_due_ms bigint not null default 0;
alter table target add column reboot_boot text not null default '';
create index target_reboot on target (reboot_due_ms) where reboot = 'rebooting';
