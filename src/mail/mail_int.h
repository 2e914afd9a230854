/* SPDX-License-Identifier: Apache-2.0
 * Private to the mail room: its context, and what the two ends of a sending say to each other. */
#ifndef MAIL_MAIL_INT_H
#define MAIL_MAIL_INT_H
#include "base/vec.h"
#include "mail/mail.h"
#include "mail/message.h"
#include "net/smtp.h"

#include <pthread.h>

#define SEND_FRAME_MAX (MAIL_MESSAGE_MAX + ((size_t)64 << 10))

enum send_message {
	SEND_GO = 1, /**< server: where to and what */
	SEND_LINE,   /**< process: one line of the conversation */
	SEND_DONE,   /**< process: taken */
	SEND_FAILED, /**< process: code, text, whether for ever */
};

struct mail_trial {
	char id[33];
	char *to;
	enum mail_try_state state;
	char error[240];
	int64_t started_ms, ended_ms;
	VEC(char *) lines;
};

struct mail {
	struct mail_conf conf;
	char *host;
	_Atomic(int64_t) term; /* 0 = the only server, -1 = follows */
	pthread_mutex_t lock;
	pthread_cond_t wake;   /* any change below */
	_Atomic bool stopping; /* written under the lock, read anywhere */
	bool woken, other_settings;
	bool try_wanted;
	struct mail_trial trial;
	int cancel; /* eventfd: readable from mail_close() on */
	pthread_t threads[2];
	size_t n_threads;
};

/* A mail on its way: what is needed of the settings, as they are now. */
struct outgoing {
	const char *to, *message_id, *language, *subject;
	struct str body;
	int64_t at_ms;
};

/* --- send.c --- */
/** Speaks with the mail server of the settings, in a process of its own; at most conf.timeout_s and
 * a little. The thread must be one of the room's. *refused_out as smtp_send(). */
bool send_one(struct mail *m, const struct outgoing *o, void (*line)(void *arg, struct str text),
	      void *arg, bool *refused_out, struct err *e) MUST_CHECK;
/** What in the settings keeps mails from being sent. */
bool send_possible(struct mail *m, struct err *e) MUST_CHECK;

/* --- outbox.c --- */
struct waiting {
	char id[33];
	struct outgoing o;
	int64_t attempts, since_ms;
};
/** The next one that is due; *found_out false: none. */
bool outbox_due(struct mail *m, struct arena *a, struct waiting *out, bool *found_out,
		struct err *e) MUST_CHECK;
bool outbox_tried(struct mail *m, const struct waiting *w, enum mail_state state, int64_t next_ms,
		  const char *error, struct err *e) MUST_CHECK;
/** What waits after a failure need not wait. */
bool outbox_all_due(struct mail *m, struct err *e) MUST_CHECK;
/** Gives up what is too old, forgets what ended long ago. */
bool outbox_sweep(struct mail *m, struct err *e) MUST_CHECK;

/* --- try.c --- */
void *mail_try_thread(void *arg);
void mail_trial_done(struct mail_trial *t);
#endif
