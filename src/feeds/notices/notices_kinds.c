/* SPDX-License-Identifier: Apache-2.0
 * Rows of the registry for documents of notices: settings and estate to specs, specs to syncs. */
#include "feeds/local.h"
#include "feeds/notices/notices.h"
#include "feeds/ubuntu/ubuntu.h"

static const struct row {
	const char *kind, *os, *setting;
	enum notices_form form;
	const char *keyring; /* setting, NULL = such documents are never signed */
} rows[] = {
	{ "ubuntu-osv", "ubuntu", "feed.ubuntu.osv_url", NOTICES_OSV },
	{ "ubuntu-usn", "ubuntu", "feed.ubuntu.usn_url", NOTICES_USN },
	{ "almalinux-osv", "almalinux", "feed.almalinux.osv_url", NOTICES_OSV },
	{ "rocky-osv", "rocky", "feed.rocky.osv_url", NOTICES_OSV },
	{ "redhat-csaf", "rhel", "feed.redhat.csaf_url", NOTICES_CSAF, "feed.redhat.csaf_keyring" },
	{ "alpine-secdb", "alpine", "feed.alpine.secdb_url", NOTICES_SECDB },
};

static const struct row *row_of(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].kind, kind) == 0)
			return &rows[i];
	return NULL;
}

struct limit {
	struct arena *a;
	const char *os;
	const char **list; /* room for all */
	size_t n;
};

static void add_release(struct limit *l, struct str release)
{
	const char *option = arena_printf(l->a, "os=%s:%.*s", l->os, STR_ARG(release));
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i], option) == 0)
			return;
	l->list[l->n++] = option;
}

/* Systems of the RPM family tell "9.4"; their notices speak of 9. Alpine's "3.19.1" is a 3.19. */
static struct str release_of(const char *os, const char *release)
{
	struct str r = str_of(release);
	bool two = strcmp(os, "alpine") == 0, whole = strcmp(os, "ubuntu") == 0;
	unsigned dots = 0;
	for (size_t i = 0; !whole && i < r.n; i++)
		if (r.p[i] == '.' && ++dots == (two ? 2 : 1))
			r.n = i;
	return r;
}

const char *const *notices_limit(const struct feed_plan *p, const char *os,
				 const char *(*version_of)(struct str codename))
{
	struct limit l = { .a = p->arena, .os = os };
	l.list = arena_array(p->arena, const char *, p->specs.n + p->n_estate + 1);
	for (size_t i = 0; version_of && i < p->specs.n; i++) {
		const struct feed_spec *s = &p->specs.p[i];
		if (strcmp(s->kind, os) != 0)
			continue;
		const char *version = s->suite ? version_of(str_of(s->suite)) : NULL;
		if (!version)
			return NULL;
		add_release(&l, str_of(version));
	}
	for (size_t i = 0; i < p->n_estate; i++) {
		if (strcmp(p->estate[i].os, os) != 0)
			continue;
		if (!p->estate[i].release || !p->estate[i].release[0])
			return NULL;
		add_release(&l, release_of(os, p->estate[i].release));
	}
	return l.n ? l.list : NULL;
}

static bool has(const struct feed_plan *p, const char *os)
{
	for (size_t i = 0; i < p->n_estate; i++)
		if (strcmp(p->estate[i].os, os) == 0)
			return true;
	return false;
}

static bool plan(struct feed_plan *p, const char *kind, struct err *e)
{
	const struct row *r = row_of(kind);
	const char *url = feed_setting(p, r->setting);
	struct feed_spec spec = { .id = kind, .kind = kind, .url = url };
	if (!url[0] || strcmp(url, "off") == 0 || !has(p, r->os))
		return true;
	spec.options = notices_limit(p, r->os, NULL);
	const char *keyring = r->keyring ? feed_setting(p, r->keyring) : "";
	if (keyring[0]) {
		const char **list = arena_array(p->arena, const char *, 2);
		list[0] = keyring;
		list[1] = NULL;
		spec.keyrings = list;
	}
	/* The file that archive_latest.txt names is beside it, as is a signature. */
	const char *slash = strrchr(url, '/');
	if (feed_local_path(url) && slash &&
	    (spec.keyrings || strcmp(slash + 1, NOTICES_LATEST) == 0))
		spec.dir = arena_printf(p->arena, "%.*s", (int)(slash - url), url);
	return feed_plan_add(p, &spec, e);
}

bool notices_plan_ubuntu_osv(struct feed_plan *p, struct err *e)
{
	return plan(p, "ubuntu-osv", e);
}

bool notices_plan_ubuntu_usn(struct feed_plan *p, struct err *e)
{
	return plan(p, "ubuntu-usn", e);
}

bool notices_plan_almalinux(struct feed_plan *p, struct err *e)
{
	return plan(p, "almalinux-osv", e);
}

bool notices_plan_rocky(struct feed_plan *p, struct err *e)
{
	return plan(p, "rocky-osv", e);
}

bool notices_plan_redhat(struct feed_plan *p, struct err *e)
{
	return plan(p, "redhat-csaf", e);
}

static bool is_planned(const struct feed_plan *p, const char *id)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, id) == 0)
			return true;
	return false;
}

/* A document per release and repository, below one address. */
bool notices_plan_alpine(struct feed_plan *p, struct err *e)
{
	static const char *const repositories[] = { "main", "community" };
	const char *base = feed_setting(p, "feed.alpine.secdb_url");
	for (size_t i = 0; base[0] && strcmp(base, "off") != 0 && i < p->n_estate; i++) {
		if (strcmp(p->estate[i].os, "alpine") != 0 || !p->estate[i].release)
			continue;
		struct str release = release_of("alpine", p->estate[i].release);
		bool number = release.n > 0 && release.p[0] >= '0' && release.p[0] <= '9';
		for (size_t k = 0; k < ARRAY_LEN(repositories); k++) {
			struct feed_spec spec = { .kind = "alpine-secdb" };
			spec.id = arena_printf(p->arena, "alpine-secdb/%.*s-%s", STR_ARG(release),
					       repositories[k]);
			spec.url = arena_printf(p->arena, "%s/%s%.*s/%s.json", base,
						number ? "v" : "", STR_ARG(release),
						repositories[k]);
			if (!is_planned(p, spec.id) && !feed_plan_add(p, &spec, e))
				return false;
		}
	}
	return true;
}

bool notices_sync_spec(const struct feed_spec *s, const struct feed_env *env,
		       struct generation_result *out, struct err *e)
{
	return notices_sync(row_of(s->kind)->form, s, env, out, e);
}
