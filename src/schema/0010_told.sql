-- SPDX-License-Identifier: Apache-2.0
-- Whether what a generation changed for systems stands in the ledger. One that is current and not told was stored
-- by a server that died before it adopted it: the next start compares with what was told last.
alter table feed_generation add column told boolean not null default true;
