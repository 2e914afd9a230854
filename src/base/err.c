/* SPDX-License-Identifier: Apache-2.0
 * Errors: one table maps each code to HTTP status, exit status and retry-or-not, once. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int http;
	int exit;
	bool transient;
} codes[ERR_CODES_] = {
	[ERR_NONE] = { "none", 200, 0, false },
	[ERR_INVALID] = { "invalid", 400, 2, false },
	[ERR_UNAUTHENTICATED] = { "unauthenticated", 401, 3, false },
	[ERR_DENIED] = { "denied", 403, 3, false },
	[ERR_NOT_FOUND] = { "not_found", 404, 4, false },
	[ERR_CONFLICT] = { "conflict", 409, 5, false },
	[ERR_LIMIT] = { "limit", 413, 6, false },
	[ERR_UNTRUSTED] = { "untrusted", 422, 7, false },
	[ERR_CORRUPT] = { "corrupt", 422, 7, false },
	[ERR_UNAVAILABLE] = { "unavailable", 503, 8, true },
	[ERR_TIMEOUT] = { "timeout", 504, 8, true },
	[ERR_IO] = { "io", 500, 9, false },
	[ERR_FULL] = { "full", 507, 9, true },
	[ERR_INTERNAL] = { "internal", 500, 70, false },
};

static void err_vset(struct err *e, enum err_code code, int sys, const char *fmt, va_list ap)
{
	struct err new = { .code = code, .sys = sys };
	vsnprintf(new.msg, sizeof(new.msg), fmt, ap); /* the arguments may point into e->msg */
	*e = new;
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	if (!e)
		return false;
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, code, 0, fmt, ap);
	va_end(ap);
	return false;
}

bool err_sys(struct err *e, int errnum, const char *fmt, ...)
{
	if (!e)
		return false;
	enum err_code code = ERR_IO;
	if (errnum == ENOSPC || errnum == EDQUOT)
		code = ERR_FULL;
	else if (errnum == ENOENT)
		code = ERR_NOT_FOUND;
	else if (errnum == EACCES || errnum == EPERM)
		code = ERR_DENIED;
	else if (errnum == ETIMEDOUT)
		code = ERR_TIMEOUT;
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, code, errnum, fmt, ap);
	va_end(ap);
	size_t n = strlen(e->msg);
	char text[80];
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror_r(errnum, text, sizeof(text)));
	return false;
}

bool err_prefix(struct err *e, const char *fmt, ...)
{
	if (!e)
		return false;
	char new[sizeof(e->msg)];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(new, sizeof(new), fmt, ap);
	va_end(ap);
	size_t n = strlen(new);
	if (snprintf(new + n, sizeof(new) - n, ": %s", e->msg) < 0)
		new[n] = '\0';
	memcpy(e->msg, new, sizeof(new));
	return false;
}

char *err_subject(const struct err *e, char *out, size_t size)
{
	const char *p = e->msg;
	/* a quote within a word is an apostrophe */
	while ((p = strchr(p, '\'')) && p > e->msg && !strchr(" (:", p[-1]))
		p++;
	snprintf(out, size, "%.*s", p ? (int)strcspn(p + 1, "'") : 0, p ? p + 1 : "");
	return out;
}

void err_clear(struct err *e)
{
	if (e)
		*e = (struct err) { 0 };
}

const char *err_code_name(enum err_code code)
{
	return code < ERR_CODES_ ? codes[code].name : "internal";
}

int err_http_status(enum err_code code)
{
	return code < ERR_CODES_ ? codes[code].http : 500;
}

int err_exit_status(enum err_code code)
{
	return code < ERR_CODES_ ? codes[code].exit : 70;
}

bool err_is_transient(enum err_code code)
{
	return code < ERR_CODES_ && codes[code].transient;
}
