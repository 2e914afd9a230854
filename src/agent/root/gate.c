/* SPDX-License-Identifier: Apache-2.0
 * Admission of orders. Invariant: no byte of an order is looked at before its signature is good. */
#include "agent/root/gate.h"
#include "agent/pkgdb.h"
#include "agent/platform.h"
#include "agent/root/had.h"
#include "agent/root/scripts.h"
#include "agent/root/services.h"
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

/* "bookworm", "bookworm-security", "buster/updates" belong to bookworm and buster (A07). */
static bool suite_ok(struct str suite, struct str name)
{
	if (suite.n < name.n || memcmp(suite.p, name.p, name.n) != 0)
		return false;
	return suite.n == name.n || suite.p[name.n] == '-' || suite.p[name.n] == '/';
}

/* "9" and "9.4" belong to a system whose VERSION_ID is 9.4. */
static bool release_ok(struct str suite, struct str version)
{
	if (suite.n > version.n || memcmp(suite.p, version.p, suite.n) != 0)
		return false;
	return suite.n == version.n || version.p[suite.n] == '.';
}

/* A keyring must be one that an administrator or the distribution put there: in a directory of
 * vendors' keys, root's, and writable by nobody else. Otherwise a server could name a file it had
 * us download. */
static bool keyring_ok(struct str path, struct err *e)
{
	static const char *const dirs[] = { "/usr/share/keyrings/", "/etc/apt/keyrings/",
					    "/etc/apt/trusted.gpg.d/", "/etc/pki/rpm-gpg/",
					    "/usr/lib/rpm/gnupg/keys/" };
	size_t i = 0;
	while (i < ARRAY_LEN(dirs) && !str_starts(path, dirs[i]))
		i++;
	if (i == ARRAY_LEN(dirs) || memchr(path.p + strlen(dirs[i]), '/', path.n - strlen(dirs[i])))
		return err_set(e, ERR_DENIED,
			       "keyring '%.*s' is not in a directory of vendors' keys",
			       STR_ARG(path));
	AUTO(xfree) char *file = str_dup(path);
	struct stat st;
	if (stat(file, &st) != 0)
		return err_sys(e, errno, "keyring '%s'", file);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return err_set(e, ERR_DENIED, "keyring '%s' is not root's alone to change", file);
	return true;
}

/* The order's packages must be of the kind this machine installs, its archives of this release. */
static bool fits(const struct agent_paths *p, const struct order *o, bool any_suite, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	enum platform_manager manager;
	bool rpm = o->kind == ORDER_RPM;
	struct str release;
	if (!platform_detect(p->sysroot, &manager, e))
		return false;
	if (rpm == (manager == PLATFORM_APT))
		return err_set(e, ERR_DENIED, "the order is for a machine with other packages");
	if (!platform_can_install(p->sysroot, manager, e))
		return false;
	if (!platform_os_value(p->sysroot, rpm ? "VERSION_ID" : "VERSION_CODENAME", &a, &release,
			       e))
		return false;
	for (uint32_t i = 0; i < o->n_archives && !any_suite && release.n; i++) {
		struct str suite = o->archives[i].suite;
		if (!(rpm ? release_ok(suite, release) : suite_ok(suite, release)))
			return err_set(e, ERR_DENIED, "suite '%.*s' is not of this system's %.*s",
				       STR_ARG(suite), STR_ARG(release));
	}
	return true;
}

static bool install_ok(const struct agent_paths *p, const struct order *o,
		       const struct agent_policy *policy, struct err *e)
{
	if (!policy->install)
		return err_set(e, ERR_DENIED, "this machine's policy.conf forbids installing");
	if (!fits(p, o, policy->any_suite, e))
		return false;
	for (uint32_t i = 0; i < o->n_archives; i++) {
		struct str keyring = o->archives[i].keyring;
		if ((keyring.n || o->kind == ORDER_DEB) && !keyring_ok(keyring, e))
			return false;
	}
	return true;
}

/* An order that goes back (A18): really back, and to where this machine's policy permits. By
 * default that is what the machine itself has had not long ago, so that whoever holds the server's
 * key gains no hole that was not open here then. */
static bool downgrade_ok(const struct agent_paths *p, const struct order *o,
			 const struct agent_policy *policy, int64_t now_ms, struct err *e)
{
	AUTO(xfree) char *root = file_join(p->state, "root");
	enum pkgdb_kind kind = o->kind == ORDER_RPM ? PKGDB_RPM : PKGDB_DEB;
	if (policy->downgrade == DOWNGRADE_NO)
		return err_set(e, ERR_DENIED, "this machine's policy.conf forbids older versions");
	for (uint32_t i = 0; i < o->n_packages; i++) {
		const struct order_package *w = &o->packages[i];
		int64_t had_ms;
		if (pkgdb_compare(kind, w->from, w->version) <= 0)
			return err_set(e, ERR_DENIED, "'%.*s' %.*s is not older than %.*s",
				       STR_ARG(w->name), STR_ARG(w->version), STR_ARG(w->from));
		if (policy->downgrade == DOWNGRADE_ANY)
			continue;
		if (!had_when(root, w->name, w->arch, w->version, &had_ms, e))
			return false;
		if (had_ms + policy->downgrade_days * 86400000 < now_ms)
			return err_set(
				e, ERR_DENIED,
				"this machine's record does not say that it had '%.*s' %.*s within %lld days; 'downgrade = any' in policy.conf permits it",
				STR_ARG(w->name), STR_ARG(w->version),
				(long long)policy->downgrade_days);
	}
	return true;
}

static bool policy_ok(const struct agent_paths *p, const struct order *o, int64_t now_ms,
		      const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_policy policy;
	*reason_out = "policy";
	if (!agent_policy_load(p, &a, &policy, e))
		return false;
	if (order_restarts(o))
		return services_permitted(o, &policy, reason_out, e);
	/* After an installation a forbidden reboot is left out and told; before it, and on demand,
	 * what was asked for cannot be had. */
	if (!policy.reboot && (order_reboots(o) || o->actions.reboot_before))
		return err_set(e, ERR_DENIED, "this machine's policy.conf forbids reboots");
	if (order_reboots(o))
		return true;
	if (!install_ok(p, o, &policy, e))
		return false;
	if (!scripts_permitted(&policy, o, e))
		return refuse(reason_out, "script_denied");
	return !order_goes_back(o) || downgrade_ok(p, o, &policy, now_ms, e) ||
	       refuse(reason_out, "downgrade_denied");
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
	return policy_ok(p, o, now_ms, reason_out, e);
}
