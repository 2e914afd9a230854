/* SPDX-License-Identifier: Apache-2.0
 * See targets.h. Names become ids here, so that a group that is renamed later stays meant. */
#include "cli/targets.h"

bool targets_given(const struct target_options *o)
{
	return o->offices.n + o->groups.n + o->ranges.n + o->out_systems.n + o->out_offices.n +
			       o->out_groups.n + o->out_ranges.n >
		       0 ||
	       o->filter || o->out_filter || o->dynamic;
}

static void put_texts(json_t *out, const char *member, const struct target_list *list)
{
	if (!list->n)
		return;
	json_t *texts = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(texts, json_text(str_of(list->p[i])));
	json_object_set_new(out, member, texts);
}

static bool put_ids(struct remote *r, json_t *out, const char *member, const char *const *words,
		    size_t n,
		    bool (*find)(struct remote *r, const char *word, json_t **out, struct err *e),
		    struct err *e)
{
	if (!n)
		return true;
	json_t *ids = json_array();
	json_object_set_new(out, member, ids);
	for (size_t i = 0; i < n; i++) {
		AUTO(json_free) json_t *found = NULL;
		if (!find(r, words[i], &found, e))
			return false;
		json_array_append(ids, json_object_get(found, "id"));
	}
	return true;
}

bool targets_read(struct remote *r, const struct target_options *o, const char *const *systems,
		  size_t n_systems, json_t *out, struct err *e)
{
	AUTO(json_free) json_t *exclude = json_object();
	put_texts(out, "offices", &o->offices);
	put_texts(out, "ip_ranges", &o->ranges);
	put_texts(exclude, "offices", &o->out_offices);
	put_texts(exclude, "ip_ranges", &o->out_ranges);
	if (o->filter)
		json_object_set_new(out, "filter", json_text(str_of(o->filter)));
	if (o->out_filter)
		json_object_set_new(exclude, "filter", json_text(str_of(o->out_filter)));
	if (!put_ids(r, out, "systems", systems, n_systems, remote_system, e) ||
	    !put_ids(r, out, "groups", o->groups.p, o->groups.n, remote_group, e) ||
	    !put_ids(r, exclude, "systems", o->out_systems.p, o->out_systems.n, remote_system, e) ||
	    !put_ids(r, exclude, "groups", o->out_groups.p, o->out_groups.n, remote_group, e))
		return false;
	if (json_object_size(exclude))
		json_object_set(out, "exclude", exclude);
	json_object_set_new(out, "mode", json_string(o->dynamic ? "dynamic" : "frozen"));
	return true;
}
