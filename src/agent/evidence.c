/* SPDX-License-Identifier: Apache-2.0
 * Evidence to JSON. It gathers, it does not judge: that is kernels.c and restart.c. */
#include "agent/evidence.h"
#include "agent/kernels.h"
#include "agent/reboot.h"
#include "agent/restart.h"

#include <errno.h>
#include <sys/utsname.h>

static json_t *reboot_json(const struct kernels_verdict *ev, bool core)
{
	json_t *packages = json_array();
	if (ev->needed && ev->package.n)
		json_array_append_new(packages, json_text(ev->package));
	const char *why = core && !ev->needed ? "core" : ev->why;
	return json_pack("{s:b,s:o,s:o,s:o,s:s,s:o}", "needed", ev->needed || core,
			 "running_kernel", json_text(ev->running), "newest_kernel",
			 json_text(ev->newest), "flavour", json_text(ev->flavour), "why", why,
			 "packages", packages);
}

static json_t *restart_json(const struct restart_list *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->n; i++) {
		const struct restart_entry *r = &l->entries[i];
		json_t *libs = json_array();
		for (size_t k = 0; k < r->n_libraries; k++)
			json_array_append_new(libs, json_text(r->libraries[k]));
		json_array_append_new(all, json_pack("{s:I,s:o,s:o,s:o}", "pid", (json_int_t)r->pid,
						     "unit", json_text(r->unit), "exe",
						     json_text(r->exe), "libraries", libs));
	}
	return all;
}

bool evidence_gather(const struct pkgdb *db, bool restart, json_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct utsname u;
	if (uname(&u) != 0)
		return err_sys(e, errno, "cannot tell the running kernel");
	const struct str none = STR_LIT("");
	struct kernels_verdict ev = { false, "none", str_of(u.release), none, none, none };
	struct restart_list list = { 0 };
	if (!reboot_in_container())
		kernels_judge(db, str_of(u.release), str_of(u.version), &a, &ev);
	if (restart && !restart_scan("/proc", &a, &list, e))
		return false;
	*out = json_pack("{s:o,s:o}", "reboot", reboot_json(&ev, list.core), "restart",
			 restart_json(&list));
	return true;
}

bool evidence_reboot_needed(const json_t *evidence)
{
	return json_is_true(json_object_get(json_object_get(evidence, "reboot"), "needed"));
}
