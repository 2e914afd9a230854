/* SPDX-License-Identifier: Apache-2.0
 * GET /feed-kinds: what can be synced, for those who choose what is (setting feed.off). GET
 * /patch-scope: what of it is managed, by family and class (setting scope.off). */
#include "api/api_int.h"
#include "api/words.h"
#include "catalog/scope.h"
#include "settings/settings.h"

static bool is_off(struct str off, const char *kind)
{
	struct str one;
	while (off.n && str_split(&off, '\n', &one))
		if (str_is(str_trim(one), kind))
			return true;
	return false;
}

static bool list_sources(struct call *c, struct err *e UNUSED)
{
	const char *kind, *title, *const *os;
	bool offers, is_signed;
	struct str off = str_of(settings_text(c->conf->settings, SETTING_SYNC_OFF, c->arena));
	json_t *items = json_array(), *j = json_object();
	for (size_t i = 0;
	     c->conf->source(c->conf->arg, i, &kind, &title, &os, &offers, &is_signed); i++) {
		json_t *one = json_object(), *families = json_array();
		for (; *os; os++) {
			struct str s = str_of(*os);
			if (str_ends(s, ":"))
				s.n--;
			json_array_append_new(families, json_text(s));
		}
		const char *class = offers			? "packages"
				    : json_array_size(families) ? "advisories"
								: "enrichment";
		json_object_set_new(one, "kind", json_string(kind));
		json_object_set_new(one, "title", json_string(title));
		json_object_set_new(one, "os", families);
		json_object_set_new(one, "class", json_string(class));
		json_object_set_new(one, "signed", json_boolean(is_signed));
		json_object_set_new(one, "enabled", json_boolean(!is_off(off, kind)));
		json_array_append_new(items, one);
	}
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
}

/* The cells of one family: classes that its feeds brought, or that are off. */
static json_t *classes_json(const struct scope_row *row, struct str off)
{
	json_t *list = json_array();
	for (int t = 0; t < PATCH_TYPES_; t++) {
		bool is_out = scope_is_off(off, row->family, (enum patch_type)t);
		if (!row->patches[t] && !is_out)
			continue;
		json_t *j = json_object();
		json_object_set_new(j, "type", json_string(patch_type_name((enum patch_type)t)));
		json_object_set_new(j, "patches", json_integer(row->patches[t]));
		json_object_set_new(j, "enabled", json_boolean(!is_out));
		json_object_set_new(j, "applied",
				    json_boolean(row->off[t] == is_out || !row->patches[t]));
		json_array_append_new(list, j);
	}
	return list;
}

static bool list_scope(struct call *c, struct err *e UNUSED)
{
	struct str off = str_of(settings_text(c->conf->settings, SETTING_SCOPE_OFF, c->arena));
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	json_t *items = json_array(), *j = json_object();
	for (uint32_t i = 0; i < v.catalog->n_scope; i++) {
		const struct scope_row *row = &v.catalog->scope[i];
		json_t *one = json_object();
		json_object_set_new(one, "family", json_text(row->family));
		json_object_set_new(one, "platform", json_string(word_platform(row->family)));
		json_object_set_new(one, "classes", classes_json(row, off));
		json_array_append_new(items, one);
	}
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
}

const struct route sources_routes[] = {
	ROUTE(GET, API "/patch-scope", PERM_VIEW, list_scope),
	ROUTE(GET, API "/feed-kinds", PERM_VIEW, list_sources),
	ROUTE_TABLE_END,
};
