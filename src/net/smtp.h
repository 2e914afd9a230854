/* SPDX-License-Identifier: Apache-2.0
 * Handing one mail to a mail server (RFC 5321), through libcurl. Blocks until the server has taken
 * it, refused it, or the time is over: for a process of its own, never for a server's thread.
 *
 * Where it may connect (the administrator names the server, so private addresses and this machine
 * are fine): never to link-local, multicast or unspecified addresses, and nothing but an SMTP
 * greeting makes it say anything. Credentials go over TLS only. */
#ifndef NET_SMTP_H
#define NET_SMTP_H
#include "base/buf.h"

enum smtp_security { SMTP_STARTTLS, SMTP_TLS, SMTP_PLAIN, SMTP_SECURITIES_ };
enum smtp_auth { SMTP_AUTH_NONE, SMTP_AUTH_PASSWORD, SMTP_AUTH_XOAUTH2, SMTP_AUTHS_ };
struct smtp_server {
	const char *host;
	uint16_t port;
	enum smtp_security security; /**< STARTTLS is required, not tried */
	enum smtp_auth auth;
	const char *user, *secret;
	const char *ca_file; /**< NULL = the system's authorities */
	int64_t timeout_s;   /**< for all of it */
};
struct smtp_mail {
	const char *from, *to; /**< envelope; mail_address_ok() */
	struct str message;    /**< CRLF lines */
};
enum smtp_speaker { SMTP_NOTE, SMTP_CLIENT, SMTP_SERVER };
/** One line of the conversation, printable ASCII, without credentials. */
typedef void (*smtp_line)(void *arg, enum smtp_speaker who, struct str line);

/** Whether `host` (a name or an address) and `port` make a server's address. ERR_INVALID. */
bool smtp_host_ok(const char *host, uint16_t port, struct err *e) MUST_CHECK;
/** True once the server has taken the mail. *refused_out (always set): it will never take this mail
 * for this recipient (a 5xx answer to the recipient or to the message). Else ERR_UNTRUSTED,
 * ERR_DENIED (sign-in), ERR_INVALID (settings) or a transient error. */
bool smtp_send(const struct smtp_server *s, const struct smtp_mail *m, smtp_line line, void *arg,
	       bool *refused_out, struct err *e) MUST_CHECK;
#endif
