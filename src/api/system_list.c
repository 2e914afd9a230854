/* SPDX-License-Identifier: Apache-2.0
 * Filtering and ordering of systems, from the fleet's memory and match's counters. */
#include "api/system_list.h"

#include "api/enriched.h"
#include "api/system_json.h"

enum {
	FACET_HEALTH,
	FACET_OS,
	FACET_SCAN,
	FACET_OFFICE,
	FACET_ONLINE,
	FACET_REBOOT,
	FACET_ARCH,
	FACET_VERSION,
	FACET_LIFECYCLE,
	FAIL_STALE = 29,
	FAIL_STATE = 30,
	FAIL_TEXT = 31
};
enum {
	COL_ID,
	COL_HOSTNAME,
	COL_OS,
	COL_ADDRESS,
	COL_HEALTH,
	COL_MISSING,
	COL_CRITICAL,
	COL_IMPORTANT,
	COL_INSTALLED,
	COL_HELD,
	COL_OFFICE,
	COL_CONTACT,
	COL_SCAN,
	COL_VERSION
};

void system_filter_read(struct call *c, struct system_filter *f, const struct query *q,
			const struct match_view *v)
{
	*f = (struct system_filter) {
		.c = c, .v = v, .now_ms = c->now_ms, .q = query_text(q, "q")
	};
	f->healths = query_words(q, "health");
	f->lifecycles = query_words(q, "lifecycle");
	f->scans = query_words(q, "scan");
	f->n_oses = query_list(q, "os", &f->oses);
	f->n_offices = query_list(q, "office", &f->offices);
	f->n_arches = query_list(q, "arch", &f->arches);
	f->n_versions = query_list(q, "agent_version", &f->versions);
	f->online = query_bool(q, "online");
	f->reboot = query_bool(q, "reboot");
	f->stale = query_bool(q, "stale");
	f->states = query_words(q, "state");
}

static uint32_t fails(bool ok, int bit)
{
	return ok ? 0 : UINT32_C(1) << bit;
}

static bool among(const char *s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(list[i], s ? s : ""))
			return true;
	return n == 0;
}

/* "debian:12" without building the text. */
static bool os_among(const struct host_attrs *a, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = list[i], id = { 0 };
		if (str_split(&rest, ':', &id) && str_is(id, a->os_id ? a->os_id : "") &&
		    str_is(rest, a->os_version ? a->os_version : ""))
			return true;
	}
	return n == 0;
}

static bool has(const char *s, const char *q)
{
	return s && strcasestr(s, q);
}

static bool has_text(const struct host *h, const char *q)
{
	const struct host_attrs *a = &h->attrs;
	return has(a->hostname, q) || has(a->address, q) || has(h->id, q) || has(a->os_name, q) ||
	       has(a->logged_in_user, q);
}

static bool matches_bool(int want, bool is)
{
	return want < 0 || want == is;
}

uint32_t system_filter_failing(void *filter, uint32_t host)
{
	const struct system_filter *f = filter;
	const struct host *h = fleet_host(f->v->fleet, host);
	const struct host_attrs *a = &h->attrs;
	if (f->states && !(f->states >> h->state & 1))
		return UINT32_C(1) << FAIL_STATE;
	if (f->q && !has_text(h, f->q))
		return UINT32_C(1) << FAIL_TEXT;
	uint32_t mask = fails(os_among(a, f->oses, f->n_oses), FACET_OS) |
			fails(!f->scans || f->scans >> h->scan & 1, FACET_SCAN) |
			fails(among(h->office, f->offices, f->n_offices), FACET_OFFICE) |
			fails(matches_bool(f->online, h->online), FACET_ONLINE) |
			fails(matches_bool(f->reboot, a->reboot_needed), FACET_REBOOT) |
			fails(among(a->arch, f->arches, f->n_arches), FACET_ARCH) |
			fails(among(a->agent_version, f->versions, f->n_versions), FACET_VERSION);
	if (f->lifecycles)
		mask |= fails(f->lifecycles >> enriched_lifecycle(f->c, f->v, h) & 1,
			      FACET_LIFECYCLE);
	if (f->healths || f->stale >= 0) {
		enum health health = match_health(f->v, host, f->now_ms);
		mask |= fails(!f->healths || f->healths >> health & 1, FACET_HEALTH) |
			fails(matches_bool(f->stale, health == HEALTH_UNKNOWN), FAIL_STALE);
	}
	return mask;
}

static void set_text(struct page_value *out, const char *s)
{
	out->is_text = true;
	out->s = str_of(s ? s : "");
}

static void value(void *filter, uint32_t host, int column, struct page_value *out)
{
	const struct system_filter *f = filter;
	const struct host *h = fleet_host(f->v->fleet, host);
	struct host_counts counts = { 0 };
	*out = (struct page_value) { 0 };
	if (column >= COL_MISSING && column <= COL_HELD)
		match_host_counts(f->v, host, &counts);
	switch (column) {
	case COL_ID: set_text(out, h->id); break;
	case COL_HOSTNAME: set_text(out, h->attrs.hostname); break;
	case COL_OS: set_text(out, h->attrs.os_name); break;
	case COL_ADDRESS: set_text(out, h->attrs.address); break;
	case COL_HEALTH: out->i = match_health(f->v, host, f->now_ms); break;
	case COL_MISSING: out->i = counts.missing_total; break;
	case COL_CRITICAL: out->i = counts.missing[SEVERITY_CRITICAL]; break;
	case COL_IMPORTANT: out->i = counts.missing[SEVERITY_IMPORTANT]; break;
	case COL_INSTALLED: out->i = counts.installed; break;
	case COL_HELD: out->i = counts.held; break;
	case COL_OFFICE: set_text(out, h->office); break;
	case COL_CONTACT: out->i = h->last_contact_ms; break;
	case COL_SCAN: out->i = h->last_scan_ms; break;
	case COL_VERSION: set_text(out, h->attrs.agent_version); break;
	default: ASSERT(false);
	}
}

static void add_os(const struct host_attrs *a, struct list_facets *out)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "%s:%s", a->os_id ? a->os_id : "",
			 a->os_version ? a->os_version : "");
	list_facet_add(out, (struct str) { text, MIN((size_t)n, sizeof(text) - 1) });
}

static void facet(void *filter, uint32_t host, int which, struct list_facets *out)
{
	const struct system_filter *f = filter;
	const struct host *h = fleet_host(f->v->fleet, host);
	const char *word = "";
	switch (which) {
	case FACET_HEALTH: word = health_name(match_health(f->v, host, f->now_ms)); break;
	case FACET_OS: add_os(&h->attrs, out); return;
	case FACET_SCAN: word = word_scan(h->scan); break;
	case FACET_OFFICE: word = h->office; break;
	case FACET_ONLINE: word = h->online ? "true" : "false"; break;
	case FACET_REBOOT: word = h->attrs.reboot_needed ? "true" : "false"; break;
	case FACET_ARCH: word = h->attrs.arch; break;
	case FACET_VERSION: word = h->attrs.agent_version; break;
	case FACET_LIFECYCLE: word = lifecycle_state_name(enriched_lifecycle(f->c, f->v, h)); break;
	default: ASSERT(false);
	}
	list_facet_add(out, str_of(word ? word : ""));
}

static const char *const columns[] = { "id",
				       "hostname",
				       "os",
				       "address",
				       "health",
				       "missing",
				       "missing_critical",
				       "missing_important",
				       "installed",
				       "held",
				       "office",
				       "last_contact",
				       "last_scan",
				       "agent_version",
				       NULL };
static const char *const facets[] = { "health", "os",	"scan",		 "office",    "online",
				      "reboot", "arch", "agent_version", "lifecycle", NULL };

static const struct list_kind system_list_kind = {
	.columns = columns,
	.default_sort = "hostname",
	.facets = facets,
	.value = value,
	.failing = system_filter_failing,
	.facet = facet,
};

struct list_input system_input(struct call *c, const roaring_bitmap_t *hosts)
{
	static uint32_t none;
	uint64_t n = hosts ? roaring_bitmap_get_cardinality(hosts) : 0;
	if (n == 0)
		return (struct list_input) { &none, 0 };
	uint32_t *items = arena_array(c->arena, uint32_t, n);
	roaring_bitmap_to_uint32_array(hosts, items);
	return (struct list_input) { items, (uint32_t)n };
}

struct list_input system_candidates(struct call *c, const struct system_filter *f)
{
	if (f->states)
		return (struct list_input) { NULL, fleet_host_count(f->v->fleet) };
	return system_input(c, fleet_active(f->v->fleet));
}

bool system_list_reply(struct call *c, struct system_filter *f, struct list_input in, struct err *e)
{
	struct list_page page;
	if (!list_run(c, &system_list_kind, f, in, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, system_json(c, f->v, page.items[i]));
	return call_json(c, 200, list_reply(items, &page));
}
