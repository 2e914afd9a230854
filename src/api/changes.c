/* SPDX-License-Identifier: Apache-2.0
 * GET /patches/{id}/changelog: what changed, as the package itself tells it. The package is taken
 * from the store and read by another process (api_conf.read_changelog); fetching it is asked for by
 * a POST of its own, since reading must not make the server fetch. */
#include "api/changes.h"

#include "api/api_int.h"
#include "api/words.h"
#include "catalog/changes.h"
#include "format/pkgfile.h"

#include <stdlib.h>

#define CACHE 16
#define MAX_ENTRIES 100
#define MAX_UNBOUND 20
#define MAX_TRIES 6
#define MAX_TEXT (32u << 10)

/* --- texts that were read lately --- */

struct changes_cache {
	pthread_mutex_t lock;
	struct {
		struct sha256 package;
		char *text;
		size_t n;
	} at[CACHE];
	size_t next;
};

struct changes_cache *changes_cache_new(void)
{
	struct changes_cache *c = xcalloc(1, sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void changes_cache_free(struct changes_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CACHE; i++)
		xfree(c->at[i].text);
	pthread_mutex_destroy(&c->lock);
	xfree(c);
}

bool changes_cache_get(struct changes_cache *c, const struct sha256 *package, struct buf *out)
{
	bool found = false;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < CACHE && !found; i++)
		if (c->at[i].text && digest_eq(&c->at[i].package, package)) {
			buf_add(out, c->at[i].text, c->at[i].n);
			found = true;
		}
	pthread_mutex_unlock(&c->lock);
	return found;
}

void changes_cache_put(struct changes_cache *c, const struct sha256 *package, struct str text)
{
	pthread_mutex_lock(&c->lock);
	xfree(c->at[c->next].text);
	c->at[c->next].package = *package;
	c->at[c->next].text = str_dup(text);
	c->at[c->next].n = text.n;
	c->next = (c->next + 1) % CACHE;
	pthread_mutex_unlock(&c->lock);
}

/* --- which package --- */

struct candidate {
	enum component_kind kind;
	struct str name, version, file; /* in the call's arena */
	struct str installed;		/* of the source package, on the system asked for */
	struct sha256 sha256;
	int64_t size;
	uint32_t component;
	bool stored;
};
struct question {
	struct str offered; /* version of the source package */
	struct candidate *list;
	size_t n;
};

static int by_cost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->stored != y->stored)
		return x->stored ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

/* The source version the system has of the component; empty when it has none. */
static struct str installed_of(struct call *c, const struct match_view *v, uint32_t host,
			       uint32_t patch, uint32_t component)
{
	struct host_component *list = NULL;
	uint32_t n = match_components(v, host, patch, &list);
	AUTO(xfree) struct host_component *owned = list;
	struct str found = STR_LIT("");
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package p;
		if (list[i].component == component &&
		    fleet_fact_package(v->fleet, list[i].fact, &p))
			found = arena_str(c->arena,
					  p.kind == FACT_DEB ? p.source_version : p.version);
	}
	return found;
}

static bool gather(struct call *c, const struct match_view *v, uint32_t patch, uint32_t host,
		   struct question *q)
{
	const struct catalog *cat = v->catalog;
	const struct patch *p = &cat->patches[patch];
	q->list = arena_array(c->arena, struct candidate, p->components + 1);
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *k = &cat->components[p->first_component + i];
		if (k->archive == CATALOG_NONE || !k->file.n || !changes_known(k->kind))
			continue;
		struct candidate x = { .kind = k->kind,
				       .name = arena_str(c->arena, k->name),
				       .version = arena_str(c->arena, k->version),
				       .file = arena_str(c->arena, k->file),
				       .sha256 = k->sha256,
				       .size = k->size,
				       .component = p->first_component + i,
				       .stored = store_has(c->conf->store, &k->sha256, NULL) };
		if (host != CATALOG_NONE) {
			x.installed = installed_of(c, v, host, patch, p->first_component + i);
			if (!x.installed.n)
				continue; /* not on that system */
		}
		q->list[q->n++] = x;
	}
	qsort(q->list, q->n, sizeof(*q->list), by_cost);
	bool deb = q->n && q->list[0].kind == COMPONENT_DEB;
	q->offered = q->n ? arena_str(c->arena, deb ? p->version : q->list[0].version)
			  : STR_LIT("");
	return true;
}

static bool ask(struct call *c, struct question *q, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	uint32_t patch = catalog_find(v.catalog, c->params[0]), host = CATALOG_NONE;
	const char *system = query_text(&c->query, "system");
	if (patch == CATALOG_NONE)
		return err_set(e, ERR_NOT_FOUND, "no patch '%.*s'", (int)MIN(c->params[0].n, 160),
			       c->params[0].p);
	if (system) {
		const struct host *h = fleet_host_by_id(v.fleet, str_of(system));
		if (!h)
			return err_set(e, ERR_NOT_FOUND, "no system '%.60s'", system);
		host = h->no;
	}
	return gather(c, &v, patch, host, q);
}

/* --- its text --- */

static bool extract(struct call *c, const struct candidate *k, struct buf *out, struct err *e)
{
	if (changes_cache_get(c->api->changes, &k->sha256, out))
		return true;
	AUTO(fd_close) int fd = -1;
	int64_t size;
	if (!store_read_fd(c->conf->store, &k->sha256, &fd, &size, e))
		return false;
	if (!c->conf->read_changelog(c->conf->arg, k->kind, k->name, fd, out, e)) {
		if (e->code != ERR_NOT_FOUND)
			return err_prefix(e, "package '%.100s'", k->file.p);
		buf_reset(out);
	}
	changes_cache_put(c->api->changes, &k->sha256, buf_str(out));
	return true;
}

struct telling {
	struct call *c;
	json_t *entries, *all_cves;
};

static bool add_cve(void *arg, struct str cve)
{
	json_t *list = arg, *one;
	size_t i;
	json_array_foreach(list, i, one) if (str_is(cve, json_string_value(one))) return true;
	json_array_append_new(list, json_text(cve));
	return json_array_size(list) < 2000;
}

static bool tell(void *arg, const struct changelog_entry *x)
{
	struct telling *t = arg;
	json_t *j = json_object(), *cves = json_array();
	bool cut = x->text.n > MAX_TEXT;
	json_object_set_new(j, "version", words_str_or_null(x->version));
	json_object_set_new(j, "date", json_time(x->date_ms));
	json_object_set_new(j, "author", json_text(x->author));
	json_object_set_new(j, "urgency", words_str_or_null(x->urgency));
	json_object_set_new(j, "text",
			    json_text((struct str) { x->text.p, cut ? MAX_TEXT : x->text.n }));
	json_object_set_new(j, "cut", json_boolean(cut));
	changelog_cves(x->text, add_cve, cves);
	changelog_cves(x->text, add_cve, t->all_cves);
	json_object_set_new(j, "cves", cves);
	json_array_append_new(t->entries, j);
	return true;
}

static json_t *answer(const char *state, const struct candidate *k, json_t *entries, json_t *cves,
		      bool more)
{
	json_t *j = json_object();
	json_object_set_new(j, "state", json_string(state));
	json_object_set_new(j, "package", k ? json_text(k->name) : json_null());
	json_object_set_new(j, "version", k ? json_text(k->version) : json_null());
	json_object_set_new(j, "installed", k ? words_str_or_null(k->installed) : json_null());
	json_object_set_new(j, "file", k ? json_text(k->file) : json_null());
	json_object_set_new(j, "size", k ? json_integer(k->size) : json_null());
	json_object_set_new(j, "entries", entries ? entries : json_array());
	json_object_set_new(j, "cves", cves ? cves : json_array());
	json_object_set_new(j, "more", json_boolean(more));
	return j;
}

static bool get_changelog(struct call *c, struct err *e)
{
	struct question q = { .n = 0 };
	const struct candidate *missing = NULL;
	if (!ask(c, &q, e))
		return false;
	for (size_t i = 0, tried = 0; i < q.n; i++) {
		const struct candidate *k = &q.list[i];
		AUTO(buf_done) struct buf text = BUF_INIT(PKGFILE_CHANGELOG_MAX);
		if (!k->stored) {
			missing = missing ? missing : k;
			continue;
		}
		if (tried++ == MAX_TRIES)
			break;
		if (!extract(c, k, &text, e))
			return false;
		if (!text.n)
			continue;
		struct telling t = { c, json_array(), json_array() };
		bool more;
		changes_between(k->kind, buf_str(&text), k->installed, q.offered,
				k->installed.n ? MAX_ENTRIES : MAX_UNBOUND, tell, &t, &more);
		return call_json(c, 200, answer("available", k, t.entries, t.all_cves, more));
	}
	return call_json(c, 200,
			 answer(missing ? "not_stored" : "none", missing, NULL, NULL, false));
}

static bool fetch_changelog(struct call *c, struct err *e)
{
	struct question q = { .n = 0 };
	if (!ask(c, &q, e))
		return false;
	for (size_t i = 0; i < q.n; i++) {
		const struct candidate *k = &q.list[i];
		if (k->stored)
			continue;
		AUTO(match_read_end) struct match_view v;
		match_read(c->conf->match, &v);
		uint32_t component = catalog_find_payload(v.catalog, &k->sha256);
		if (component == CATALOG_NONE)
			continue; /* a new patch DB no longer offers it */
		c->conf->want_payload(c->conf->arg, v.catalog, &component, 1);
		return call_json(c, 202, answer("fetching", k, NULL, NULL, false));
	}
	return err_set(e, ERR_NOT_FOUND, "no package of this patch is left to fetch");
}

static const struct param changelog_params[] = {
	{ .name = "system", .type = PARAM_TEXT, .min = 32, .max = 32 },
	PARAM_LAST,
};

const struct route changes_routes[] = {
	ROUTE(GET, API "/patches/{patch_id}/changelog", PERM_VIEW, get_changelog,
	      .query = changelog_params),
	ROUTE(POST, API "/patches/{patch_id}/changelog:fetch", PERM_DEPLOY, fetch_changelog,
	      .query = changelog_params),
	ROUTE_TABLE_END,
};
