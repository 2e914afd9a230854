/* SPDX-License-Identifier: Apache-2.0
 * The table of feeds, and planning by it. To add a feed: a file <vendor>.c with its plan and sync
 * functions, its row here, its settings in settings/settings.def. */
#include "feeds/debian/debian.h"
#include "feeds/enrichment/enrichment.h"
#include "feeds/notices/notices.h"
#include "feeds/rpm/rpm.h"
#include "feeds/ubuntu/ubuntu.h"

static const char *const debian_os[] = { "debian:", NULL };
static const char *const debian_settings[] = { "feed.debian.suites", NULL };
static const char *const dsa_settings[] = { "feed.debian.dsa_url", "feed.debian.dla_url", NULL };
static const char *const kev_settings[] = { "feed.kev.url", NULL };
static const char *const epss_settings[] = { "feed.epss.url", NULL };
static const char *const endoflife_settings[] = { "feed.endoflife.url", NULL };
static const char *const no_os[] = { NULL };
static const char *const tracker_settings[] = { "feed.debian.tracker_url", NULL };

static const char *const rpm_settings[] = { "feed.rpm.repositories", NULL };
static const char *const ubuntu_os[] = { "ubuntu:", NULL };
static const char *const ubuntu_settings[] = { "feed.ubuntu.suites", NULL };
static const char *const ubuntu_osv_settings[] = { "feed.ubuntu.osv_url", NULL };
static const char *const ubuntu_usn_settings[] = { "feed.ubuntu.usn_url", NULL };
static const char *const alma_os[] = { "almalinux:", NULL };
static const char *const alma_settings[] = { "feed.almalinux.osv_url", NULL };
static const char *const rocky_os[] = { "rocky:", NULL };
static const char *const rocky_settings[] = { "feed.rocky.osv_url", NULL };
static const char *const rhel_os[] = { "rhel:", NULL };
static const char *const rhel_settings[] = { "feed.redhat.csaf_url", "feed.redhat.csaf_keyring",
					     NULL };
static const char *const alpine_os[] = { "alpine:", NULL };
static const char *const alpine_settings[] = { "feed.alpine.secdb_url", NULL };

const struct feed_kind feed_kinds[] = {
	{ .name = "debian",
	  .title = "Debian archive",
	  .os = debian_os,
	  .settings = debian_settings,
	  .is_signed = true,
	  .offers = true,
	  .plan = debian_plan_suites,
	  .sync = debian_sync_spec },
	{ .name = "debian-dsa",
	  .title = "Debian security advisories",
	  .os = debian_os,
	  .settings = dsa_settings,
	  .optional = true,
	  .plan = debian_plan_lists,
	  .sync = debian_sync_spec },
	{ .name = "debian-tracker",
	  .title = "Debian security tracker",
	  .os = debian_os,
	  .settings = tracker_settings,
	  .optional = true,
	  .every_s = 6 * 3600,
	  .plan = debian_plan_tracker,
	  .sync = debian_sync_spec },
	{ .name = "kev",
	  .title = "CISA KEV",
	  .os = no_os,
	  .settings = kev_settings,
	  .optional = true,
	  .plan = enrichment_plan_kev,
	  .sync = enrichment_sync },
	{ .name = "epss",
	  .title = "FIRST EPSS",
	  .os = no_os,
	  .settings = epss_settings,
	  .optional = true,
	  .every_s = 12 * 3600,
	  .plan = enrichment_plan_epss,
	  .sync = enrichment_sync },
	{ .name = "endoflife",
	  .title = "endoflife.date",
	  .os = no_os,
	  .settings = endoflife_settings,
	  .optional = true,
	  .every_s = 24 * 3600,
	  .plan = enrichment_plan_endoflife,
	  .sync = enrichment_sync },
	{ .name = "rpm",
	  .title = "RPM repositories",
	  .os = rpm_oses,
	  .settings = rpm_settings,
	  .offers = true,
	  .plan = rpm_plan_repos,
	  .sync = rpm_sync_repo },
	{ .name = "ubuntu",
	  .title = "Ubuntu archive",
	  .os = ubuntu_os,
	  .settings = ubuntu_settings,
	  .is_signed = true,
	  .offers = true,
	  .plan = ubuntu_plan_suites,
	  .sync = debian_sync_spec },
	{ .name = "ubuntu-osv",
	  .title = "Ubuntu security notices",
	  .os = ubuntu_os,
	  .settings = ubuntu_osv_settings,
	  .optional = true,
	  .every_s = 6 * 3600,
	  .plan = notices_plan_ubuntu_osv,
	  .sync = notices_sync_spec },
	{ .name = "ubuntu-usn",
	  .title = "Ubuntu notices database",
	  .os = ubuntu_os,
	  .settings = ubuntu_usn_settings,
	  .optional = true,
	  .every_s = 6 * 3600,
	  .plan = notices_plan_ubuntu_usn,
	  .sync = notices_sync_spec },
	{ .name = "almalinux-osv",
	  .title = "AlmaLinux advisories",
	  .os = alma_os,
	  .settings = alma_settings,
	  .optional = true,
	  .plan = notices_plan_almalinux,
	  .sync = notices_sync_spec },
	{ .name = "rocky-osv",
	  .title = "Rocky Linux advisories",
	  .os = rocky_os,
	  .settings = rocky_settings,
	  .optional = true,
	  .plan = notices_plan_rocky,
	  .sync = notices_sync_spec },
	{ .name = "redhat-csaf",
	  .title = "Red Hat advisories",
	  .os = rhel_os,
	  .settings = rhel_settings,
	  .optional = true,
	  .every_s = 24 * 3600,
	  .plan = notices_plan_redhat,
	  .sync = notices_sync_spec },
	{ .name = "alpine-secdb",
	  .title = "Alpine security database",
	  .os = alpine_os,
	  .settings = alpine_settings,
	  .optional = true,
	  .plan = notices_plan_alpine,
	  .sync = notices_sync_spec },
	{ .name = NULL },
};

const struct feed_kind *feed_kind_find(struct str name)
{
	for (const struct feed_kind *k = feed_kinds; k->name; k++)
		if (str_is(name, k->name))
			return k;
	return NULL;
}

const char *feed_option(const struct feed_spec *s, const char *name)
{
	size_t n = strlen(name);
	for (const char *const *o = s->options; o && *o; o++)
		if (strncmp(*o, name, n) == 0 && (*o)[n] == '=')
			return *o + n + 1;
	return NULL;
}

const char *const *feed_oses(const struct feed_spec *s, struct arena *a)
{
	size_t n = 0;
	for (const char *const *o = s->options; o && *o; o++)
		n += strncmp(*o, "os=", 3) == 0;
	if (!n)
		return NULL;
	const char **out = arena_array(a, const char *, n + 1);
	n = 0;
	for (const char *const *o = s->options; *o; o++)
		if (strncmp(*o, "os=", 3) == 0)
			out[n++] = *o + 3;
	return out;
}

void feed_plan_done(struct feed_plan *p)
{
	VEC_DONE(&p->specs);
}

const char *feed_setting(const struct feed_plan *p, const char *key)
{
	const char *v = p->setting(p->setting_arg, key);
	return v ? v : "";
}

bool feed_plan_add(struct feed_plan *p, const struct feed_spec *s, struct err *e)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, s->id) == 0)
			return err_set(e, ERR_CONFLICT,
				       "feed '%s' is asked for twice; name it once in the settings",
				       s->id);
	VEC_PUSH(&p->specs, *s);
	return true;
}

void feed_plan_all(struct feed_plan *p,
		   void (*failed)(void *arg, const struct feed_kind *k, const struct err *e),
		   void *arg)
{
	for (const struct feed_kind *k = feed_kinds; k->name; k++) {
		struct err e = { 0 };
		size_t before = p->specs.n;
		if (k->plan(p, &e))
			continue;
		p->specs.n = before;
		if (failed)
			failed(arg, k, &e);
	}
}
