/* SPDX-License-Identifier: Apache-2.0
 * What apt and dpkg print, read for the state machine: simulated transactions and causes of
 * failure. Both programs run with LC_ALL=C.UTF-8, so their words are the untranslated ones. */
#include "agent/backends/apt.h"
#include "base/vec.h"

/* Cuts the next word; blanks separate. */
static struct str word(struct str *rest)
{
	*rest = str_trim(*rest);
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ' ')
		n++;
	struct str w = { rest->p, n };
	rest->p += n;
	rest->n -= n;
	return w;
}

/* "[text]" or "(text)" at the start of `rest`. */
static bool bracketed(struct str *rest, char open, char close, struct str *out)
{
	*rest = str_trim(*rest);
	if (!rest->n || rest->p[0] != open)
		return false;
	ptrdiff_t end = str_find(*rest, close);
	if (end < 0)
		return false;
	*out = (struct str) { rest->p + 1, (size_t)end - 1 };
	rest->p += end + 1;
	rest->n -= (size_t)end + 1;
	return true;
}

/* Inst libssl3 [3.0.16-1~deb12u1] (3.0.17-1~deb12u3 Debian-Security:12/oldstable-security [amd64])
 * [a ] The name carries ":arch" when that is not the native one; the architecture always stands at
 * the end of the round brackets. */
static bool read_inst(struct str rest, struct backend_step *s)
{
	struct str inner, broken;
	struct str name = word(&rest);
	ptrdiff_t colon = str_find(name, ':');
	s->name = colon < 0 ? name : (struct str) { name.p, (size_t)colon };
	if (!s->name.n)
		return false;
	if (!bracketed(&rest, '[', ']', &s->from))
		s->from = (struct str) { "", 0 };
	if (!bracketed(&rest, '(', ')', &inner))
		return false;
	s->to = word(&inner);
	inner = str_trim(inner);
	if (!s->to.n || !inner.n || inner.p[inner.n - 1] != ']')
		return false;
	size_t at = inner.n - 1;
	while (at && inner.p[at - 1] != '[')
		at--;
	if (at == 0 || at == inner.n - 1)
		return false;
	s->arch = (struct str) { inner.p + at, inner.n - 1 - at };
	s->action = !s->from.n					   ? "install"
		    : pkgdb_compare(PKGDB_DEB, s->from, s->to) > 0 ? "downgrade"
								   : "upgrade";
	/* What is broken in between; apt fixes it later in the same run: "[a ] [a on b] [c on d e
	 * ]". */
	while (bracketed(&rest, '[', ']', &broken))
		;
	return str_trim(rest).n == 0;
}

/* Remv libfoo [1.2-3] [why ]   or   Purg libfoo [1.2-3] */
static bool read_remv(struct str rest, struct backend_step *s)
{
	struct str name = word(&rest);
	ptrdiff_t colon = str_find(name, ':');
	s->name = colon < 0 ? name : (struct str) { name.p, (size_t)colon };
	s->arch = colon < 0 ? (struct str) { "", 0 }
			    : (struct str) { name.p + colon + 1, name.n - (size_t)colon - 1 };
	s->to = (struct str) { "", 0 };
	s->action = "remove";
	return s->name.n && bracketed(&rest, '[', ']', &s->from);
}

bool apt_parse_simulation(struct str output, struct arena *a, struct backend_transaction *out,
			  struct err *e)
{
	struct backend_steps v = { 0 };
	struct str rest = output, line;
	bool ok = true;
	while (ok && str_line(&rest, &line)) {
		struct backend_step s = { 0 };
		if (str_starts(line, "Inst "))
			ok = read_inst((struct str) { line.p + 5, line.n - 5 }, &s);
		else if (str_starts(line, "Remv ") || str_starts(line, "Purg "))
			ok = read_remv((struct str) { line.p + 5, line.n - 5 }, &s);
		else
			continue;
		if (!ok)
			err_set(e, ERR_CORRUPT, "apt's line '%.*s' is not understood",
				(int)MIN(line.n, 150), line.p);
		else
			ok = backend_add_step(&v, a, &s, e);
	}
	if (ok)
		backend_take_steps(&v, a, out);
	VEC_DONE(&v);
	return ok;
}

/* First match wins: the more telling cause stands higher. */
static const struct {
	const char *text, *reason;
} causes[] = {
	{ "No space left on device", "disk_full" },
	{ "enough free space in", "disk_full" },
	{ "Could not get lock", "lock_held" },
	{ "Unable to acquire the dpkg frontend lock", "lock_held" },
	{ "Unable to lock the administration directory", "lock_held" },
	{ "lock was locked by another process", "lock_held" },
	{ "frontend is locked by another process", "lock_held" },
	{ "database is locked by another process", "lock_held" },
	{ "status database area is locked", "lock_held" },
	{ "is locked by another process: Resource temporarily", "lock_held" }, /* debconf's */
	{ "dpkg was interrupted", "dpkg_interrupted" },
	{ "Sub-process /usr/bin/dpkg exited unexpectedly", "dpkg_interrupted" },
	{ "Sub-process /usr/bin/dpkg received", "dpkg_interrupted" }, /* a signal */
	{ "needs to be reinstalled", "dpkg_interrupted" },
	{ "Hash Sum mismatch", "digest" },
	{ "File has unexpected size", "digest" },
	{ "Hashes of expected file", "digest" },
	{ "Release file for", "expired" }, /* "... is expired", "... is not valid yet" */
	{ "is not signed", "signature" },
	{ "GPG error", "signature" },
	{ "NO_PUBKEY", "signature" },
	{ "BADSIG", "signature" },
	{ "couldn't be verified", "signature" },
	{ "cannot be authenticated", "signature" },
	{ "There were unauthenticated packages", "signature" },
	{ "Held packages were changed", "held" },
	{ "Packages were downgraded", "policy" },
	{ "unmet dependencies", "dependency" },
	{ "Unmet dependencies", "dependency" },
	{ "held broken packages", "dependency" },
	{ "Packages need to be removed", "dependency" },
	{ "pkgProblemResolver", "dependency" },
	{ "was not found", "dependency" }, /* Version 'x' for 'y' was not found */
	{ "Unable to locate package", "dependency" },
	{ "dependency problems", "dependency" },
	{ "File not found", "digest" },
	{ "Failed to fetch", "digest" },
};
/* A maintainer script's failure also ends in "dependency problems" of its dependants, and its own
 * words may be anything: it is looked for first, in dpkg's own line. */
static const char *const script_lines[] = {
	"maintainer script",  "post-installation script", "pre-installation script",
	"pre-removal script", "post-removal script",	  "triggers script",
	"script subprocess", /* dpkg 1.21: installed x package post-installation script subprocess
			      */
};

static bool is_complaint(struct str line)
{
	return str_starts(line, "E: ") || str_starts(line, "dpkg: ") || str_starts(line, "W: ") ||
	       str_starts(line, "debconf: ") || str_starts(line, "Err:") || line.p[0] == ' ' ||
	       backend_contains(line, "No space left");
}

static bool find_line(struct str output, const char *text, struct str *line_out)
{
	struct str rest = output, line;
	while (str_line(&rest, &line)) {
		bool told = line.n && (is_complaint(line) || backend_contains(line, "unmet dep"));
		if (told && backend_contains(line, text)) {
			*line_out = str_trim(line);
			return true;
		}
	}
	return false;
}

static bool script_failed(struct str output, struct str *line_out)
{
	struct str rest = output, line;
	while (str_line(&rest, &line)) {
		if (!backend_contains(line, "returned error exit status") &&
		    !backend_contains(line, "was killed by signal"))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(script_lines); i++) {
			if (backend_contains(line, script_lines[i])) {
				*line_out = str_trim(line);
				return true;
			}
		}
	}
	return false;
}

/* The last "E:" or "dpkg: error" line, for what has no name. */
static void last_complaint(struct str output, struct str *line_out)
{
	struct str rest = output, line;
	while (str_line(&rest, &line)) {
		if (str_starts(line, "E: ") || str_starts(line, "dpkg: error"))
			*line_out = str_trim(line);
	}
}

const char *apt_classify(struct str output, int exit_status, bool timed_out, struct str *line_out)
{
	*line_out = (struct str) { "", 0 };
	if (timed_out)
		return "timeout";
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		/* Disk, locks and interruptions come before scripts: those fail because of them. */
		if (strcmp(causes[i].reason, "digest") == 0 && script_failed(output, line_out))
			return "maintainer_script";
		if (find_line(output, causes[i].text, line_out))
			return causes[i].reason;
	}
	last_complaint(output, line_out);
	if (exit_status > 128)
		return "dpkg_interrupted";
	return backend_contains(output, "Sub-process /usr/bin/dpkg returned an error code") ||
			       backend_contains(output, "Sub-process dpkg returned an error code")
		       ? "maintainer_script"
		       : "internal";
}
