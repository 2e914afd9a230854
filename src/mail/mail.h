/* SPDX-License-Identifier: Apache-2.0
 * Mails to administrators. A mail is put into the outbox in the same transaction as what it tells
 * of, so none is lost and none is made twice; a thread hands the waiting ones to the mail server of
 * the settings, through a process of its own: a server that hangs holds up nothing else (F44).
 *
 * Each recipient gets a mail of their own. One that was taken is marked as sent; when this server
 * dies between the two it is sent once more, with the same Message-ID. Failures are tried again
 * with growing pauses for MAIL_KEEP_TRYING_MS, then the mail is given up; it stays visible. */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H
#include "base/arena.h"
#include "base/clock.h"
#include "ipc/role.h"
#include "settings/settings.h"
#include "sql/page.h"

#define MAIL_KEEP_TRYING_MS ((int64_t)3 * 24 * 3600 * 1000)
#define MAIL_KEEP_ENDED_MS ((int64_t)30 * 24 * 3600 * 1000)
/** No more than so many wait. */
#define MAIL_WAITING_MAX 10000
#define MAIL_RECIPIENTS_MAX 20

/** For role_main(): the process that speaks with mail servers. */
#define MAIL_ROLE "mail"
int mail_serve(int fd);

struct mail;
struct mail_conf {
	struct sql *db;
	struct settings *settings;
	const struct clock *clock;
	const char *host;  /**< this installation's name, for Message-IDs */
	int64_t retry_ms;  /**< pause after the first failure; 0 = a minute */
	int64_t timeout_s; /**< of one try; 0 = 60 */
};
/** Starts the thread. Where servers share the database nothing is sent before mail_lead(). */
bool mail_open(const struct mail_conf *conf, struct mail **out, struct err *e) MUST_CHECK;
void mail_close(struct mail *m);
AUTO_DEFINE(struct mail, mail_close)
/** As jobs_lead(): the server that leads sends; JOBS_FOLLOWS (-1) sends nothing. */
void mail_lead(struct mail *m, int64_t term);
/** New mails: looks at once. */
void mail_wake(struct mail *m);
/** A setting of the mail server changed: what waits after a failure is tried at once. */
void mail_settings_changed(struct mail *m);
/** Whether a mail server and a sender are set. */
bool mail_configured(struct mail *m);
/** "ja" or "en": what mails are written in. */
const char *mail_language(struct mail *m);

struct mail_letter {
	const char *about, *subject_id; /**< what it tells of: "sync" and the job's id */
	const char *const *to;
	size_t n_to; /**< <= MAIL_RECIPIENTS_MAX */
	const char *subject;
	struct str body; /**< LF lines; cut to MAIL_BODY_MAX */
	int64_t at_ms;
};
/** Inside a write function. ERR_LIMIT when too many wait. Call mail_wake() after the commit. */
bool mail_put(struct mail *m, struct sql_conn *c, const struct mail_letter *l, struct err *e)
	MUST_CHECK;

enum mail_state { MAIL_WAITING, MAIL_SENT, MAIL_GIVEN_UP, MAIL_STATES_ };
const char *mail_state_name(enum mail_state s);
struct mail_row {
	char id[33];
	int64_t at_ms, next_ms, ended_ms, attempts;
	const char *about, *subject_id, *to, *subject, *error;
	enum mail_state state;
};
/** A page, newest first; `counts` of all. */
bool mail_list(struct mail *m, const struct sql_page *page, struct arena *a, struct mail_row **out,
	       size_t *n_out, int64_t counts[static MAIL_STATES_], struct err *e) MUST_CHECK;
bool mail_get(struct mail *m, const char *id, struct arena *a, struct mail_row *out, struct err *e)
	MUST_CHECK;
/** A mail that waits or was given up is tried now. ERR_NOT_FOUND; ERR_CONFLICT when it was sent. */
bool mail_again(struct mail *m, const char *id, struct err *e) MUST_CHECK;

/* --- trying the settings ---------------------------------------------------------------------- */
#define MAIL_TRY_LINES 200
enum mail_try_state { MAIL_TRY_RUNNING, MAIL_TRY_SENT, MAIL_TRY_FAILED, MAIL_TRY_STATES_ };
const char *mail_try_state_name(enum mail_try_state s);
struct mail_try {
	char id[33];
	enum mail_try_state state;
	const char *to, *error; /**< error "" = none */
	int64_t started_ms, ended_ms;
	const char **lines; /**< "C: EHLO ...", "S: 250 ...", "* ..." */
	size_t n_lines;
};
/** Sends a test mail now, beside the outbox; see mail_try_get(). ERR_CONFLICT while one is under
 * way, ERR_INVALID when the settings cannot work. */
bool mail_try_start(struct mail *m, const char *to, char id_out[static 33], struct err *e)
	MUST_CHECK;
/** The last one started here. ERR_NOT_FOUND. */
bool mail_try_get(struct mail *m, const char *id, struct arena *a, struct mail_try *out,
		  struct err *e) MUST_CHECK;
#endif
