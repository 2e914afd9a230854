/* SPDX-License-Identifier: Apache-2.0
 * Admission of orders. Invariant: no byte of an order is looked at before its signature is good. */
#include "agent/root/gate.h"
#include "base/file.h"

#include <errno.h>
#include <sys/stat.h>

static bool refuse(const char **reason_out, const char *reason)
{
	*reason_out = reason;
	return false;
}

bool gate_open(const struct agent_paths *p, struct str envelope, struct arena *a, struct order *out,
	       const char **reason_out, struct err *e)
{
	struct agent_identity id;
	*reason_out = "internal";
	if (!agent_identity_load(p, a, &id, e))
		return false;
	if (!order_open(envelope, id.deploy_key, a, out, e))
		return refuse(reason_out, "signature");
	if (!str_is(out->org, id.org)) {
		err_set(e, ERR_UNTRUSTED, "the order is for another installation");
		return refuse(reason_out, "policy");
	}
	if (!str_is(out->agent, id.agent_id)) {
		err_set(e, ERR_UNTRUSTED, "the order is for another agent");
		return refuse(reason_out, "policy");
	}
	/* A higher epoch is the server's after a restore; its signature is the pinned key's. Once
	 * an order of it was executed, gate_admit() takes none of a lower one. */
	if (out->epoch < (uint64_t)id.epoch) {
		err_set(e, ERR_UNTRUSTED, "the order is of epoch %llu, this agent of %lld",
			(unsigned long long)out->epoch, (long long)id.epoch);
		return refuse(reason_out, "replayed");
	}
	return true;
}

/* VERSION_CODENAME of the system, "" when it has none (then every suite is as good). */
static bool codename(const char *sysroot, struct buf *out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/etc/os-release", sysroot);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	if (!file_read(path, &b, e))
		return false;
	struct str rest = buf_str(&b), line;
	while (str_line(&rest, &line)) {
		if (!str_starts(line, "VERSION_CODENAME="))
			continue;
		struct str v = { line.p + 17, line.n - 17 };
		if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\''))
			v = (struct str) { v.p + 1, v.n - 2 };
		buf_addstr(out, v);
	}
	return true;
}

/* "bookworm", "bookworm-security", "buster/updates" belong to bookworm and buster (A07). */
static bool suite_ok(struct str suite, struct str name)
{
	if (suite.n < name.n || memcmp(suite.p, name.p, name.n) != 0)
		return false;
	return suite.n == name.n || suite.p[name.n] == '-' || suite.p[name.n] == '/';
}

/* A keyring must be one that an administrator or the distribution put there: in apt's directories,
 * root's, and writable by nobody else. Otherwise a server could name a file it had us download. */
static bool keyring_ok(struct str path, struct err *e)
{
	static const char *const dirs[] = { "/usr/share/keyrings/", "/etc/apt/keyrings/",
					    "/etc/apt/trusted.gpg.d/" };
	size_t i = 0;
	while (i < ARRAY_LEN(dirs) && !str_starts(path, dirs[i]))
		i++;
	if (i == ARRAY_LEN(dirs) || memchr(path.p + strlen(dirs[i]), '/', path.n - strlen(dirs[i])))
		return err_set(e, ERR_DENIED, "keyring '%.*s' is not in a directory of apt's",
			       STR_ARG(path));
	AUTO(xfree) char *file = str_dup(path);
	struct stat st;
	if (stat(file, &st) != 0)
		return err_sys(e, errno, "keyring '%s'", file);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return err_set(e, ERR_DENIED, "keyring '%s' is not root's alone to change", file);
	return true;
}

static bool policy_ok(const struct agent_paths *p, const struct order *o, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_policy policy;
	if (!agent_policy_load(p, &a, &policy, e))
		return false;
	if (!policy.install)
		return err_set(e, ERR_DENIED, "this machine's policy.conf forbids installing");
	AUTO(buf_done) struct buf release = BUF_INIT(200);
	if (!codename(p->sysroot, &release, e))
		return false;
	for (uint32_t i = 0; i < o->n_archives; i++) {
		const struct order_archive *ar = &o->archives[i];
		if (!policy.any_suite && release.n && !suite_ok(ar->suite, buf_str(&release)))
			return err_set(e, ERR_DENIED, "suite '%.*s' is not of this system's %s",
				       STR_ARG(ar->suite), release.p);
		if (!keyring_ok(ar->keyring, e))
			return false;
	}
	return true;
}

bool gate_admit(const struct agent_paths *p, const struct order *o, uint64_t last_epoch,
		uint64_t last_seq, int64_t now_ms, const char **reason_out, struct err *e)
{
	if (o->epoch < last_epoch || (o->epoch == last_epoch && o->seq <= last_seq)) {
		err_set(e, ERR_UNTRUSTED, "sequence %llu was executed already (last: %llu)",
			(unsigned long long)o->seq, (unsigned long long)last_seq);
		return refuse(reason_out, "replayed");
	}
	if (now_ms > o->not_after_ms || now_ms < o->not_before_ms - GATE_EARLY_MS) {
		err_set(e, ERR_UNTRUSTED, "the order is %s; check this machine's clock",
			now_ms > o->not_after_ms ? "no longer valid" : "not valid yet");
		return refuse(reason_out, "expired");
	}
	if (!policy_ok(p, o, e))
		return refuse(reason_out, "policy");
	return true;
}
