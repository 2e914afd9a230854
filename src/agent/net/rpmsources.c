/* SPDX-License-Identifier: Apache-2.0
 * Walking the files of modules.d and repos.d, and what names the platform. A missing directory says
 * nothing. */
#include "agent/net/rpmsources.h"
#include "agent/rpmconf.h"
#include "base/file.h"

#define FILE_MAX (4u << 20)

struct walk {
	rpmsources_pair fn;
	void *arg;
	bool checked; /* what gpgcheck is when a repository does not say */
};

static bool module_file(void *arg, struct str text, struct err *e)
{
	struct walk *w = arg;
	struct rpmconf_line l = { 0 };
	struct str stream = { "", 0 }, section = { "", 0 };
	while (rpmconf_line(&text, &l)) {
		if (str_is(l.key, "stream")) {
			stream = l.value;
			section = l.section;
		}
		if (!str_is(l.key, "state"))
			continue;
		bool enabled = str_is(l.value, "enabled") && stream.n && str_eq(section, l.section);
		if ((enabled || str_is(l.value, "disabled")) &&
		    !w->fn(w->arg, l.section, enabled ? stream : STR_LIT(""), e))
			return false;
	}
	return true;
}

bool rpmsources_modules(const char *sysroot, rpmsources_pair fn, void *arg, struct err *e)
{
	struct walk w = { .fn = fn, .arg = arg };
	return rpmconf_each_file(sysroot, "etc/dnf/modules.d", ".module", module_file, &w, e);
}

/* "platform:el8", in quotes or not. */
static void take_platform(struct str value, struct arena *a, struct str *out)
{
	if (value.n > 1 && strchr("\"'", value.p[0]) && value.p[value.n - 1] == value.p[0])
		value = (struct str) { value.p + 1, value.n - 2 };
	ptrdiff_t colon = str_find(value, ':');
	if (colon >= 0)
		*out = arena_str(a,
				 (struct str) { value.p + colon + 1, value.n - (size_t)colon - 1 });
}

/* Lines "key=value" outside of sections, or of "main". */
static bool find_platform(const char *path, const char *key, struct arena *a, struct str *out,
			  struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(FILE_MAX);
	if (!file_exists(path))
		return true;
	if (!file_read(path, &b, e))
		return false;
	struct str text = buf_str(&b), line, word;
	bool counts = true;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		if (str_starts(line, "["))
			counts = str_is(line, "[main]");
		if (counts && str_find(line, '=') > 0 && str_split(&line, '=', &word) &&
		    str_is(str_trim(word), key))
			take_platform(str_trim(line), a, out);
	}
	return true;
}

bool rpmsources_platform(const char *sysroot, struct arena *a, struct str *out, struct err *e)
{
	static const struct {
		const char *path, *key;
	} places[] = { { "usr/lib/os-release", "PLATFORM_ID" },
		       { "etc/os-release", "PLATFORM_ID" },
		       { "etc/dnf/dnf.conf", "module_platform_id" } };
	*out = STR_LIT("");
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, places[i].path);
		if (!find_platform(path, places[i].key, a, out, e))
			return false;
	}
	return true;
}

struct repository {
	struct str id;
	bool enabled, checked;
};

static bool repository_end(struct walk *w, const struct repository *r, struct err *e)
{
	bool tell = r->id.n && !str_is(r->id, "main") && r->enabled && !r->checked;
	return !tell || w->fn(w->arg, STR_LIT("rpm"), r->id, e);
}

static bool repository_file(void *arg, struct str text, struct err *e)
{
	struct walk *w = arg;
	struct rpmconf_line l = { 0 };
	struct repository r = { 0 };
	while (rpmconf_line(&text, &l)) {
		if (!str_eq(l.section, r.id)) {
			if (!repository_end(w, &r, e))
				return false;
			r = (struct repository) { l.section, true, w->checked };
		}
		if (str_is(l.key, "enabled"))
			r.enabled = rpmconf_is_true(l.value);
		if (str_is(l.key, "gpgcheck"))
			r.checked = rpmconf_is_true(l.value);
	}
	return repository_end(w, &r, e);
}

/* gpgcheck of dnf.conf's main section; dnf.conf(5): off unless it says so. zypp.conf: on. */
static bool checked_by_default(struct str text, bool checked)
{
	struct rpmconf_line l = { 0 };
	while (rpmconf_line(&text, &l))
		if (str_is(l.section, "main") && str_is(l.key, "gpgcheck"))
			checked = rpmconf_is_true(l.value);
	return checked;
}

bool rpmsources_unsigned(const char *sysroot, enum platform_manager manager, rpmsources_pair fn,
			 void *arg, struct err *e)
{
	bool dnf = manager == PLATFORM_DNF;
	AUTO(buf_done) struct buf b = BUF_INIT(FILE_MAX);
	AUTO(xfree)
	char *path = xasprintf("%s/%s", sysroot, dnf ? "etc/dnf/dnf.conf" : "etc/zypp/zypp.conf");
	if (file_exists(path) && !file_read(path, &b, e))
		return false;
	struct walk w = { fn, arg, checked_by_default(buf_str(&b), !dnf) };
	return rpmconf_each_file(sysroot, dnf ? "etc/yum.repos.d" : "etc/zypp/repos.d", ".repo",
				 repository_file, &w, e);
}
