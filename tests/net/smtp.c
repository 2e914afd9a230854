/* SPDX-License-Identifier: Apache-2.0
 * A mail server that repeats what it was told to sign in: none of it stands in the transcript or in
 * the text of the failure. */
#include "net/smtp.h"
#include "base/enc.h"
#include "peer.h"
#include "served.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define USER "robot@mail.example"
#define SECRET "planted-secret-canary"

/* One command; false at the end. */
static bool command(struct peer_conn *c, struct buf *line)
{
	char b;
	buf_reset(line);
	while (peer_recv(c, &b, 1) == 1) {
		if (b == '\n')
			return true;
		if (b != '\r')
			buf_addc(line, b);
	}
	return false;
}

/* Lets one sign in as peer.arg says, hears all of it, and refuses with what it heard; with a "-" in
 * front of the way, only with the beginning of the last word. */
static void repeat(struct peer_conn *c)
{
	AUTO(buf_done) struct buf line = BUF_INIT(8192);
	AUTO(buf_done) struct buf heard = BUF_INIT(8192);
	AUTO(buf_done) struct buf answer = BUF_INIT(65536);
	const char *way = c->peer->arg + (c->peer->arg[0] == '-');
	int missing = 0; /* words */
	peer_send(c, "220 fake ESMTP\r\n");
	while (command(c, &line)) {
		const char *last = line.p;
		bool begins = strncmp(line.p, "AUTH ", 5) == 0;
		buf_reset(&answer);
		if (begins) {
			missing = strcmp(way, "LOGIN") == 0 ? 2 : 1;
			if (strlen(line.p) > 11) /* "AUTH PLAIN word" */
				last += 11, missing--;
		} else if (missing) {
			missing--;
		} else {
			if (strncmp(line.p, "EHLO", 4) == 0)
				buf_printf(&answer, "250-fake\r\n250 AUTH %s\r\n", way);
			peer_send(c, answer.n ? answer.p : "221 bye\r\n");
			continue;
		}
		buf_printf(&heard, "%s ", line.p);
		if (missing)
			buf_adds(&answer, "334 VXNlcm5hbWU6\r\n");
		else if (way != c->peer->arg)
			buf_printf(&answer, "535-5.7.8 no\r\n535 5.7.8 <%.14s...>\r\n", last);
		else
			buf_printf(&answer, "535-5.7.8 no\r\n535 5.7.8 you said (%s)\r\n", heard.p);
		peer_send(c, answer.p);
	}
}

static void hear(void *arg, enum smtp_speaker who UNUSED, struct str line)
{
	buf_addstr(arg, line);
	buf_addc(arg, '\n');
}

/* Whether `text` has any 6 characters of `secret` in a row. */
static bool has_part(const char *text, const char *secret)
{
	for (size_t i = 0; i + 6 <= strlen(secret); i++) {
		char part[7];
		memcpy(part, secret + i, 6);
		part[6] = '\0';
		if (strstr(text, part))
			return true;
	}
	return false;
}

static void A38_an_echo_of_the_sign_in_is_told_to_nobody(void **state UNUSED)
{
	static const char *const ways[] = { "PLAIN", "-PLAIN", "LOGIN", "-LOGIN" };
	AUTO(buf_done) struct buf plain = BUF_INIT(1024);
	AUTO(buf_done) struct buf login = BUF_INIT(1024);
	static const char both[] = "\0" USER "\0" SECRET;
	enc_base64url(&plain, both, sizeof(both) - 1);
	enc_base64url(&login, SECRET, strlen(SECRET));
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct peer p = { .script = repeat,
				  .arg = ways[i],
				  .cert_pem = served_cert_pem,
				  .key_pem = served_key_pem };
		AUTO(buf_done) struct buf told = BUF_INIT(65536);
		struct err e = { 0 };
		bool refused;
		peer_start(&p);
		struct smtp_server s = { .host = "127.0.0.1",
					 .port = p.port,
					 .security = SMTP_TLS,
					 .auth = SMTP_AUTH_PASSWORD,
					 .user = USER,
					 .secret = SECRET,
					 .ca_file = served_ca_file,
					 .timeout_s = 60 };
		struct smtp_mail m = { "a@example.org", "b@example.org", STR_LIT("\r\n") };
		assert_false(smtp_send(&s, &m, hear, &told, &refused, &e));
		peer_stop(&p);
		assert_int_equal(e.code, ERR_DENIED);
		assert_non_null(strstr(e.msg, "did not accept the sign-in"));
		assert_non_null(strstr(told.p, "535-5.7.8")); /* the rest of the answer is told */
		const char *texts[] = { e.msg, told.p };
		for (size_t t = 0; t < ARRAY_LEN(texts); t++)
			if (strstr(texts[t], SECRET) || has_part(texts[t], plain.p) ||
			    has_part(texts[t], login.p))
				fail_msg("%s: %s", ways[i], texts[t]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A38_an_echo_of_the_sign_in_is_told_to_nobody),
	};
	return cmocka_run_group_tests(tests, served_setup, served_teardown);
}
