/* SPDX-License-Identifier: Apache-2.0
 * Evidence to JSON, and from it to facts. Invariant: without a root half nothing is said about
 * processes: an ordinary user sees only its own. */
#include "agent/net/health.h"
#include "agent/kernels.h"
#include "agent/net/owners.h"
#include "agent/net/root_client.h"
#include "agent/reboot.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/units.h"

#include <errno.h>
#include <pthread.h>
#include <sys/utsname.h>

#define KEPT_MS 5000 /* one contact looks at it twice */

/* --- packages of replaced files -----------------------------------------------------------------
 */

struct files {
	struct str path[OWNERS_MAX], owner[OWNERS_MAX];
	size_t n;
};

static void add_file(struct files *f, const json_t *text)
{
	struct str s = { json_string_value(text), json_string_length(text) };
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->path[i], s))
			return;
	if (s.n && f->n < OWNERS_MAX)
		f->path[f->n++] = s;
}

static void add_packages(const struct files *f, json_t *entry)
{
	json_t *packages = json_array(), *library;
	size_t i;
	json_array_foreach(json_object_get(entry, "libraries"), i, library)
	{
		for (size_t k = 0; k < f->n; k++) {
			if (!str_is(f->path[k], json_string_value(library)) || !f->owner[k].n)
				continue;
			bool there = false;
			for (size_t m = 0; m < json_array_size(packages); m++)
				there |= str_is(f->owner[k],
						json_string_value(json_array_get(packages, m)));
			if (!there)
				json_array_append_new(packages, json_text(f->owner[k]));
		}
	}
	json_object_set_new(entry, "packages", packages);
}

static bool name_packages(const char *sysroot, json_t *restart, struct arena *a, struct err *e)
{
	enum platform_manager manager;
	struct files *f = arena_new(a, struct files);
	json_t *entry, *library;
	size_t i, k;
	json_array_foreach(restart, i, entry)
		json_array_foreach(json_object_get(entry, "libraries"), k, library)
			add_file(f, library);
	if (!platform_detect(sysroot, &manager, e) ||
	    !owners_find(sysroot, manager, f->path, f->n, a, f->owner, e))
		return false;
	json_array_foreach(restart, i, entry) add_packages(f, entry);
	return true;
}

/* --- evidence -----------------------------------------------------------------------------------
 */

static struct str member(const json_t *entry, const char *key)
{
	const json_t *v = json_object_get(entry, key);
	return (struct str) { json_is_string(v) ? json_string_value(v) : "",
			      json_string_length(v) };
}

/* Process 1, the D-Bus daemon and whatever else is not restarted: only a reboot helps. */
static bool is_core(const json_t *entry)
{
	return unit_remedy_of(json_integer_value(json_object_get(entry, "pid")),
			      member(entry, "unit"), member(entry, "exe")) == UNIT_REBOOT;
}

static json_t *reboot_json(const struct kernels_verdict *v, const json_t *restart)
{
	json_t *packages = json_array(), *entry, *name;
	bool core = false;
	size_t i, k;
	if (v->needed)
		json_array_append_new(packages, json_text(v->package));
	json_array_foreach(restart, i, entry)
	{
		core |= is_core(entry);
		if (!v->needed && is_core(entry))
			json_array_foreach(json_object_get(entry, "packages"), k, name)
				json_array_append(packages, name);
	}
	const char *why = core && !v->needed ? "core" : v->why;
	return json_pack("{s:b,s:o,s:o,s:o,s:s,s:o}", "needed", v->needed || core, "running_kernel",
			 json_text(v->running), "newest_kernel", json_text(v->newest), "flavour",
			 json_text(v->flavour), "why", why, "packages", packages);
}

static bool gather(const struct agent_paths *p, json_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *restart = NULL;
	const struct str none = STR_LIT("");
	struct utsname u;
	struct pkgdb db;
	if (uname(&u) != 0)
		return err_sys(e, errno, "cannot tell the running kernel");
	struct kernels_verdict v = { false, "none", str_of(u.release), none, none, none };
	if (!platform_packages(p->sysroot, &a, &db, e))
		return false;
	if (!reboot_in_container())
		kernels_judge(&db, str_of(u.release), str_of(u.version), &a, &v);
	if (!root_client_restart(p, &restart))
		restart = json_array();
	if (!name_packages(p->sysroot, restart, &a, e))
		return false;
	*out = json_pack("{s:o,s:O}", "reboot", reboot_json(&v, restart), "restart", restart);
	return true;
}

bool health_gather(const struct agent_paths *p, bool fresh, json_t **out, struct err *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static json_t *kept;
	static int64_t kept_ms;
	bool ok = true;
	pthread_mutex_lock(&lock);
	if (fresh || !kept || clock_mono_ms() - kept_ms > KEPT_MS) {
		json_free(kept);
		kept = NULL;
		ok = gather(p, &kept, e);
		kept_ms = clock_mono_ms();
	}
	/* Jansson's counts are not atomic: each caller has a copy of its own. */
	if (ok)
		*out = json_deep_copy(kept);
	pthread_mutex_unlock(&lock);
	return ok;
}

bool health_reboot_needed(const json_t *health)
{
	return json_is_true(json_object_get(json_object_get(health, "reboot"), "needed"));
}

/* --- facts --------------------------------------------------------------------------------------
 */

static bool add3(struct inventory *i, const char *kind, const char *a, const char *b, struct err *e)
{
	const struct str f[] = { str_of(kind), str_of(a), str_of(b) };
	return inventory_add(i, f, ARRAY_LEN(f), e);
}

static bool restart_facts(const json_t *restart, struct inventory *i, struct err *e)
{
	json_t *entry, *name;
	size_t k, m;
	json_array_foreach(restart, k, entry)
	{
		const char *unit = json_string_value(json_object_get(entry, "unit"));
		const char *exe = json_string_value(json_object_get(entry, "exe"));
		if (is_core(entry))
			continue;
		json_array_foreach(json_object_get(entry, "packages"), m,
				   name) if (!add3(i, "restart", json_string_value(name),
						   unit && unit[0] ? unit
						   : exe	   ? exe
								   : "",
						   e)) return false;
	}
	return true;
}

bool health_facts(const json_t *health, struct inventory *i, struct err *e)
{
	const json_t *reboot = json_object_get(health, "reboot");
	const char *why = json_string_value(json_object_get(reboot, "why"));
	json_t *name;
	size_t k;
	json_array_foreach(
		json_object_get(reboot, "packages"), k,
		name) if (!add3(i, "reboot-pending", why, json_string_value(name), e)) return false;
	return restart_facts(json_object_get(health, "restart"), i, e);
}
