/* SPDX-License-Identifier: Apache-2.0
 * SMTP through libcurl: options, the redacted transcript, and failures in words people can act on.
 * Invariants: no option is read from the environment; no line of the transcript carries what was
 * said to sign in; a socket is only made to an address a mail server may have. */
#include "net/smtp.h"

#include "net/client_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define SAID_MAX 300
#define SECRET_MIN 6 /* a shorter one is part of many words; what signs in is left out anyway */
#define CREDENTIALS_MAX (16u << 10)
#define CONNECT_TIMEOUT_S 15
#define ANSWER_TIMEOUT_S 30

struct sending {
	const struct smtp_server *s;
	struct str rest; /* of the message */
	smtp_line line;
	void *arg;
	bool signing_in, message_said, leaving;
	bool refused_place;
	struct buf credentials; /* what was said to sign in, a word a line */
	char command[8];	/* the last one sent, and what was answered to it; QUIT is none */
	char answer[SAID_MAX + 1];
	char place[INET6_ADDRSTRLEN];
};

static void sending_done(struct sending *x)
{
	buf_done(&x->credentials);
}
AUTO_DEFINE_VALUE(struct sending, sending_done)

static void global_init(void)
{
	ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void easy_free(CURL *h)
{
	curl_easy_cleanup(h);
}
AUTO_DEFINE(CURL, easy_free)
static void recipients_free(struct curl_slist *l)
{
	curl_slist_free_all(l);
}
AUTO_DEFINE(struct curl_slist, recipients_free)

/* --- where it goes -----------------------------------------------------------------------------
 */

static bool parse_place(const char *host, uint16_t port, struct url *out, struct err *e)
{
	bool v6 = strchr(host, ':') != NULL;
	AUTO(xfree)
	char *text = xasprintf("https://%s%s%s:%u/", v6 ? "[" : "", host, v6 ? "]" : "", port);
	struct err why;
	if (!host[0] || strpbrk(host, "/?#@[] ") || port == 0 ||
	    !url_parse(str_of(text), out, &why))
		return err_set(e, ERR_INVALID,
			       "'%.100s' is no name or address of a mail server; give one such as "
			       "'mail.example.org'",
			       host);
	return true;
}

bool smtp_host_ok(const char *host, uint16_t port, struct err *e)
{
	struct url u;
	return parse_place(host, port, &u, e);
}

static bool v4_ok(uint32_t a)
{
	return a >> 24 != 0 && a >> 16 != 0xa9fe && a >> 28 < 0xe;
}

static bool v6_ok(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a)) {
		uint32_t v4;
		memcpy(&v4, a->s6_addr + 12, 4);
		return IN6_IS_ADDR_LOOPBACK(a) || v4_ok(ntohl(v4));
	}
	return !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LINKLOCAL(a) &&
	       !IN6_IS_ADDR_MULTICAST(a);
}

static curl_socket_t make_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *to)
{
	struct sending *x = arg;
	bool good = false;
	if (to->family == AF_INET) {
		const struct sockaddr_in *in = (const void *)&to->addr;
		good = v4_ok(ntohl(in->sin_addr.s_addr));
		inet_ntop(AF_INET, &in->sin_addr, x->place, sizeof(x->place));
	} else if (to->family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)&to->addr;
		good = v6_ok(&in->sin6_addr);
		inet_ntop(AF_INET6, &in->sin6_addr, x->place, sizeof(x->place));
	}
	x->refused_place = !good;
	return good ? socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol)
		    : CURL_SOCKET_BAD;
}

/* --- what is said ------------------------------------------------------------------------------
 */

static void tell(struct sending *x, enum smtp_speaker who, struct str s)
{
	char line[SAID_MAX];
	size_t n = 0;
	s = str_trim(s);
	for (; n < s.n && n < sizeof(line); n++)
		line[n] = s.p[n] >= ' ' && s.p[n] <= '~' ? s.p[n] : '?';
	x->line(x->arg, who, (struct str) { line, n });
}

static bool is_base64(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

static bool holds(struct str s, struct str part)
{
	return part.n >= SECRET_MIN && memmem(s.p, s.n, part.p, part.n);
}

/* What signs in has no place in a transcript, whoever says it: the secret, or what was said with
 * it, also when a server repeats only a part of that. */
static bool leaks(const struct sending *x, struct str s)
{
	struct str secret = str_of(x->s->secret ? x->s->secret : ""), one,
		   rest = buf_str(&x->credentials);
	if (holds(s, secret))
		return true;
	while (str_line(&rest, &one))
		if (holds(s, one))
			return true;
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		while (i < s.n && is_base64(s.p[i]))
			i++;
		struct str word = { s.p + from, i - from };
		if (holds(buf_str(&x->credentials), word) || holds(secret, word))
			return true;
		i += i == from;
	}
	return false;
}

static void keep_credential(struct sending *x, struct str s)
{
	buf_addstr(&x->credentials, str_trim(s));
	buf_addc(&x->credentials, '\n');
}

static void sent(struct sending *x, struct str s)
{
	if (str_starts(s, "AUTH ")) {
		struct str rest = s, verb, way;
		bool named = str_split(&rest, ' ', &verb) && str_split(&rest, ' ', &way);
		char line[64];
		way = named ? str_trim(way) : STR_LIT("");
		snprintf(line, sizeof(line), "AUTH %.*s ***", (int)MIN(way.n, 20), way.p);
		x->signing_in = true;
		keep_credential(x, named ? rest : s);
		snprintf(x->command, sizeof(x->command), "AUTH");
		tell(x, SMTP_CLIENT, str_of(line));
	} else if (x->signing_in || leaks(x, s)) {
		if (x->signing_in)
			keep_credential(x, s);
		tell(x, SMTP_CLIENT, STR_LIT("***"));
	} else if (str_starts(s, "QUIT")) {
		x->leaving = true;
		tell(x, SMTP_CLIENT, s);
	} else {
		snprintf(x->command, sizeof(x->command), "%.*s", (int)MIN(s.n, 4), s.p);
		tell(x, SMTP_CLIENT, s);
	}
}

static void said(struct sending *x, struct str s)
{
	if (!str_starts(s, "334"))
		x->signing_in = false;
	if (leaks(x, s))
		s = STR_LIT("***");
	if (!x->leaving)
		snprintf(x->answer, sizeof(x->answer), "%.*s", (int)MIN(s.n, SAID_MAX), s.p);
	for (char *p = x->answer; *p; p++)
		*p = *p >= ' ' && *p <= '~' ? *p : '?';
	tell(x, SMTP_SERVER, s);
}

static void noted(struct sending *x, struct str s)
{
	static const char *const kept[] = { "Trying ", "Connected to ", "SSL connection using ",
					    NULL };
	s = str_trim(s);
	for (size_t i = 0; kept[i]; i++)
		if (str_starts(s, kept[i]))
			tell(x, SMTP_NOTE, s);
}

static int on_debug(CURL *h UNUSED, curl_infotype type, char *p, size_t n, void *arg)
{
	struct sending *x = arg;
	struct str rest = { p, n }, line;
	if (type == CURLINFO_DATA_OUT && !x->message_said) {
		x->message_said = true;
		snprintf(x->command, sizeof(x->command), "body");
		tell(x, SMTP_NOTE, STR_LIT("(the message)"));
	}
	while (str_line(&rest, &line)) {
		if (line.n == 0)
			continue;
		if (type == CURLINFO_HEADER_OUT)
			sent(x, line);
		else if (type == CURLINFO_HEADER_IN)
			said(x, line);
		else if (type == CURLINFO_TEXT)
			noted(x, line);
	}
	return 0;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct sending *x = arg;
	size_t k = MIN(size * n, x->rest.n);
	memcpy(p, x->rest.p, k);
	x->rest.p += k;
	x->rest.n -= k;
	return k;
}

static size_t drop_bytes(char *p UNUSED, size_t size, size_t n, void *arg UNUSED)
{
	return size * n;
}

/* --- the transfer ------------------------------------------------------------------------------
 */

static void set_options(CURL *h, struct sending *x, const struct url *to)
{
	const struct smtp_server *s = x->s;
	bool v6 = strchr(to->host, ':') != NULL;
	AUTO(xfree)
	char *url = xasprintf("%s://%s%s%s:%u", s->security == SMTP_TLS ? "smtps" : "smtp",
			      v6 ? "[" : "", to->host, v6 ? "]" : "", to->port);
	client_connect_options(h, NULL, CONNECT_TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_USE_SSL,
			 (long)(s->security == SMTP_PLAIN ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (s->ca_file) {
		curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)s->timeout_s);
	curl_easy_setopt(h, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, make_socket);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(h, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(h, CURLOPT_DEBUGDATA, x);
	curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(h, CURLOPT_READDATA, x);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, drop_bytes);
	if (s->auth == SMTP_AUTH_NONE)
		return;
	curl_easy_setopt(h, CURLOPT_USERNAME, s->user);
	if (s->auth == SMTP_AUTH_XOAUTH2) {
		curl_easy_setopt(h, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
		curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, s->secret);
	} else {
		curl_easy_setopt(h, CURLOPT_PASSWORD, s->secret);
	}
}

/* What is not libcurl's cause but SMTP's. */
static bool failure(CURL *h, CURLcode rc, const char *detail, struct sending *x,
		    const struct url *to, struct err *e)
{
	long status = 0;
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	const struct client_target target = { .url = to,
					      .timeout_s = x->s->timeout_s,
					      .connect_timeout_s = CONNECT_TIMEOUT_S };
	if (x->refused_place)
		return err_set(e, ERR_DENIED,
			       "'%.100s' has the address '%s', which no mail server has; check the "
			       "name and this machine's DNS",
			       to->host, x->place);
	if (rc == CURLE_USE_SSL_FAILED)
		return err_set(
			e, ERR_UNTRUSTED,
			"'%.100s' does not offer STARTTLS on port %u; choose TLS (port 465), "
			"or a port that offers it",
			to->host, to->port);
	if (rc == CURLE_LOGIN_DENIED || strcmp(x->command, "AUTH") == 0)
		return err_set(e, ERR_DENIED,
			       "'%.100s' did not accept the sign-in of '%.60s': %.60s; check user, "
			       "password and way of signing in",
			       to->host, x->s->user ? x->s->user : "", x->answer);
	if (status >= 400 && rc != CURLE_OPERATION_TIMEDOUT)
		return err_set(e, status >= 500 ? ERR_DENIED : ERR_UNAVAILABLE,
			       "'%.100s' refused after %s: %.100s; see its log", to->host,
			       strcmp(x->command, "body") == 0 ? "the message"
			       : x->command[0]		       ? x->command
							       : "connecting",
			       x->answer);
	double connected = 0;
	curl_easy_getinfo(h, CURLINFO_CONNECT_TIME, &connected);
	if (rc == CURLE_OPERATION_TIMEDOUT && connected > 0)
		return err_set(e, ERR_TIMEOUT,
			       "'%.100s' took the connection on port %u and then %s; check port "
			       "and protection (TLS and STARTTLS have ports of their own)",
			       to->host, to->port,
			       x->answer[0] ? "stopped answering" : "said nothing");
	if (rc == CURLE_WEIRD_SERVER_REPLY)
		return err_set(e, ERR_CORRUPT,
			       "'%.100s' does not speak SMTP on port %u; check port and protection",
			       to->host, to->port);
	return client_error(h, rc, detail, &target, e);
}

bool smtp_send(const struct smtp_server *s, const struct smtp_mail *m, smtp_line line, void *arg,
	       bool *refused_out, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char detail[CURL_ERROR_SIZE] = "";
	struct url to;
	AUTO(sending_done)
	struct sending x = { .s = s,
			     .rest = m->message,
			     .line = line,
			     .arg = arg,
			     .credentials = BUF_INIT(CREDENTIALS_MAX) };
	*refused_out = false;
	if (!parse_place(s->host, s->port, &to, e))
		return false;
	if (s->auth != SMTP_AUTH_NONE && s->security == SMTP_PLAIN)
		return err_set(e, ERR_INVALID,
			       "signing in at '%.100s' without TLS would show the password to the "
			       "network; choose STARTTLS or TLS",
			       s->host);
	to.tls = s->security != SMTP_PLAIN;
	pthread_once(&once, global_init);
	AUTO(easy_free) CURL *h = curl_easy_init();
	AUTO(recipients_free) struct curl_slist *rcpt = curl_slist_append(NULL, m->to);
	ASSERT(h && rcpt);
	set_options(h, &x, &to);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(h, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(h, CURLOPT_MAIL_RCPT, rcpt);
	CURLcode rc = curl_easy_perform(h);
	if (rc == CURLE_OK)
		return true;
	*refused_out = x.answer[0] == '5' &&
		       (strcmp(x.command, "RCPT") == 0 || strcmp(x.command, "body") == 0);
	return failure(h, rc, detail, &x, &to, e);
}
