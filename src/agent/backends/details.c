/* SPDX-License-Identifier: Apache-2.0
 * Reading what dpkg-query, apt-cache and rpm print. Lines that are not understood say
 * nothing: what they would have told stays absent. */
#include "agent/backends/details.h"
#include "format/deb822.h"
#include "proto/plan.h"
#include "proto/units.h"

#include <stdlib.h>

#define KIB 1024
#define SIZE_LIMIT (INT64_C(1) << 42) /* of one package; more is no size */

void details_begin(struct details *d, enum pkgdb_kind kind, const struct backend_transaction *t)
{
	*d = (struct details) { .kind = kind, .t = t };
	d->sizes = arena_array(&d->a, struct details_size, t->n + 1);
	for (size_t i = 0; i < t->n; i++)
		d->sizes[i] = (struct details_size) { -1, -1, -1 };
}

void details_done(struct details *d)
{
	VEC_DONE(&d->files);
	VEC_DONE(&d->anew);
	arena_done(&d->a);
}

/* The step by which this package of this version comes, or goes. */
static size_t step_of(const struct details *d, struct str name, struct str arch, struct str version,
		      bool comes)
{
	for (size_t i = 0; i < d->t->n; i++) {
		const struct backend_step *s = &d->t->steps[i];
		struct str v = comes ? s->to : s->from;
		if (v.n && str_eq(s->name, name) && (!s->arch.n || str_eq(s->arch, arch)) &&
		    pkgdb_compare(d->kind, v, version) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t details_step(const struct details *d, struct str name, struct str arch, struct str version)
{
	return step_of(d, name, arch, version, true);
}

/* --- sizes --------------------------------------------------------------------------------------
 */

enum { F_PACKAGE, F_ARCH, F_VERSION, F_SIZE, F_INSTALLED };
static const char *const wanted[] = { "Package", "Architecture",   "Version",
				      "Size",	 "Installed-Size", NULL };

static bool size_of(struct str s, int64_t unit, int64_t *out)
{
	int64_t n;
	if (!s.p || !str_to_i64(s, &n) || n < 0 || n > SIZE_LIMIT)
		return false;
	*out = n * unit;
	return true;
}

static bool offered(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct details *d = arg;
	const struct deb822_field *f = s->fields;
	if (!f[F_PACKAGE].value.p || !f[F_ARCH].value.p || !f[F_VERSION].value.p)
		return true;
	size_t i = step_of(d, f[F_PACKAGE].value, f[F_ARCH].value, f[F_VERSION].value, true);
	if (i == SIZE_MAX)
		return true;
	(void)size_of(f[F_SIZE].value, 1, &d->sizes[i].download);
	(void)size_of(f[F_INSTALLED].value, KIB, &d->sizes[i].will);
	return true;
}

bool details_available(struct details *d, struct str text, struct err *e)
{
	return deb822_text(text, wanted, offered, d, e);
}

/* "name arch version size"; false when it is none. */
static bool head(struct str line, struct str f[static 4])
{
	for (size_t i = 0; i < 4; i++)
		if (!str_split(&line, '\t', &f[i]))
			return false;
	return f[0].n && f[2].n;
}

int64_t details_download(const struct details *d)
{
	int64_t sum = 0;
	for (size_t i = 0; i < d->t->n; i++) {
		if (backend_is_stream(&d->t->steps[i]))
			continue;
		if (d->t->steps[i].to.n && d->sizes[i].download < 0)
			return -1;
		sum += d->t->steps[i].to.n ? d->sizes[i].download : 0;
	}
	return sum;
}

bool details_disk(const struct details *d, int64_t *out)
{
	int64_t sum = 0;
	for (size_t i = 0; i < d->t->n; i++) {
		const struct backend_step *s = &d->t->steps[i];
		if (strcmp(s->action, "reinstall") == 0 || backend_is_stream(s))
			continue;
		bool told = s->from.n || strcmp(s->action, "install") == 0;
		if (!told || (s->to.n && d->sizes[i].will < 0) ||
		    (s->from.n && d->sizes[i].was < 0))
			return false;
		sum += (s->to.n ? d->sizes[i].will : 0) - (s->from.n ? d->sizes[i].was : 0);
	}
	*out = sum;
	return true;
}

/* --- files --------------------------------------------------------------------------------------
 */

/* /lib and /usr/lib are one since usrmerge; a list names the one or the other. */
static struct str merged(struct str path)
{
	return str_starts(path, "/usr/") ? (struct str) { path.p + 4, path.n - 4 } : path;
}

static void add(struct details *d, struct details_file f)
{
	f.path = arena_str(&d->a, f.path);
	f.digest = f.digest.n ? arena_str(&d->a, f.digest) : (struct str) { "", 0 };
	VEC_PUSH(&d->files, f);
	d->sorted = false;
}

/* Cuts the last word off. */
static struct str last_word(struct str *rest)
{
	const char *space = memrchr(rest->p, ' ', rest->n);
	if (!space)
		return (struct str) { "", 0 };
	struct str word = { space + 1, rest->n - (size_t)(space + 1 - rest->p) };
	rest->n = (size_t)(space - rest->p);
	return word;
}

/* " /etc/x 89269e1298235f1b12b4c16e4065ad0d", perhaps with " obsolete" or " remove-on-upgrade"
 * behind it. */
static void conffile(struct details *d, size_t step, struct str line)
{
	struct details_file f = { .step = step, .config = true };
	struct str word = last_word(&line);
	for (; str_is(word, "obsolete") || str_is(word, "remove-on-upgrade");
	     word = last_word(&line))
		f.obsolete |= str_is(word, "obsolete");
	if (word.n != 32 || !line.n || line.p[0] != '/')
		return; /* what is being added just now */
	f.path = line;
	f.digest = word;
	add(d, f);
}

/* "cn\t<digest>\t<size>\t-rw-r--r--\t/etc/x" */
static bool rpm_file(struct str line, size_t step, struct details_file *out)
{
	struct str flags, digest, size, mode;
	if (!str_split(&line, '\t', &flags) || !str_split(&line, '\t', &digest) ||
	    !str_split(&line, '\t', &size) || !str_split(&line, '\t', &mode) || !line.n ||
	    line.p[0] != '/')
		return false;
	*out = (struct details_file) { .path = line, .digest = digest, .step = step };
	out->regular = mode.n && mode.p[0] == '-';
	(void)(out->regular && size_of(size, 1, &out->size));
	out->config = str_find(flags, 'c') >= 0;
	out->noreplace = str_find(flags, 'n') >= 0;
	out->ghost = str_find(flags, 'g') >= 0;
	return true;
}

/* dpkg keeps the configuration of a package that was removed, and remembers it. */
static size_t removed_step(const struct details *d, const struct str f[static 4])
{
	for (size_t i = 0; i < d->t->n && d->kind == PKGDB_DEB; i++) {
		const struct backend_step *s = &d->t->steps[i];
		if (s->to.n && !s->from.n && str_eq(s->name, f[0]) && str_eq(s->arch, f[1]))
			return i;
	}
	return SIZE_MAX;
}

/* A package's line; where it ends what its files belong to. */
static size_t installed_step(struct details *d, struct str line)
{
	struct str f[4];
	if (!head(line, f))
		return SIZE_MAX;
	size_t step = step_of(d, f[0], f[1], f[2], false);
	if (step == SIZE_MAX)
		return removed_step(d, f);
	(void)size_of(f[3], d->kind == PKGDB_DEB ? KIB : 1, &d->sizes[step].was);
	return step;
}

void details_installed(struct details *d, struct str text)
{
	struct str line;
	struct details_file f;
	size_t step = SIZE_MAX;
	while (str_line(&text, &line)) {
		if (line.n < 2 || line.p[0] != ' ') {
			step = line.n ? installed_step(d, line) : step;
			continue;
		}
		struct str rest = { line.p + 1, line.n - 1 };
		if (step == SIZE_MAX)
			continue;
		if (d->kind == PKGDB_DEB)
			conffile(d, step, rest);
		else if (rpm_file(rest, step, &f))
			add(d, f);
	}
}

static void add_new(struct details *d, struct details_file f)
{
	f.path = arena_str(&d->a, f.path);
	f.digest = f.digest.n ? arena_str(&d->a, f.digest) : (struct str) { "", 0 };
	VEC_PUSH(&d->anew, f);
}

void details_set_digest(struct details *d, const struct details_file *f, struct str hex)
{
	d->anew.p[f - d->anew.p].digest = arena_str(&d->a, hex);
}

void details_coming(struct details *d, struct str text, const int64_t *bytes, size_t n)
{
	struct str line, h[4];
	struct details_file f;
	size_t step = SIZE_MAX, package = 0;
	while (str_line(&text, &line)) {
		if (line.n && line.p[0] == ' ') {
			if (step != SIZE_MAX &&
			    rpm_file((struct str) { line.p + 1, line.n - 1 }, step, &f))
				add_new(d, f);
			continue;
		}
		if (!head(line, h))
			continue;
		step = step_of(d, h[0], h[1], h[2], true);
		if (step != SIZE_MAX && size_of(h[3], 1, &d->sizes[step].will) && package < n)
			d->sizes[step].download = bytes[package];
		package++;
	}
}

void details_conffiles(struct details *d, size_t step, struct str text)
{
	static const struct str flag = STR_LIT("remove-on-upgrade ");
	struct str line;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		bool goes = str_starts(line, flag.p);
		struct str path = goes ? str_trim((struct str) { line.p + flag.n, line.n - flag.n })
				       : line;
		if (path.n && path.p[0] == '/')
			add_new(d,
				(struct details_file) {
					.path = path, .step = step, .config = true, .goes = goes });
	}
}

void details_list(struct details *d, size_t step, struct str text)
{
	struct str line;
	while (str_line(&text, &line))
		if (line.n && line.p[0] == '/')
			add(d, (struct details_file) { .path = line, .step = step });
}

static int by_path(const void *a, const void *b)
{
	const struct details_file *x = a, *y = b;
	return str_cmp(merged(x->path), merged(y->path));
}

size_t details_owner(struct details *d, struct str path)
{
	if (!d->sorted && d->files.n)
		qsort(d->files.p, d->files.n, sizeof(*d->files.p), by_path);
	d->sorted = true;
	const struct details_file key = { .path = path };
	const struct details_file *f = d->files.n ? bsearch(&key, d->files.p, d->files.n,
							    sizeof(key), by_path)
						  : NULL;
	return f ? f->step : SIZE_MAX;
}

/* --- what it will be ----------------------------------------------------------------------------
 */

void details_after(const struct details *d, const struct pkgdb *now, struct arena *a,
		   struct pkgdb *out)
{
	struct pkgdb_package *all = arena_array(a, struct pkgdb_package, now->n + d->t->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < now->n; i++) {
		const struct pkgdb_package *p = &now->packages[i];
		if (step_of(d, p->name, p->arch, p->version, false) == SIZE_MAX)
			all[n++] = *p;
	}
	for (size_t i = 0; i < d->t->n; i++) {
		const struct backend_step *s = &d->t->steps[i];
		if (s->to.n)
			all[n++] = (struct pkgdb_package) { .name = s->name,
							    .arch = s->arch,
							    .version = s->to,
							    .state = PKGDB_INSTALLED };
	}
	*out = *now;
	out->packages = all;
	out->n = n;
	pkgdb_sort(out);
}

static void add_name(json_t *list, struct str name)
{
	const json_t *one;
	size_t i;
	json_array_foreach(list, i, one) if (str_is(name, json_string_value(one))) return;
	if (json_array_size(list) < PLAN_NAMES_MAX)
		json_array_append_new(list, json_text(name));
}

static void add_packages(struct details *d, const struct restart_entry *u, json_t *list)
{
	for (size_t i = 0; i < u->n_libraries; i++) {
		size_t step = details_owner(d, u->libraries[i]);
		if (step != SIZE_MAX)
			add_name(list, d->t->steps[step].name);
	}
}

static json_t *packages_of(json_t *services, struct str unit)
{
	const json_t *one;
	size_t i;
	json_array_foreach(
		services, i,
		one) if (str_is(unit,
				json_string_value(json_object_get(
					one, "unit")))) return json_object_get(one, "packages");
	if (json_array_size(services) >= PLAN_SERVICES_MAX)
		return NULL;
	json_t *packages = json_array();
	json_array_append_new(
		services, json_pack("{s:o,s:o}", "unit", json_text(unit), "packages", packages));
	return packages;
}

/* The services; what only a reboot ends goes to `core`. */
static json_t *services_json(struct details *d, const struct restart_list *users, json_t *core)
{
	json_t *services = json_array();
	for (size_t i = 0; i < users->n; i++) {
		const struct restart_entry *u = &users->entries[i];
		enum unit_remedy remedy = unit_remedy_of(u->pid, u->unit, u->exe);
		json_t *to = remedy == UNIT_REBOOT    ? core
			     : remedy == UNIT_RESTART ? packages_of(services, u->unit)
						      : NULL;
		if (to)
			add_packages(d, u, to);
	}
	return services;
}

static json_t *reboot_json(const struct kernels_verdict *k, json_t *core)
{
	bool is_core = !k->needed && json_array_size(core) > 0;
	if (k->needed) {
		json_array_clear(core);
		json_array_append_new(core, json_text(k->package));
	}
	return json_pack("{s:s,s:O,s:o,s:o}", "why", is_core ? "core" : k->why, "packages", core,
			 "running", json_text(k->running), "newest", json_text(k->newest));
}

json_t *details_json(struct details *d, const struct restart_list *users,
		     const struct kernels_verdict *kernel, int64_t free_bytes)
{
	AUTO(json_free) json_t *core = json_array();
	json_t *j = json_object();
	int64_t download = details_download(d), disk;
	if (download >= 0)
		json_object_set_new(j, "download", json_integer(download));
	if (details_disk(d, &disk))
		json_object_set_new(j, "disk", json_integer(disk));
	if (free_bytes >= 0)
		json_object_set_new(j, "free", json_integer(free_bytes));
	if (users)
		json_object_set_new(j, "services", services_json(d, users, core));
	if (kernel && users)
		json_object_set_new(j, "reboot", reboot_json(kernel, core));
	return j;
}
