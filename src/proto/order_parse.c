/* SPDX-License-Identifier: Apache-2.0
 * The strict reader of orders, which the root half of an agent runs. Invariant: an order that comes
 * out of here holds only names, versions and paths made of the characters listed below, so none can
 * be an option, leave its directory, or add a line to a file; and no count is unbounded. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/intern.h"
#include "format/json.h"
#include "proto/order.h"
#include "proto/plan.h"
#include "proto/script.h"
#include "proto/units.h"

#define MAX_NUMBER ((INT64_C(1) << 53) - 1) /* what every JSON reader keeps exactly */
#define MAX_FILE_SIZE (INT64_C(1) << 40)

static bool lower(char c)
{
	return c >= 'a' && c <= 'z';
}
static bool digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool alnum(char c)
{
	return lower(c) || digit(c) || (c >= 'A' && c <= 'Z');
}

static bool all_of(struct str s, bool (*base)(char), const char *more)
{
	for (size_t i = 0; i < s.n; i++)
		if (!base(s.p[i]) && !(s.p[i] && strchr(more, s.p[i])))
			return false;
	return true;
}
static bool lower_or_digit(char c)
{
	return lower(c) || digit(c);
}

/* Installation, order, deployment and agent ids. */
static bool is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.n == 32;
}

/* Debian policy 5.6.1. */
static bool is_package_name(struct str s)
{
	return s.n >= 2 && lower_or_digit(s.p[0]) && all_of(s, lower_or_digit, "+-.");
}

/* Debian policy 5.6.8 and 11.1: "amd64", "all", "kfreebsd-amd64". */
static bool is_arch(struct str s)
{
	return s.n >= 1 && s.n <= 40 && lower_or_digit(s.p[0]) && all_of(s, lower_or_digit, "-");
}

/* Debian policy 5.6.12: [epoch:]upstream[-revision]; a colon in the upstream part only after an
 * epoch. Policy's "should start with a digit" is kept as "starts with a letter or digit", since
 * dpkg only warns. */
static bool is_version(struct str s)
{
	ptrdiff_t colon = str_find(s, ':');
	if (colon >= 0) {
		struct str epoch = { s.p, (size_t)colon };
		uint64_t number;
		if (!str_to_u64(epoch, &number) || number > INT32_MAX)
			return false;
		s = (struct str) { s.p + colon + 1, s.n - (size_t)colon - 1 };
	}
	if (!s.n || !alnum(s.p[0]) || !all_of(s, alnum, ".+-~:"))
		return false;
	const char *dash = memrchr(s.p, '-', s.n);
	struct str revision = { dash ? dash + 1 : "0", dash ? s.n - (size_t)(dash + 1 - s.p) : 1 };
	return revision.n && all_of(revision, alnum, ".+~");
}

/* What rpmbuild lets through of NAME. */
static bool is_rpm_name(struct str s)
{
	return s.n >= 1 && alnum(s.p[0]) && all_of(s, alnum, "+-._");
}

/* "x86_64", "noarch", "armv7hl". */
static bool is_rpm_arch(struct str s)
{
	return s.n >= 1 && s.n <= 40 && lower(s.p[0]) && all_of(s, lower_or_digit, "_");
}

/* [epoch:]version-release; neither holds a dash. No epoch 0, so that one version has one form. */
static bool is_evr(struct str s)
{
	ptrdiff_t colon = str_find(s, ':');
	if (colon >= 0) {
		uint64_t number;
		if (!str_to_u64((struct str) { s.p, (size_t)colon }, &number) ||
		    number > UINT32_MAX || s.p[0] == '0')
			return false;
		s = (struct str) { s.p + colon + 1, s.n - (size_t)colon - 1 };
	}
	ptrdiff_t dash = str_find(s, '-');
	if (dash <= 0)
		return false;
	struct str version = { s.p, (size_t)dash };
	struct str release = { s.p + dash + 1, s.n - (size_t)dash - 1 };
	return release.n && alnum(version.p[0]) && alnum(release.p[0]) &&
	       all_of(version, alnum, "._+~^") && all_of(release, alnum, "._+~^");
}

static bool segments_ok(struct str path)
{
	struct str segment;
	while (str_split(&path, '/', &segment))
		if (!segment.n || str_is(segment, ".") || str_is(segment, ".."))
			return false;
	return true;
}

static bool is_relative_path(struct str s)
{
	return s.n && all_of(s, alnum, "._+~^:%@=,/-") && segments_ok(s);
}

/* A suite's name, which is a path below dists/: "bookworm", "bookworm-security", "stable/updates".
 */
static bool is_suite(struct str s)
{
	return s.n && alnum(s.p[0]) && all_of(s, alnum, "._+~/-") && segments_ok(s);
}

/* Components with one space between. */
static bool is_components(struct str s)
{
	struct str word;
	while (str_split(&s, ' ', &word))
		if (!is_suite(word))
			return false;
	return true;
}

static bool is_keyring(struct str s)
{
	return s.n > 1 && s.p[0] == '/' && all_of(s, alnum, "._+~/-") &&
	       segments_ok((struct str) { s.p + 1, s.n - 1 });
}

static bool is_archive_id(struct str s)
{
	return s.n && lower_or_digit(s.p[0]) && all_of(s, lower_or_digit, ".-");
}

static bool is_action(struct str s)
{
	return str_is(s, ORDER_INSTALL) || str_is(s, ORDER_RESTART_SERVICES) ||
	       str_is(s, ORDER_UNINSTALL) || str_is(s, ORDER_REBOOT);
}

static bool is_plan(struct str s)
{
	struct sha256 hash;
	return str_is(s, PLAN_ASK) || (s.n == SHA256_HEX - 1 && enc_unhex(s, hash.b, SHA256_LEN));
}

static bool is_kind(struct str s)
{
	return str_is(s, "deb") || str_is(s, "rpm");
}

static bool is_empty_or_components(struct str s)
{
	return !s.n || is_components(s);
}

static bool is_empty_or_keyring(struct str s)
{
	return !s.n || is_keyring(s);
}

/* How the words of each kind are checked. */
struct form {
	bool (*name)(struct str), (*arch)(struct str), (*version)(struct str);
	bool (*components)(struct str), (*keyring)(struct str);
	size_t shortest; /* of components and keyring */
};
static const struct form forms[] = {
	[ORDER_DEB] = { is_package_name, is_arch, is_version, is_components, is_keyring, 1 },
	[ORDER_RPM] = { is_rpm_name, is_rpm_arch, is_evr, is_empty_or_components,
			is_empty_or_keyring, 0 },
};

bool order_package_ok(enum order_kind kind, const struct order_package *p)
{
	const struct form *f = &forms[kind];
	return p->name.n <= 200 && p->arch.n <= 40 && p->version.n <= 200 && f->name(p->name) &&
	       f->arch(p->arch) && f->version(p->version);
}

/* --- members ------------------------------------------------------------------------------------
 */

/* A string of `min` to `max` bytes that `ok` accepts, copied to the arena. */
static bool word(const json_t *obj, const char *key, size_t min, size_t max, bool (*ok)(struct str),
		 struct arena *a, struct str *out, struct err *e)
{
	const char *s;
	if (!json_need_str(obj, key, min, max, &s, e))
		return false;
	if (!ok(str_of(s)))
		return err_set(e, ERR_CORRUPT, "'%s' must not be '%.100s'", key, s);
	*out = arena_str(a, str_of(s));
	return true;
}

static bool text(const json_t *obj, const char *key, size_t max, bool (*ok)(struct str),
		 struct arena *a, struct str *out, struct err *e)
{
	return word(obj, key, 1, max, ok, a, out, e);
}

static bool number(const json_t *obj, const char *key, uint64_t *out, struct err *e)
{
	int64_t v;
	if (!json_need_int(obj, key, 1, MAX_NUMBER, &v, e))
		return false;
	*out = (uint64_t)v;
	return true;
}

static bool when(const json_t *obj, const char *key, int64_t *out, struct err *e)
{
	const char *s;
	if (!json_need_str(obj, key, 1, CLOCK_RFC3339_LEN, &s, e))
		return false;
	if (!clock_parse_rfc3339(str_of(s), out))
		return err_set(e, ERR_CORRUPT, "'%s' must be an RFC 3339 time", key);
	return true;
}

/* A list that must be there; its length in *n_out. */
static bool list(const json_t *obj, const char *key, size_t max, json_t **out, uint32_t *n_out,
		 struct err *e)
{
	json_t *v = NULL;
	if (!json_opt_array(obj, key, max, &v, e))
		return false;
	if (!v)
		return err_set(e, ERR_CORRUPT, "'%s' is missing", key);
	*out = v;
	*n_out = (uint32_t)json_array_size(v);
	return true;
}

/* `back`: each has a member `from`; else none has. */
static bool packages(const json_t *obj, const char *key, const struct form *form, bool back,
		     struct arena *a, struct order_package **out, uint32_t *n_out, struct err *e)
{
	static const char *const plain[] = { "name", "arch", "version", NULL };
	static const char *const both[] = { "name", "arch", "version", "from", NULL };
	const char *const *known = back ? both : plain;
	json_t *v;
	if (!list(obj, key, ORDER_MAX_PACKAGES, &v, n_out, e))
		return false;
	struct order_package *p = arena_array(a, struct order_package, *n_out);
	for (uint32_t i = 0; i < *n_out; i++) {
		const json_t *j = json_array_get(v, i);
		if (!json_only(j, known, e) ||
		    !text(j, "name", 200, form->name, a, &p[i].name, e) ||
		    !text(j, "arch", 40, form->arch, a, &p[i].arch, e) ||
		    !text(j, "version", 200, form->version, a, &p[i].version, e) ||
		    (back && !text(j, "from", 200, form->version, a, &p[i].from, e)))
			return err_prefix(e, "%s[%u]", key, i);
	}
	*out = p;
	return true;
}

static bool files(const json_t *obj, const char *key, struct arena *a, struct intern *paths,
		  struct order_file **out, uint32_t *n_out, struct err *e)
{
	static const char *const known[] = { "path", "sha256", "size", NULL };
	json_t *v;
	if (!list(obj, key, ORDER_MAX_PACKAGES, &v, n_out, e))
		return false;
	struct order_file *f = arena_array(a, struct order_file, *n_out);
	for (uint32_t i = 0; i < *n_out; i++) {
		const json_t *j = json_array_get(v, i);
		const char *hex;
		if (!json_only(j, known, e) ||
		    !text(j, "path", 500, is_relative_path, a, &f[i].path, e) ||
		    !json_need_str(j, "sha256", 64, 64, &hex, e) ||
		    !json_need_int(j, "size", 0, MAX_FILE_SIZE, &f[i].size, e))
			return err_prefix(e, "%s[%u]", key, i);
		if (!enc_unhex(str_of(hex), f[i].sha256.b, SHA256_LEN))
			return err_set(e, ERR_CORRUPT, "%s[%u]: 'sha256' must be 64 hex digits",
				       key, i);
		uint32_t before = intern_count(paths);
		if (intern_add(paths, f[i].path) != before)
			return err_set(e, ERR_CORRUPT, "%s[%u]: path '%s' is there twice", key, i,
				       f[i].path.p);
	}
	*out = f;
	return true;
}

static bool archive(const json_t *j, const struct form *form, struct arena *a,
		    struct order_archive *out, struct err *e)
{
	static const char *const known[] = { "id",    "suite",	 "components",	    "keyring",
					     "index", "payload", "module_hotfixes", NULL };
	AUTO(intern_free) struct intern *paths = intern_new();
	const json_t *hotfix = json_object_get(j, "module_hotfixes");
	out->hotfix = hotfix != NULL;
	if (hotfix && (!json_is_true(hotfix) || form != &forms[ORDER_RPM]))
		return err_set(e, ERR_CORRUPT, "'module_hotfixes' is of rpm, and true or absent");
	return json_only(j, known, e) && text(j, "id", 100, is_archive_id, a, &out->id, e) &&
	       text(j, "suite", 100, is_suite, a, &out->suite, e) &&
	       word(j, "components", form->shortest, 200, form->components, a, &out->components,
		    e) &&
	       word(j, "keyring", form->shortest, 300, form->keyring, a, &out->keyring, e) &&
	       files(j, "index", a, paths, &out->index, &out->n_index, e) &&
	       files(j, "payload", a, paths, &out->payload, &out->n_payload, e);
}

static bool archives(const json_t *obj, struct arena *a, struct order *o, struct err *e)
{
	json_t *v;
	if (!list(obj, "archives", ORDER_MAX_ARCHIVES, &v, &o->n_archives, e))
		return false;
	o->archives = arena_array(a, struct order_archive, o->n_archives);
	for (uint32_t i = 0; i < o->n_archives; i++) {
		if (!archive(json_array_get(v, i), &forms[o->kind], a, &o->archives[i], e))
			return err_prefix(e, "archives[%u]", i);
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(o->archives[k].id, o->archives[i].id))
				return err_set(e, ERR_CORRUPT, "archive '%s' is there twice",
					       o->archives[i].id.p);
	}
	return true;
}

/* A package has one version in an order: twice in a list, or in both lists with two versions, would
 * leave open which one is meant. */
static bool one_version_each(const struct order *o, struct err *e)
{
	AUTO(intern_free) struct intern *seen = intern_new();
	for (uint32_t i = 0; i < o->n_packages + o->n_extra; i++) {
		bool extra = i >= o->n_packages;
		const struct order_package *p = extra ? &o->extra[i - o->n_packages]
						      : &o->packages[i];
		char key[256];
		int n = snprintf(key, sizeof(key), "%s %s", p->name.p, p->arch.p);
		uint32_t before = intern_count(seen);
		uint32_t at = intern_add(seen, (struct str) { key, (size_t)n });
		if (at == before) {
			continue;
		}
		if (!extra || at >= o->n_packages || !str_eq(o->packages[at].version, p->version))
			return err_set(e, ERR_CORRUPT, "package '%s' is there twice", key);
	}
	return true;
}

/* Both may be left out. */
static bool window(const json_t *j, struct arena *a, struct order *o, struct err *e)
{
	const json_t *schedule = json_object_get(j, "window");
	if (json_object_get(j, "forced_after") && !when(j, "forced_after", &o->forced_ms, e))
		return false;
	if (!schedule)
		return true;
	struct window_schedule *s = arena_alloc(a, sizeof(*s));
	o->window = s;
	return window_read(schedule, s, e) || err_prefix(e, "window");
}

static bool notification(const json_t *j, struct arena *a, struct order *o, struct err *e)
{
	const json_t *n = json_object_get(j, "notification");
	if (!n)
		return true;
	struct notification *out = arena_alloc(a, sizeof(*out));
	o->notification = out;
	return notice_read(n, out, e) || err_prefix(e, "notification");
}

static bool offer(const json_t *j, struct arena *a, struct order *o, struct err *e)
{
	const json_t *v = json_object_get(j, "offer");
	if (!v)
		return true;
	struct offer *out = arena_alloc(a, sizeof(*out));
	o->offer = out;
	return offer_read(v, a, out, e) || err_prefix(e, "offer");
}

static bool units(const json_t *obj, struct arena *a, struct order *o, struct err *e)
{
	json_t *v;
	if (!list(obj, "units", ORDER_MAX_UNITS, &v, &o->n_units, e))
		return false;
	o->units = arena_array(a, struct str, o->n_units);
	for (uint32_t i = 0; i < o->n_units; i++) {
		const json_t *one = json_array_get(v, i);
		struct str s = { json_string_value(one), json_string_length(one) };
		if (!unit_is_service(s))
			return err_set(e, ERR_CORRUPT, "units[%u] is not the name of a service", i);
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(o->units[k], s))
				return err_set(e, ERR_CORRUPT, "unit '%.*s' is there twice",
					       STR_ARG(s));
		o->units[i] = arena_str(a, s);
	}
	return o->n_units || err_set(e, ERR_CORRUPT, "'units' is empty");
}

static bool installation(const json_t *j, bool back, struct arena *a, struct order *o,
			 struct err *e)
{
	struct str kind;
	if (!text(j, "kind", 3, is_kind, a, &kind, e))
		return false;
	o->kind = str_is(kind, "rpm") ? ORDER_RPM : ORDER_DEB;
	if (json_object_get(j, "replaced") &&
	    (o->kind != ORDER_RPM || !packages(j, "replaced", &forms[ORDER_RPM], false, a,
					       &o->replaced, &o->n_replaced, e)))
		return e->code ? false
			       : err_set(e, ERR_CORRUPT, "'replaced' is of rpm orders only");
	if (json_object_get(j, "plan") && !text(j, "plan", SHA256_HEX - 1, is_plan, a, &o->plan, e))
		return false;
	const struct form *form = &forms[o->kind];
	if (!packages(j, "packages", form, back, a, &o->packages, &o->n_packages, e) ||
	    !packages(j, "extra", form, false, a, &o->extra, &o->n_extra, e) ||
	    !archives(j, a, o, e))
		return false;
	return (o->n_packages || err_set(e, ERR_CORRUPT, "'packages' is empty")) &&
	       one_version_each(o, e);
}

/* What is downloaded has a size. */
static bool scripts(const struct actions *a, struct err *e)
{
	const struct actions_script *all[] = { &a->script_before, &a->script_after };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->there && (all[i]->size < 1 || all[i]->size > SCRIPT_SEALED_MAX))
			return err_set(e, ERR_CORRUPT, "a script's 'size' is not from 1 to %u",
				       SCRIPT_SEALED_MAX);
	return true;
}

/* Members that every order may have. */
#define COMMON                                                                                     \
	"v", "org", "id", "deployment", "agent", "epoch", "seq", "not_before", "not_after",        \
		"action", "window", "forced_after", "notification"

/* Members that the order has because of its action. */
static bool what(const json_t *j, struct arena *a, struct order *o, struct err *e)
{
	static const char *const of_install[] = { COMMON,     "kind",	  "packages", "extra",
						  "archives", "replaced", "before",   "after",
						  "plan",     "offer",	  NULL };
	static const char *const of_uninstall[] = { COMMON,  "kind",	 "packages",
						    "extra", "archives", "before",
						    "after", "plan",	 NULL };
	static const char *const of_restart[] = { COMMON, "units", NULL };
	static const char *const of_reboot[] = { COMMON, "after", NULL };
	bool back = order_goes_back(o);
	if (str_is(o->action, ORDER_RESTART_SERVICES))
		return json_only(j, of_restart, e) && units(j, a, o, e);
	if (!json_only(j,
		       order_reboots(o) ? of_reboot
		       : back		? of_uninstall
					: of_install,
		       e) ||
	    !actions_read(json_object_get(j, "before"), json_object_get(j, "after"), &o->actions,
			  e))
		return false;
	if (!order_reboots(o))
		return scripts(&o->actions, e) && installation(j, back, a, o, e);
	if (o->actions.script_after.there)
		return err_set(e, ERR_CORRUPT, "an order to reboot has a script");
	return o->actions.after >= ACTIONS_REBOOT ||
	       err_set(e, ERR_CORRUPT, "'after' of an order to reboot is not a reboot");
}

static bool read_order(const json_t *j, struct arena *a, struct order *o, struct err *e)
{
	int64_t v;
	if (!json_need_int(j, "v", 1, 1, &v, e) || !text(j, "org", 32, is_id, a, &o->org, e) ||
	    !text(j, "id", 32, is_id, a, &o->id, e) ||
	    !text(j, "deployment", 32, is_id, a, &o->deployment, e) ||
	    !text(j, "agent", 32, is_id, a, &o->agent, e) || !number(j, "epoch", &o->epoch, e) ||
	    !number(j, "seq", &o->seq, e) || !when(j, "not_before", &o->not_before_ms, e) ||
	    !when(j, "not_after", &o->not_after_ms, e) ||
	    !text(j, "action", 20, is_action, a, &o->action, e) || !what(j, a, o, e) ||
	    !window(j, a, o, e) || !notification(j, a, o, e) || !offer(j, a, o, e))
		return false;
	return o->not_before_ms < o->not_after_ms ||
	       err_set(e, ERR_CORRUPT, "'not_after' is not after 'not_before'");
}

bool order_parse(struct str json, struct arena *a, struct order *out, struct err *e)
{
	struct err local = { 0 };
	AUTO(json_free) json_t *j = NULL;
	struct order o = { 0 };
	if (json_parse(json, ORDER_MAX, &j, &local) && read_order(j, a, &o, &local)) {
		*out = o;
		return true;
	}
	/* The typed readers say "invalid" as they do to a client; a signed order that is wrong is
	 * data without its form. */
	enum err_code code = local.code == ERR_LIMIT ? ERR_LIMIT : ERR_CORRUPT;
	return err_set(e, code, "order: %s", local.msg);
}
