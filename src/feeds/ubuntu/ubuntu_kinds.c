/* SPDX-License-Identifier: Apache-2.0
 * Which suites of Ubuntu's archive to sync. What needs a subscription (esm.ubuntu.com) is only
 * synced when the setting names it: it asks for a password, or for a mirror of one's own. */
#include "feeds/debian/debian.h"
#include "feeds/ubuntu/ubuntu.h"

#define SETTING "feed.ubuntu.suites"
#define ARCHIVE "http://archive.ubuntu.com/ubuntu"
#define SECURITY "http://security.ubuntu.com/ubuntu"
#define PORTS "http://ports.ubuntu.com/ubuntu-ports"
#define MAX_ARCHS 8u

static const char *const components[] = { "main", "restricted", "universe", "multiverse", NULL };

static bool on_main_archive(const char *arch)
{
	return strcmp(arch, "amd64") == 0 || strcmp(arch, "i386") == 0;
}

/* Architectures of a release that live on one of the two archives. */
static const char *const *archs_of(const struct feed_plan *p, const char *release, bool ports)
{
	const char **list = arena_array(p->arena, const char *, MAX_ARCHS + 1);
	size_t n = 0;
	for (size_t i = 0; i < p->n_estate; i++) {
		const struct feed_estate *s = &p->estate[i];
		const char *arch = debian_arch_of(s->architecture ? s->architecture : "amd64");
		bool known = !arch || strcmp(s->os, "ubuntu") != 0 || !s->release ||
			     strcmp(s->release, release) != 0 || on_main_archive(arch) == ports;
		for (size_t k = 0; !known && k < n; k++)
			known = strcmp(list[k], arch) == 0;
		if (!known && n < MAX_ARCHS)
			list[n++] = arch;
	}
	return n ? list : NULL;
}

static bool plan_release(struct feed_plan *p, const char *release, bool ports, struct err *e)
{
	static const char *const pockets[] = { "", "-updates", "-security", "-backports" };
	const char *codename = ubuntu_codename_of_version(str_of(release));
	const char *const *archs = archs_of(p, release, ports);
	for (size_t i = 0; codename && archs && i < ARRAY_LEN(pockets); i++) {
		bool security = strcmp(pockets[i], "-security") == 0;
		const char *suite = arena_printf(p->arena, "%s%s", codename, pockets[i]);
		struct feed_spec spec = { .kind = "ubuntu",
					  .url = ports	    ? PORTS
						 : security ? SECURITY
							    : ARCHIVE,
					  .suite = suite,
					  .components = components,
					  .architectures = archs };
		spec.id = arena_printf(p->arena, "ubuntu/%s%s", suite, ports ? "-ports" : "");
		bool planned = false;
		for (size_t k = 0; k < p->specs.n; k++)
			planned |= strcmp(p->specs.p[k].id, spec.id) == 0;
		if (!planned && !feed_plan_add(p, &spec, e))
			return false;
	}
	return true;
}

static bool plan_text(struct feed_plan *p, const char *text, struct err *e)
{
	struct debian_sources s;
	if (!debian_sources_of_brand(&debian_brand_ubuntu, str_of(text), "amd64", p->arena, &s, e))
		return false;
	for (size_t i = 0; i < s.n_suites; i++) {
		const struct debian_suite *d = &s.suites[i];
		struct feed_spec spec = { .id = d->feed_id,
					  .kind = "ubuntu",
					  .url = d->url,
					  .dir = d->dir,
					  .suite = d->suite,
					  .components = d->components,
					  .architectures = d->architectures,
					  .keyrings = d->keyrings,
					  .endpoint_keyring = d->endpoint_keyring };
		if (!feed_plan_add(p, &spec, e))
			return false;
	}
	return true;
}

bool ubuntu_plan_suites(struct feed_plan *p, struct err *e)
{
	const char *text = feed_setting(p, SETTING);
	if (text[0])
		return strcmp(text, "off") == 0 || plan_text(p, text, e);
	for (size_t i = 0; i < p->n_estate; i++)
		if (strcmp(p->estate[i].os, "ubuntu") == 0 && p->estate[i].release &&
		    (!plan_release(p, p->estate[i].release, false, e) ||
		     !plan_release(p, p->estate[i].release, true, e)))
			return false;
	return true;
}
