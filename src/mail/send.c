/* SPDX-License-Identifier: Apache-2.0
 * The server's side of a sending: the settings as they are now, the message's bytes, a process that
 * gets both, and its answers. Nothing is remembered between two mails. */
#include "base/clock.h"
#include "ipc/frame.h"
#include "ipc/pack.h"
#include "mail/mail_int.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 15000 /* beyond the time the process gives itself */

static int security_of(const char *word)
{
	return strcmp(word, "tls") == 0	   ? SMTP_TLS
	       : strcmp(word, "none") == 0 ? SMTP_PLAIN
					   : SMTP_STARTTLS;
}

static int auth_of(const char *word)
{
	return strcmp(word, "password") == 0 ? SMTP_AUTH_PASSWORD
	       : strcmp(word, "oauth2") == 0 ? SMTP_AUTH_XOAUTH2
					     : SMTP_AUTH_NONE;
}

static void read_server(struct mail *m, struct arena *a, struct smtp_server *out)
{
	struct settings *s = m->conf.settings;
	const char *ca = settings_text(s, SETTING_MAIL_CA_FILE, a);
	out->host = settings_text(s, SETTING_MAIL_SERVER, a);
	out->port = (uint16_t)settings_int(s, SETTING_MAIL_PORT);
	out->security = (enum smtp_security)security_of(settings_text(s, SETTING_MAIL_SECURITY, a));
	out->auth = (enum smtp_auth)auth_of(settings_text(s, SETTING_MAIL_AUTH, a));
	out->user = settings_text(s, SETTING_MAIL_USER, a);
	out->secret = settings_text(s, SETTING_MAIL_SECRET, a);
	out->ca_file = ca[0] ? ca : NULL;
	out->timeout_s = m->conf.timeout_s;
}

bool mail_configured(struct mail *m)
{
	AUTO(arena_done) struct arena a = { 0 };
	return settings_text(m->conf.settings, SETTING_MAIL_SERVER, &a)[0] &&
	       settings_text(m->conf.settings, SETTING_MAIL_SENDER, &a)[0];
}

const char *mail_language(struct mail *m)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *word = settings_text(m->conf.settings, SETTING_MAIL_LANGUAGE, &a);
	return strcmp(word, "en") == 0 ? "en" : "ja";
}

bool send_possible(struct mail *m, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct smtp_server s;
	read_server(m, &a, &s);
	if (!s.host[0])
		return err_set(e, ERR_INVALID, "no mail server is set; name one and save");
	if (!settings_text(m->conf.settings, SETTING_MAIL_SENDER, &a)[0])
		return err_set(e, ERR_INVALID,
			       "the address mails are from is not set; give one and save");
	if (!smtp_host_ok(s.host, s.port, e))
		return false;
	if (s.auth == SMTP_AUTH_NONE)
		return true;
	if (s.security == SMTP_PLAIN)
		return err_set(e, ERR_INVALID,
			       "signing in at '%.100s' without TLS would show the password to the "
			       "network; choose STARTTLS or TLS",
			       s.host);
	return (s.user[0] && s.secret[0]) ||
	       err_set(e, ERR_INVALID,
		       "the user or the secret for signing in at '%.100s' is not set; enter both "
		       "and save",
		       s.host);
}

static int offset_now(int64_t at_ms)
{
	time_t t = (time_t)(at_ms / 1000);
	struct tm tm;
	localtime_r(&t, &tm);
	return (int)(tm.tm_gmtoff / 60);
}

static bool pack_go(struct mail *m, const struct outgoing *o, struct buf *b, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf bytes = BUF_INIT(MAIL_MESSAGE_MAX);
	struct settings *s = m->conf.settings;
	struct smtp_server to;
	read_server(m, &a, &to);
	struct mail_message message = { .from = settings_text(s, SETTING_MAIL_SENDER, &a),
					.from_name = settings_text(s, SETTING_MAIL_SENDER_NAME, &a),
					.to = o->to,
					.id = o->message_id,
					.language = o->language,
					.subject = o->subject,
					.body = o->body,
					.at_ms = o->at_ms,
					.offset_min = offset_now(o->at_ms) };
	mail_message_write(&message, &bytes);
	pack_text(b, to.host);
	pack_int(b, to.port);
	pack_int(b, to.security);
	pack_int(b, to.auth);
	pack_text(b, to.user);
	pack_text(b, to.secret);
	pack_text(b, to.ca_file);
	pack_int(b, to.timeout_s);
	pack_text(b, message.from);
	pack_text(b, o->to);
	pack_str(b, buf_str(&bytes));
	return buf_ok(&bytes, "mail", e) && buf_ok(b, "mail", e);
}

/* False when the time is over or the server stops. */
static bool wait_frame(struct mail *m, int fd, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		struct pollfd w[] = { { m->cancel, POLLIN, 0 }, { fd, POLLIN, 0 } };
		if (left <= 0)
			return false;
		if (poll(w, ARRAY_LEN(w), (int)MIN(left, (int64_t)60000)) < 0 && errno != EINTR)
			return false;
		if (w[0].revents)
			return false;
		if (w[1].revents)
			return true;
	}
}

static bool read_failure(const struct frame *f, bool *refused_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = buf_str(&f->body), .a = &a };
	struct err mine;
	enum err_code code = (enum err_code)unpack_int_in(&u, ERR_NONE + 1, ERR_CODES_ - 1);
	bool refused = unpack_int_in(&u, 0, 1) == 1;
	const char *text = unpack_text(&u);
	if (!unpack_end(&u, &mine) || !text)
		return err_set(e, ERR_INTERNAL, "the mail process said something unknown");
	*refused_out = refused;
	return err_set(e, code, "%s", text);
}

static bool follow(struct mail *m, struct role_child *r, void (*line)(void *arg, struct str text),
		   void *arg, bool *refused_out, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + m->conf.timeout_s * 1000 + GRACE_MS;
	struct err why;
	for (;;) {
		AUTO(frame_done) struct frame f = FRAME_INIT(8192);
		if (!wait_frame(m, r->fd, deadline_ms) ||
		    !frame_receive(r->fd, GRACE_MS, &f, &why)) {
			struct role_ending how;
			char said[120];
			role_end(r, 0, &how);
			role_say_ending(&how, said, sizeof(said));
			return err_set(e, ERR_UNAVAILABLE, "the mail process %s; it is tried again",
				       said);
		}
		if (f.kind == SEND_DONE)
			return true;
		if (f.kind != SEND_LINE)
			return read_failure(&f, refused_out, e);
		if (line)
			line(arg, buf_str(&f.body));
	}
}

bool send_one(struct mail *m, const struct outgoing *o, void (*line)(void *arg, struct str text),
	      void *arg, bool *refused_out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(SEND_FRAME_MAX);
	struct role_child r = ROLE_NONE;
	*refused_out = false;
	if (!send_possible(m, e) || !pack_go(m, o, &b, e) || !role_start(MAIL_ROLE, &r, e))
		return false;
	bool sent = frame_send(r.fd, SEND_GO, buf_str(&b), NULL, 0, e) &&
		    follow(m, &r, line, arg, refused_out, e);
	role_end(&r, 1000, NULL);
	return sent;
}
