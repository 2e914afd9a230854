/* SPDX-License-Identifier: Apache-2.0
 * The mail about a sync (M-076): how it ended, which sources failed or are stale. */
#ifndef JOBS_SYNC_MAIL_H
#define JOBS_SYNC_MAIL_H
#include "jobs/notify.h"

/** Subject and body in "ja" or "en". */
void sync_mail_write(const struct notify_news *n, const char *language, const char *console_url,
		     struct buf *subject, struct buf *body);
/** Into the outbox, for each address (LF between them). False: not told; it is logged why. */
bool sync_mail_put(struct jobs *j, struct str addresses, const struct notify_news *n);
#endif
