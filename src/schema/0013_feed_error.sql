-- SPDX-License-Identifier: Apache-2.0
-- What went wrong at a feed's last attempt, beside the text of the log: the stable word of its kind and
-- what it was about, so that it can be said in every language. Null: no error, or one of before.
alter table feed_state add column error_code text;
alter table feed_state add column error_subject text;
