/* SPDX-License-Identifier: Apache-2.0
 * GET /feed-kinds: what can be synced, for those who choose what is (setting feed.off). */
#include "api/api_int.h"
#include "api/words.h"
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

const struct route sources_routes[] = {
	ROUTE(GET, API "/feed-kinds", PERM_VIEW, list_sources),
	ROUTE_TABLE_END,
};
