/* SPDX-License-Identifier: Apache-2.0
 * Filtering and ordering of systems, from the fleet's memory and match's counters. */
#include "api/system_list.h"

#include "api/filters.h"
#include "api/system_json.h"
#include "api/system_page.h"

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

bool system_filter_describe(struct system_filter *f, const struct query *q, const char *pointer,
			    struct err *e)
{
	const char *text = query_text(q, "filter");
	struct filter *x;
	roaring_bitmap_t *hosts;
	if (!text)
		return true;
	if (!filters_parse(f->c, pointer, text, &x, e) ||
	    !filters_hosts(f->c, f->v, pointer, x, &hosts, e))
		return false;
	f->only = arena_new(f->c->arena, struct list_input);
	*f->only = system_input(f->c, hosts);
	roaring_bitmap_free(hosts);
	return true;
}

uint32_t system_filter_failing(void *filter, uint32_t host)
{
	struct system_filter *f = filter;
	if (!f->set) {
		f->set = arena_new(f->c->arena, struct system_set);
		system_set_init(f->set, f);
	}
	return system_set_failing(f->set, host);
}

static void set_text(struct page_value *out, const char *s)
{
	out->is_text = true;
	out->s = str_of(s ? s : "");
}

/* The texts of a cursor; numbers are system_page's own. */
static void value(void *filter, uint32_t host, int column, struct page_value *out)
{
	const struct system_filter *f = filter;
	const struct host *h = fleet_host(f->v->fleet, host);
	*out = (struct page_value) { 0 };
	switch (column) {
	case SYSTEM_BY_ID: set_text(out, h->id); break;
	case SYSTEM_BY_HOSTNAME: set_text(out, h->attrs.hostname); break;
	case SYSTEM_BY_OS: set_text(out, h->attrs.os_name); break;
	case SYSTEM_BY_ADDRESS: set_text(out, h->attrs.address); break;
	case SYSTEM_BY_OFFICE: set_text(out, h->office); break;
	case SYSTEM_BY_VERSION: set_text(out, h->attrs.agent_version); break;
	default: break; /* a number */
	}
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

const struct list_kind system_list_kind = {
	.columns = columns,
	.default_sort = "hostname",
	.facets = facets,
	.value = value,
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
	if (f->only)
		return *f->only;
	if (f->states)
		return (struct list_input) { NULL, fleet_host_count(f->v->fleet) };
	return system_input(c, fleet_active(f->v->fleet));
}

bool system_list_reply(struct call *c, struct system_filter *f, struct list_input in,
		       struct match_view *v, struct err *e)
{
	struct list_page page;
	if (!system_page(c, f, in, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, system_json(c, f->v, page.items[i]));
	match_read_end(v); /* writing it out keeps nobody waiting */
	return call_json(c, 200, list_reply(items, &page));
}
