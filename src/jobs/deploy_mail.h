/* SPDX-License-Identifier: Apache-2.0
 * Mails about deployments (M-146): how they stand, at the times that deploy/ask/notify.h decides,
 * and which patches failed their test. The mail and the note of what it told are one transaction.
 */
#ifndef JOBS_DEPLOY_MAIL_H
#define JOBS_DEPLOY_MAIL_H
#include "base/buf.h"
#include "deploy/ask/notify.h"

/** Subject and body in "ja" or "en"; `console_url` may be NULL. */
void deploy_mail_write(const struct deploy_news *n, const char *language, const char *console_url,
		       struct buf *subject, struct buf *body);
void deploy_mail_write_tests(const struct test_failure *list, size_t n, const char *language,
			     const char *console_url, struct buf *subject, struct buf *body);

struct jobs;
/** Of the leader's clock, with the fence set: puts what is due into the outbox. */
bool deploy_mail_tick(struct jobs *j, struct deploy *d, struct err *e) MUST_CHECK;
#endif
