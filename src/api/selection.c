/* SPDX-License-Identifier: Apache-2.0
 * Selections: explicit ids are checked to exist; a filter is read with the same rules as the list's
 * query, so that what a person saw on a list is what is selected. */
#include "api/selection.h"

#include "api/api_int.h"
#include "api/patch_list.h"
#include "api/system_list.h"
#include "base/intern.h"
#include "base/vec.h"

#define MAX_ID 400

struct noun {
	const char *name;
	const struct param *params;
	/** Prepares the filter from `q`; NULL = it cannot be one. */
	void *(*filter)(struct call *c, const struct query *q, const struct match_view *v,
			struct err *e);
	struct list_input (*candidates)(struct call *c, void *filter);
	uint32_t (*failing)(void *filter, uint32_t item);
	struct str (*id)(const struct match_view *v, uint32_t item);
	bool (*exists)(const struct match_view *v, struct str id);
};

/* --- patches --- */

static void *patch_filter(struct call *c, const struct query *q, const struct match_view *v,
			  struct err *e UNUSED)
{
	struct patch_filter *f = arena_new(c->arena, struct patch_filter);
	patch_filter_read(c, f, q, v);
	return f;
}

static struct list_input patch_candidates(struct call *c, void *filter)
{
	const struct patch_filter *f = filter;
	(void)c;
	return (struct list_input) { NULL, f->v->catalog->n_patches };
}

static struct str patch_id(const struct match_view *v, uint32_t item)
{
	return v->catalog->patches[item].id;
}

static bool patch_exists(const struct match_view *v, struct str id)
{
	return catalog_find(v->catalog, id) != CATALOG_NONE;
}

static const struct param patch_params[] = { PARAMS_PATCH, PARAM_LAST };
static const struct noun patches = {
	"patch",  patch_params, patch_filter, patch_candidates, patch_filter_failing,
	patch_id, patch_exists,
};

/* --- systems --- */

static void *system_filter(struct call *c, const struct query *q, const struct match_view *v,
			   struct err *e)
{
	struct system_filter *f = arena_new(c->arena, struct system_filter);
	system_filter_read(c, f, q, v);
	return system_filter_describe(f, q, "/systems/filter/filter", e) ? f : NULL;
}

static struct list_input active_systems(struct call *c, void *filter)
{
	const struct system_filter *f = filter;
	return f->only ? *f->only : system_input(c, fleet_active(f->v->fleet));
}

static struct str system_id(const struct match_view *v, uint32_t item)
{
	return str_of(fleet_host(v->fleet, item)->id);
}

static bool system_exists(const struct match_view *v, struct str id)
{
	const struct host *h = fleet_host_by_id(v->fleet, id);
	return h && h->state == HOST_ACTIVE;
}

static const struct param system_params[] = { PARAMS_SYSTEM, PARAM_LAST };
static const struct noun systems = {
	"system",  system_params, system_filter, active_systems, system_filter_failing,
	system_id, system_exists,
};

/* --- resolving --- */

struct resolving {
	struct call *c;
	const struct noun *noun;
	const char *pointer;
	const json_t *object;
	struct match_view *v;
	const char **ids;
	size_t n;
};

static bool bad(struct resolving *r, const char *member, struct err *e, const char *why)
{
	call_blame(r->c, arena_printf(r->c->arena, "%s%s", r->pointer, member), "invalid_selection",
		   why);
	return call_fail(r->c, e, 400, "invalid_selection", "'%s%s' %s", r->pointer, member, why);
}

static bool resolve_ids(struct resolving *r, const json_t *ids, struct err *e)
{
	AUTO(intern_free) struct intern *seen = intern_new();
	size_t n = json_array_size(ids);
	if (!json_is_array(ids) || n == 0 || n > SELECTION_MAX_IDS)
		return bad(r, "/ids", e, "must be an array of 1 to 20000 ids");
	r->ids = arena_array(r->c->arena, const char *, n);
	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		if (!id || strlen(id) > MAX_ID || !r->noun->exists(r->v, str_of(id)))
			return bad(r, arena_printf(r->c->arena, "/ids/%zu", i), e,
				   "names nothing that can be selected");
		if (intern_find(seen, str_of(id)) != INTERN_NONE)
			continue;
		intern_add(seen, str_of(id));
		r->ids[r->n++] = arena_strdup(r->c->arena, id);
	}
	return true;
}

static bool read_filter(struct resolving *r, const json_t *filter, struct query *q, struct err *e)
{
	const char *name, *code;
	json_t *value;
	if (filter && !json_is_object(filter))
		return bad(r, "/filter", e, "must be an object");
	json_object_foreach((json_t *)filter, name, value)
	{
		const char *text = json_string_value(value);
		if (!text)
			return bad(r, "/filter", e, "must hold texts only");
		if (!query_add(q, r->noun->params, name, text, &code, e))
			return bad(r, arena_printf(r->c->arena, "/filter/%.60s", name), e,
				   arena_strdup(r->c->arena, e->msg));
	}
	return true;
}

static bool read_exclude(struct resolving *r, struct intern *out, struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(r->object, "exclude", SELECTION_MAX_IDS, &list, e))
		return bad(r, "/exclude", e, "must be an array of at most 20000 ids");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));
		if (!id)
			return bad(r, "/exclude", e, "must hold ids only");
		intern_add(out, str_of(id));
	}
	return true;
}

static bool resolve_filter(struct resolving *r, const json_t *filter, struct err *e)
{
	struct query q = { .arena = r->c->arena };
	AUTO(intern_free) struct intern *exclude = intern_new();
	if (!read_filter(r, filter, &q, e) || !read_exclude(r, exclude, e))
		return false;
	void *f = r->noun->filter(r->c, &q, r->v, e);
	if (!f)
		return false;
	struct list_input in = r->noun->candidates(r->c, f);
	r->ids = arena_array(r->c->arena, const char *, in.n + 1);
	for (uint32_t i = 0; i < in.n; i++) {
		uint32_t item = in.items ? in.items[i] : i;
		if (r->noun->failing(f, item))
			continue;
		struct str id = r->noun->id(r->v, item);
		if (intern_find(exclude, id) == INTERN_NONE)
			r->ids[r->n++] = arena_str(r->c->arena, id).p;
	}
	return true;
}

static bool check_count(struct resolving *r, struct err *e)
{
	int64_t expected = -1;
	if (!json_opt_int(r->object, "expected_count", 0, INT32_MAX, &expected, e))
		return bad(r, "/expected_count", e, "must be a number");
	if (expected >= 0 && (int64_t)r->n > expected) {
		r->c->problem_params = json_object();
		json_object_set_new(r->c->problem_params, "expected", json_integer(expected));
		json_object_set_new(r->c->problem_params, "count", json_integer((int64_t)r->n));
		return call_fail(r->c, e, 409, "selection_changed",
				 "the selection has grown from %lld to %zu; look at it again",
				 (long long)expected, r->n);
	}
	if (r->n == 0) {
		call_blame(r->c, r->pointer, "selection_empty", "selects nothing");
		return call_fail(r->c, e, 400, "selection_empty", "'%s' selects nothing",
				 r->pointer);
	}
	return true;
}

static bool resolve(struct call *c, const struct noun *noun, const json_t *object,
		    const char *pointer, const char ***ids_out, size_t *n_out, struct err *e)
{
	static const char *const known[] = { "ids",	"filter",	  "all",
					     "exclude", "expected_count", NULL };
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct resolving r = {
		.c = c, .noun = noun, .pointer = pointer, .object = object, .v = &v
	};
	if (!json_is_object(object) || !json_only(object, known, e))
		return bad(&r, "", e, "must be an object with ids, filter or all");
	json_t *ids = json_object_get(object, "ids"), *filter = json_object_get(object, "filter"),
	       *all = json_object_get(object, "all");
	if (!!ids + !!filter + !!all != 1 || (all && !json_is_true(all)))
		return bad(&r, "", e, "must have exactly one of ids, filter and all (true)");
	if (ids && json_object_get(object, "exclude"))
		return bad(&r, "/exclude", e, "goes with filter or all only");
	if (!(ids ? resolve_ids(&r, ids, e) : resolve_filter(&r, filter, e)) || !check_count(&r, e))
		return false;
	*ids_out = r.ids;
	*n_out = r.n;
	return true;
}

bool selection_patches(struct call *c, const json_t *selection, const char *pointer,
		       const char ***ids_out, size_t *n_out, struct err *e)
{
	return resolve(c, &patches, selection, pointer, ids_out, n_out, e);
}

bool selection_systems(struct call *c, const json_t *selection, const char *pointer,
		       const char ***ids_out, size_t *n_out, struct err *e)
{
	return resolve(c, &systems, selection, pointer, ids_out, n_out, e);
}
