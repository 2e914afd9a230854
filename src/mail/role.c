/* SPDX-License-Identifier: Apache-2.0
 * The process that speaks with a mail server: takes one mail and where it is to go, takes its
 * rights away, hands the mail over, and tells line by line how that went. It ends with the mail. */
#include "ipc/frame.h"
#include "ipc/pack.h"
#include "ipc/sandbox.h"
#include "mail/mail_int.h"

#include <stdio.h>
#include <string.h>

#define SEND_MEMORY ((int64_t)1 << 30)

static void pass_on(void *arg, enum smtp_speaker who, struct str text)
{
	static const char *const names[] = { "* ", "C: ", "S: " };
	AUTO(buf_done) struct buf b = BUF_INIT(1024);
	struct err ignored; /* the server has gone: so will this process */
	buf_adds(&b, names[who]);
	buf_addstr(&b, text);
	bool told UNUSED = frame_send(*(int *)arg, SEND_LINE, buf_str(&b), NULL, 0, &ignored);
}

static bool answer(int fd, bool sent, bool refused, const struct err *why, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	if (!sent) {
		pack_int(&b, why->code);
		pack_int(&b, refused);
		pack_text(&b, why->msg);
	}
	return frame_send(fd, sent ? SEND_DONE : SEND_FAILED, buf_str(&b), NULL, 0, e);
}

int mail_serve(int fd)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(frame_done) struct frame f = FRAME_INIT(SEND_FRAME_MAX);
	struct err e = { 0 }, why = { 0 };
	if (!frame_receive(fd, 60000, &f, &e) || f.kind != SEND_GO)
		return 1;
	struct unpacker u = { .rest = buf_str(&f.body), .a = &a };
	struct smtp_server s = { .host = unpack_text(&u) };
	s.port = (uint16_t)unpack_int_in(&u, 1, UINT16_MAX);
	s.security = (enum smtp_security)unpack_int_in(&u, 0, SMTP_SECURITIES_ - 1);
	s.auth = (enum smtp_auth)unpack_int_in(&u, 0, SMTP_AUTHS_ - 1);
	s.user = unpack_text(&u);
	s.secret = unpack_text(&u);
	s.ca_file = unpack_text(&u);
	s.timeout_s = unpack_int_in(&u, 1, 3600);
	struct smtp_mail m = { .from = unpack_text(&u), .to = unpack_text(&u) };
	m.message = unpack_str(&u);
	const char *read[] = { s.ca_file, NULL };
	struct sandbox box = { .kind = SANDBOX_NETWORK, .read = read, .memory = SEND_MEMORY };
	if (!unpack_end(&u, &e) || !sandbox_enter(&box, &e)) {
		fprintf(stderr, "mail process: %s\n", e.msg);
		return 1;
	}
	bool refused = false;
	bool sent = smtp_send(&s, &m, pass_on, &fd, &refused, &why);
	return answer(fd, sent, refused, &why, &e) ? 0 : 1;
}
