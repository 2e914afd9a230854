/* SPDX-License-Identifier: Apache-2.0
 * See selector.h. What is named is checked for its form when it is read, and for its being there
 * when it is resolved. */
#include "deploy/targets/selector.h"

#include "base/enc.h"
#include "fleet/roster.h"

/* --- reading --- */

struct reading {
	struct arena *a;
	struct selector_error *why;
	struct err *e;
	const char *at; /* pointer of the part */
};

/* The error in hand is about a member; returns false. */
static bool blame(struct reading *r, const char *member, size_t index)
{
	if (r->why && index == SIZE_MAX)
		r->why->pointer = arena_printf(r->a, "%s%s%s", r->at, *member ? "/" : "", member);
	else if (r->why)
		r->why->pointer = arena_printf(r->a, "%s/%s/%zu", r->at, member, index);
	return false;
}

static bool read_texts(struct reading *r, const json_t *j, const char *member, size_t max,
		       const char ***out, size_t *n_out)
{
	json_t *list = NULL, *one;
	size_t i;
	if (!json_opt_array(j, member, max, &list, r->e))
		return blame(r, member, SIZE_MAX);
	*n_out = json_array_size(list);
	*out = arena_array(r->a, const char *, *n_out + 1);
	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(one);
		if (!s || !*s || strlen(s) > 100 || strlen(s) != json_string_length(one)) {
			(void)err_set(r->e, ERR_INVALID,
				      "'%s' is a list of texts of 1 to 100 characters", member);
			return blame(r, member, i);
		}
		(*out)[i] = arena_strdup(r->a, s);
	}
	return true;
}

static bool check_ids(struct reading *r, const char *member, const char *const *ids, size_t n)
{
	uint8_t raw[16];
	for (size_t i = 0; i < n; i++)
		if (strlen(ids[i]) != 32 || !enc_unhex(str_of(ids[i]), raw, sizeof(raw))) {
			(void)err_set(r->e, ERR_INVALID, "'%s' is no id of 32 hex digits", ids[i]);
			return blame(r, member, i);
		}
	return true;
}

static bool read_ranges(struct reading *r, struct selector_part *p)
{
	p->ranges = arena_array(r->a, struct address_range, p->n_ip_ranges + 1);
	for (size_t i = 0; i < p->n_ip_ranges; i++)
		if (!address_range_parse(str_of(p->ip_ranges[i]), &p->ranges[i], r->e))
			return blame(r, "ip_ranges", i);
	return true;
}

static bool read_filter(struct reading *r, const json_t *j, struct selector_part *p)
{
	const char *text = "";
	if (!json_opt_str(j, "filter", FILTER_MAX, &text, r->e))
		return blame(r, "filter", SIZE_MAX);
	struct str trimmed = str_trim(str_of(text));
	p->filter = arena_str(r->a, trimmed).p;
	if (!trimmed.n)
		return true;
	struct filter_error *where = r->why ? &r->why->filter : NULL;
	if (filter_parse(str_of(p->filter), r->a, &p->parsed, where, r->e))
		return true;
	if (r->why)
		r->why->in_filter = true;
	return blame(r, "filter", SIZE_MAX);
}

static bool read_part(struct reading *r, const json_t *j, struct selector_part *p)
{
	return read_texts(r, j, "systems", SELECTOR_SYSTEMS, &p->systems, &p->n_systems) &&
	       check_ids(r, "systems", p->systems, p->n_systems) &&
	       read_texts(r, j, "offices", SELECTOR_OFFICES, &p->offices, &p->n_offices) &&
	       read_texts(r, j, "groups", SELECTOR_GROUPS, &p->groups, &p->n_groups) &&
	       check_ids(r, "groups", p->groups, p->n_groups) &&
	       read_texts(r, j, "ip_ranges", SELECTOR_RANGES, &p->ip_ranges, &p->n_ip_ranges) &&
	       read_ranges(r, p) && read_filter(r, j, p);
}

static bool read_object(struct reading *r, const json_t *j, const char *const *known)
{
	if (!json_is_object(j))
		return err_set(r->e, ERR_INVALID, "'targets%s' must be an object", r->at) ||
		       blame(r, "", SIZE_MAX);
	return json_only(j, known, r->e) || blame(r, "", SIZE_MAX);
}

bool selector_read(const json_t *j, struct arena *a, struct selector *out,
		   struct selector_error *why, struct err *e)
{
	static const char *const known[] = { "systems", "offices", "groups", "ip_ranges",
					     "filter",	"exclude", "mode",   NULL };
	static const char *const known_out[] = { "systems",   "offices", "groups",
						 "ip_ranges", "filter",	 NULL };
	struct reading r = { .a = a, .why = why, .e = e, .at = "" };
	struct selector s = { .in = { .filter = "" }, .out = { .filter = "" } };
	const char *mode = "frozen";
	if (why)
		*why = (struct selector_error) { .pointer = "" };
	if (!read_object(&r, j, known) || !read_part(&r, j, &s.in))
		return false;
	if (!json_opt_str(j, "mode", 10, &mode, e))
		return blame(&r, "mode", SIZE_MAX);
	s.dynamic = strcmp(mode, "dynamic") == 0;
	if (!s.dynamic && strcmp(mode, "frozen") != 0)
		return err_set(e, ERR_INVALID, "'mode' is frozen or dynamic") ||
		       blame(&r, "mode", SIZE_MAX);
	const json_t *exclude = json_object_get(j, "exclude");
	r.at = "/exclude";
	if (exclude && (!read_object(&r, exclude, known_out) || !read_part(&r, exclude, &s.out)))
		return false;
	*out = s;
	return true;
}

/* --- writing --- */

static void write_texts(json_t *j, const char *member, const char *const *texts, size_t n)
{
	if (!n)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(texts[i]));
	json_object_set_new(j, member, list);
}

static void write_part(json_t *j, const struct selector_part *p)
{
	write_texts(j, "systems", p->systems, p->n_systems);
	write_texts(j, "offices", p->offices, p->n_offices);
	write_texts(j, "groups", p->groups, p->n_groups);
	write_texts(j, "ip_ranges", p->ip_ranges, p->n_ip_ranges);
	if (p->filter[0])
		json_object_set_new(j, "filter", json_string(p->filter));
}

json_t *selector_write(const struct selector *s)
{
	json_t *j = json_object(), *out = json_object();
	write_part(j, &s->in);
	write_part(out, &s->out);
	if (json_object_size(out))
		json_object_set(j, "exclude", out);
	json_decref(out);
	json_object_set_new(j, "mode", json_string(s->dynamic ? "dynamic" : "frozen"));
	return j;
}

/* --- resolving --- */

static bool names_some(const struct selector_part *p)
{
	return p->n_systems + p->n_offices + p->n_groups + p->n_ip_ranges > 0;
}

bool selector_is_all(const struct selector *s)
{
	return !names_some(&s->in) && !s->in.parsed;
}

static bool add_systems(struct filter_run *r, const struct selector_part *p, bool strict,
			roaring_bitmap_t *to, struct err *e)
{
	for (size_t i = 0; i < p->n_systems; i++) {
		const struct host *h = fleet_host_by_id(r->v->fleet, str_of(p->systems[i]));
		if (h && h->state == HOST_ACTIVE)
			roaring_bitmap_add(to, h->no);
		else if (strict)
			return err_set(e, ERR_NOT_FOUND, "there is no managed system '%.40s'",
				       p->systems[i]);
	}
	return true;
}

static bool add_groups(struct filter_run *r, const struct selector_part *p, roaring_bitmap_t *to,
		       struct err *e)
{
	for (size_t i = 0; i < p->n_groups; i++) {
		const roaring_bitmap_t *hosts;
		if (!filter_group_named(r, str_of(p->groups[i]), &hosts, e))
			return false;
		roaring_bitmap_or_inplace(to, hosts);
	}
	return true;
}

/* Systems, offices, groups and ranges together. */
static bool add_named(struct filter_run *r, const struct selector_part *p, bool strict,
		      roaring_bitmap_t *to, struct err *e)
{
	for (size_t i = 0; i < p->n_offices; i++) {
		const roaring_bitmap_t *hosts = fleet_hosts_by(r->v->fleet, FLEET_BY_OFFICE,
							       str_of(p->offices[i]));
		if (hosts)
			roaring_bitmap_or_inplace(to, hosts);
	}
	for (size_t i = 0; i < p->n_ip_ranges; i++) {
		roaring_bitmap_t *hosts = roster_in_range(fleet_roster(r->v->fleet), &p->ranges[i]);
		roaring_bitmap_or_inplace(to, hosts);
		roaring_bitmap_free(hosts);
	}
	return add_systems(r, p, strict, to, e) && add_groups(r, p, to, e);
}

static bool include(struct filter_run *r, const struct selector_part *p, bool strict,
		    roaring_bitmap_t *to, struct err *e)
{
	roaring_bitmap_t *fits;
	if (!add_named(r, p, strict, to, e))
		return false;
	if (!names_some(p))
		roaring_bitmap_or_inplace(to, fleet_active(r->v->fleet));
	roaring_bitmap_and_inplace(to, fleet_active(r->v->fleet));
	if (!p->parsed)
		return true;
	if (!filter_hosts(r, p->parsed, &fits, e))
		return false;
	roaring_bitmap_and_inplace(to, fits);
	roaring_bitmap_free(fits);
	return true;
}

static bool exclude(struct filter_run *r, const struct selector_part *p, roaring_bitmap_t *from,
		    struct err *e)
{
	roaring_bitmap_t *left_out = roaring_bitmap_create(), *fits = NULL;
	bool ok = add_named(r, p, false, left_out, e) &&
		  (!p->parsed || filter_hosts(r, p->parsed, &fits, e));
	if (fits) {
		roaring_bitmap_or_inplace(left_out, fits);
		roaring_bitmap_free(fits);
	}
	roaring_bitmap_andnot_inplace(from, left_out);
	roaring_bitmap_free(left_out);
	return ok;
}

bool selector_hosts(struct filter_run *r, const struct selector *s, bool strict,
		    roaring_bitmap_t **out, struct err *e)
{
	roaring_bitmap_t *hosts = roaring_bitmap_create();
	if (!include(r, &s->in, strict, hosts, e) || !exclude(r, &s->out, hosts, e)) {
		roaring_bitmap_free(hosts);
		return false;
	}
	*out = hosts;
	return true;
}
