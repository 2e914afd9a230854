/* SPDX-License-Identifier: Apache-2.0
 * Asking dpkg, apt, rpm, the packages that come, the disk and /proc what a plan means here.
 * Everything asked for is only read. */
#include "agent/root/details.h"
#include "agent/backends/details.h"
#include "agent/reboot.h"
#include "agent/root/config_files.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <sys/utsname.h>

#define BATCH 64    /* packages asked about at once */
#define RPM_BATCH 8 /* ... of rpm, which tells all files: a kernel has thousands */
#define ASK_TIMEOUT_S 300
#define SPARE_BYTES (64ll << 20) /* left free, as mirror.c does */

struct asking {
	struct run *r;
	struct details d;
	const char **debs; /* a step each: its package file; NULL = none, or not read */
	json_t *config;	   /* NULL = not known */
	struct arena a;
};

static void asking_done(struct asking *k)
{
	json_free(k->config);
	details_done(&k->d);
	arena_done(&k->a);
}
AUTO_DEFINE_VALUE(struct asking, asking_done)

/* Output in r->output. A status other than 0 may come with an answer: of what it knew. */
static bool ask(struct asking *k, const char *const *argv, int64_t good_to, struct err *e)
{
	struct exec_result res;
	if (!run_quietly(k->r, argv, ASK_TIMEOUT_S, &res, e))
		return false;
	if (exec_was_cut(buf_str(&k->r->output)))
		return err_set(e, ERR_LIMIT, "'%s' prints too much", argv[0]);
	if (!res.timed_out && res.exit_status <= good_to)
		return true;
	return err_set(e, ERR_UNAVAILABLE, "'%s' ended with %d", argv[0], res.exit_status);
}

/* `head`, then a word for each step that `word` has one of; so many at once, each lot's output to
 * `take`. */
struct lots {
	const char *const *head;
	int64_t good_to;
	size_t at_once;
	const char *(*word)(struct asking *k, const struct backend_step *s);
	bool (*take)(struct asking *k, struct str text, struct err *e);
};

static bool ask_in_lots(struct asking *k, const struct lots *l, struct err *e)
{
	size_t n_head = 0, at = 0;
	while (l->head[n_head])
		n_head++;
	const char **argv = arena_array(&k->a, const char *, n_head + l->at_once + 1);
	memcpy(argv, l->head, n_head * sizeof(*argv));
	while (at < k->d.t->n) {
		size_t n = n_head;
		for (; at < k->d.t->n && n < n_head + l->at_once; at++) {
			const char *word = l->word(k, &k->d.t->steps[at]);
			if (word)
				argv[n++] = word;
		}
		argv[n] = NULL;
		if (n > n_head &&
		    (!ask(k, argv, l->good_to, e) || !l->take(k, buf_str(&k->r->output), e)))
			return false;
	}
	return true;
}

static bool take_installed(struct asking *k, struct str text, struct err *e)
{
	details_installed(&k->d, text);
	return true;
}

/* --- dpkg ---------------------------------------------------------------------------------------
 */

static const char *coming_deb(struct asking *k, const struct backend_step *s)
{
	return s->to.n ? arena_printf(&k->a, "%.*s:%.*s=%.*s", STR_ARG(s->name), STR_ARG(s->arch),
				      STR_ARG(s->to))
		       : NULL;
}

/* Also what was removed once: its configuration may be there. */
static const char *there_deb(struct asking *k, const struct backend_step *s)
{
	return s->arch.n ? arena_printf(&k->a, "%.*s:%.*s", STR_ARG(s->name), STR_ARG(s->arch))
			 : arena_str(&k->a, s->name).p;
}

static bool take_available(struct asking *k, struct str text, struct err *e)
{
	return details_available(&k->d, text, e);
}

/* Which package file is whose, and which configuration files it brings. */
static void read_debs(struct asking *k, const struct order_archive *ar)
{
	for (uint32_t i = 0; i < ar->n_payload; i++) {
		struct err why = { 0 };
		size_t step;
		const char *path = arena_printf(&k->a, "%s/%.*s/%.*s", k->r->mirror,
						STR_ARG(ar->id), STR_ARG(ar->payload[i].path));
		if (!config_read_deb(&k->d, path, &step, &why))
			log_warn("order %s: '%s': %s", k->r->job.id, path, why.msg);
		else if (step != SIZE_MAX)
			k->debs[step] = path;
	}
}

/* What a package that cannot be read brings stays unknown. */
static void judge_debs(struct asking *k)
{
	size_t n;
	k->debs = arena_array(&k->a, const char *, k->d.t->n + 1);
	memset(k->debs, 0, k->d.t->n * sizeof(*k->debs));
	for (uint32_t i = 0; i < k->r->order.n_archives; i++)
		read_debs(k, &k->r->order.archives[i]);
	for (size_t i = 0; i < k->d.t->n; i++)
		k->d.unread |= k->d.t->steps[i].to.n && !k->debs[i];
	struct config_case *cases = config_look(&k->d, "", &n);
	for (size_t i = 0; i < k->d.t->n; i++) {
		struct err why = { 0 };
		if (k->debs[i] && config_asks(cases, n, i) &&
		    !config_compare_deb(&k->d, k->debs[i], cases, n, i, "", &why))
			log_warn("order %s: '%s': %s", k->r->job.id, k->debs[i], why.msg);
	}
	k->config = config_json(&k->d, cases, n);
}

/* dpkg's own lists: "name:arch.list" of what may stand beside another architecture's. */
static bool read_lists(struct asking *k, struct err *e)
{
	for (size_t i = 0; i < k->d.t->n; i++) {
		const struct backend_step *s = &k->d.t->steps[i];
		AUTO(buf_done) struct buf b = BUF_INIT(16u << 20);
		AUTO(xfree)
		char *with = xasprintf("/var/lib/dpkg/info/%.*s:%.*s.list", STR_ARG(s->name),
				       STR_ARG(s->arch));
		AUTO(xfree)
		char *plain = xasprintf("/var/lib/dpkg/info/%.*s.list", STR_ARG(s->name));
		if (s->from.n && !file_read(file_exists(with) ? with : plain, &b, e))
			return false;
		details_list(&k->d, i, buf_str(&b));
	}
	k->d.files_told = true;
	return true;
}

static bool ask_dpkg(struct asking *k, struct err *e)
{
	const char *conf = arena_printf(&k->a, "%s/apt.conf", k->r->mirror);
	const char *show[] = { "apt-cache", "-c", conf, "--no-all-versions", "show", "--", NULL };
	const char *query[] = { "dpkg-query", "-W", "-f", DETAILS_DPKG_FORMAT, "--", NULL };
	const struct lots coming = { show, 0, BACKEND_MAX_STEPS, coming_deb, take_available };
	const struct lots there = { query, 1, BATCH, there_deb, take_installed }; /* 1: new ones */
	if (!ask_in_lots(k, &coming, e) || !ask_in_lots(k, &there, e))
		return false;
	judge_debs(k);
	return read_lists(k, e);
}

/* --- rpm ----------------------------------------------------------------------------------------
 */

static const char *there_rpm(struct asking *k, const struct backend_step *s)
{
	ptrdiff_t colon = str_find(s->from, ':');
	struct str v = { s->from.p + colon + 1, s->from.n - (size_t)(colon + 1) };
	return s->from.n ? arena_printf(&k->a, "%.*s-%.*s.%.*s", STR_ARG(s->name), STR_ARG(v),
					STR_ARG(s->arch))
			 : NULL;
}

/* What comes stands in the package files themselves. */
static bool ask_payload(struct asking *k, const struct order_archive *ar, struct err *e)
{
	for (uint32_t at = 0; at < ar->n_payload; at += RPM_BATCH) {
		uint32_t n = MIN(ar->n_payload - at, (uint32_t)RPM_BATCH);
		const char *argv[RPM_BATCH + 8] = { "rpm",	  "-qp",  "--nosignature",
						    "--nodigest", "--qf", DETAILS_RPM_FORMAT,
						    "--" };
		int64_t bytes[RPM_BATCH];
		for (uint32_t i = 0; i < n; i++) {
			bytes[i] = ar->payload[at + i].size;
			argv[7 + i] = arena_printf(&k->a, "%s/%.*s/%.*s", k->r->mirror,
						   STR_ARG(ar->id),
						   STR_ARG(ar->payload[at + i].path));
		}
		argv[7 + n] = NULL;
		if (!ask(k, argv, 0, e))
			return false;
		details_coming(&k->d, buf_str(&k->r->output), bytes, n);
	}
	return true;
}

static bool ask_rpm(struct asking *k, struct err *e)
{
	const char *query[] = { "rpm", "-q", "--qf", DETAILS_RPM_FORMAT, "--", NULL };
	const struct lots there = { query, 0, RPM_BATCH, there_rpm, take_installed };
	size_t n;
	for (uint32_t i = 0; i < k->r->order.n_archives; i++)
		if (!ask_payload(k, &k->r->order.archives[i], e))
			return false;
	if (!ask_in_lots(k, &there, e))
		return false;
	k->d.files_told = true;
	const struct config_case *cases = config_look(&k->d, "", &n);
	k->config = config_json(&k->d, cases, n);
	return true;
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static bool owned(void *arg, struct str path)
{
	return details_owner(arg, path) != SIZE_MAX;
}

static void judge_kernel(struct asking *k, const struct utsname *u, struct kernels_verdict *out)
{
	const struct str none = STR_LIT("");
	struct pkgdb after;
	*out = (struct kernels_verdict) { false, "none", str_of(u->release), none, none, none };
	if (reboot_in_container())
		return;
	details_after(&k->d, &k->r->db, &k->a, &after);
	kernels_judge(&after, str_of(u->release), str_of(u->version), &k->a, out);
}

json_t *details_gather(struct run *r, const struct backend_transaction *t)
{
	AUTO(asking_done) struct asking k = { .r = r };
	struct restart_list users;
	struct kernels_verdict kernel;
	struct utsname u;
	struct err e = { 0 };
	if (!t->n)
		return NULL;
	details_begin(&k.d, r->db.kind, t);
	if (!(r->db.kind == PKGDB_DEB ? ask_dpkg(&k, &e) : ask_rpm(&k, &e)))
		log_warn("order %s: not all is known of its plan: %s", r->job.id, e.msg);
	bool scanned = k.d.files_told && restart_scan_users("/proc", owned, &k.d, &k.a, &users, &e);
	bool named = uname(&u) == 0;
	if (named)
		judge_kernel(&k, &u, &kernel);
	json_t *j = details_json(&k.d, scanned ? &users : NULL, named ? &kernel : NULL,
				 file_free_bytes("/usr"));
	if (k.config)
		json_object_set(j, "config_files", k.config);
	return j;
}

const char *details_space(const json_t *details, struct err *e)
{
	const json_t *disk = json_object_get(details, "disk"),
		     *left = json_object_get(details, "free");
	int64_t need = json_integer_value(disk) + SPARE_BYTES, have = json_integer_value(left);
	if (!disk || !left || json_integer_value(disk) <= 0 || have >= need)
		return NULL;
	err_set(e, ERR_FULL, "'/usr' has %lld MiB free, %lld are needed; make room",
		(long long)(have >> 20), (long long)(need >> 20));
	return "disk_full";
}
