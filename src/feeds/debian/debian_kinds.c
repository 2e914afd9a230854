/* SPDX-License-Identifier: Apache-2.0
 * Debian's rows of the registry: settings to specs, specs to syncs. Nothing is decided here that
 * another vendor would decide alike. */
#include "feeds/debian/debian.h"
#include "feeds/notices/notices.h"

#include <sys/utsname.h>

/* The machine's name for its architecture, as Debian calls it; NULL when it is not known. */
const char *debian_arch_of(const char *machine)
{
	static const char *const map[][2] = { { "x86_64", "amd64" },	{ "aarch64", "arm64" },
					      { "i686", "i386" },	{ "armv7l", "armhf" },
					      { "ppc64le", "ppc64el" }, { "s390x", "s390x" },
					      { "riscv64", "riscv64" } };
	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (strcmp(machine, map[i][0]) == 0 || strcmp(machine, map[i][1]) == 0)
			return map[i][1];
	return NULL;
}

static const char *own_arch(void)
{
	struct utsname u;
	const char *arch = uname(&u) == 0 ? debian_arch_of(u.machine) : NULL;
	return arch ? arch : "amd64";
}

/** Stands for the estate's architectures where a source names none. */
#define ESTATE "estate"

static bool has(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* The architectures of the fleet's systems; this machine's while there are none. */
static const char *const *estate_archs(const struct feed_plan *p)
{
	const char **l = arena_array(p->arena, const char *, p->n_estate + 2);
	size_t n = 0;
	for (size_t i = 0; i < p->n_estate; i++) {
		const struct feed_estate *s = &p->estate[i];
		const char *arch = debian_arch_of(s->architecture);
		if (arch && (strcmp(s->os, "debian") == 0 || !s->os[0]) && !has(l, arch))
			l[n++] = arch;
	}
	if (!n)
		l[0] = own_arch();
	return l;
}

static bool add_suite(struct feed_plan *p, const struct debian_suite *d, struct err *e)
{
	struct feed_spec spec = { .id = d->feed_id,
				  .kind = "debian",
				  .url = d->url,
				  .dir = d->dir,
				  .suite = d->suite,
				  .components = d->components,
				  .architectures = has(d->architectures, ESTATE) ? estate_archs(p)
										 : d->architectures,
				  .keyrings = d->keyrings,
				  .endpoint_keyring = d->endpoint_keyring };
	return feed_plan_add(p, &spec, e);
}

/* The root of the archive this server itself uses for such suites, or Debian's. */
static const char *root_of(const struct feed_plan *p, bool security)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (str_ends(str_of(p->specs.p[i].id), "-security") == security &&
		    strcmp(p->specs.p[i].kind, "debian") == 0)
			return p->specs.p[i].url;
	return security ? "http://deb.debian.org/debian-security" : "http://deb.debian.org/debian";
}

static bool is_planned(const struct feed_plan *p, const char *id)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, id) == 0)
			return true;
	return false;
}

/* The suites of a release that systems of the estate run, where this server has none of its own. */
static bool add_estate(struct feed_plan *p, const struct feed_estate *x, struct err *e)
{
	static const char *const suites[] = { "", "-updates", "-security" };
	const char *codename = debian_codename_of_version(str_of(x->release));
	if (strcmp(x->os, "debian") != 0 || !codename)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		struct debian_sources s;
		const char *line = arena_printf(p->arena, "deb %s %s%s main", root_of(p, i == 2),
						codename, suites[i]);
		if (!debian_sources_of_text(str_of(line), ESTATE, p->arena, &s, e))
			return false;
		for (size_t k = 0; k < s.n_suites; k++)
			if (!is_planned(p, s.suites[k].feed_id) && !add_suite(p, &s.suites[k], e))
				return false;
	}
	return true;
}

/* Suites from the settings, or, when none are set, those of this machine's own apt and those of the
 * Debian systems seen in the fleet. */
bool debian_plan_suites(struct feed_plan *p, struct err *e)
{
	struct debian_sources s;
	const char *text = feed_setting(p, "feed.debian.suites");
	if (!(text[0] ? debian_sources_of_text(str_of(text), ESTATE, p->arena, &s, e)
		      : debian_sources_of_machine("/etc/apt", ESTATE, p->arena, &s, e)))
		return false;
	for (size_t i = 0; i < s.n_suites; i++)
		if (!add_suite(p, &s.suites[i], e))
			return false;
	for (size_t i = 0; !text[0] && i < p->n_estate; i++)
		if (!add_estate(p, &p->estate[i], e))
			return false;
	return true;
}

/* A list at an address, in a file, or "off". The vendor's notices are joined when they can be had;
 * where they cannot, the feed's state says so and the severities stay Unrated. */
static bool plan_list(struct feed_plan *p, const char *kind, const char *id, const char *key,
		      struct err *e)
{
	const char *url = feed_setting(p, key);
	struct feed_spec spec = { .id = id, .kind = kind, .url = url };
	spec.options = notices_limit(p, "debian", debian_version_of_codename);
	return !url[0] || strcmp(url, "off") == 0 || feed_plan_add(p, &spec, e);
}

bool debian_plan_lists(struct feed_plan *p, struct err *e)
{
	return plan_list(p, "debian-dsa", "debian-dsa", "feed.debian.dsa_url", e) &&
	       plan_list(p, "debian-dsa", "debian-dla", "feed.debian.dla_url", e);
}

bool debian_plan_tracker(struct feed_plan *p, struct err *e)
{
	return plan_list(p, "debian-tracker", "debian-tracker", "feed.debian.tracker_url", e);
}

bool debian_sync_spec(const struct feed_spec *s, const struct feed_env *env,
		      struct generation_result *out, struct err *e)
{
	AUTO(arena_done) struct arena arena = { 0 };
	bool tracker = strcmp(s->kind, "debian-tracker") == 0;
	bool ubuntu = strcmp(s->kind, "ubuntu") == 0;
	struct debian_notice_source notices = { .feed_id = s->id,
						.kind = tracker ? DEBIAN_TRACKER_JSON
								: DEBIAN_DSA_LIST,
						.url = s->url,
						.oses = feed_oses(s, &arena),
						.last = s->last };
	struct debian_suite suite = { .brand = ubuntu ? &debian_brand_ubuntu : &debian_brand,
				      .feed_id = s->id,
				      .url = s->url,
				      .suite = s->suite,
				      .dir = s->dir,
				      .components = s->components,
				      .architectures = s->architectures,
				      .keyrings = s->keyrings,
				      .endpoint_keyring = s->endpoint_keyring,
				      .last = s->last };
	return ubuntu || strcmp(s->kind, "debian") == 0
		       ? debian_sync_suite(&suite, env, out, e)
		       : debian_sync_notices(&notices, env, out, e);
}
