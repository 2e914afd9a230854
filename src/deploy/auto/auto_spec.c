/* SPDX-License-Identifier: Apache-2.0
 * A task's wishes as JSON, the same in the API and in the database. What is written here is read
 * here again as strictly as when a person sent it. */
#include "deploy/ask/notify.h"
#include "deploy/auto/auto_int.h"
#include "deploy/targets/selector.h"

#define PATTERN_MAX 200
#define DAYS_MAX 365

/* An array of words of an enum as bits; absent = 0. */
static bool read_bits(const json_t *j, const char *key, const char *(*word)(unsigned i), unsigned n,
		      uint32_t *out, struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(j, key, n, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		unsigned w = 0;
		while (w < n && (!text || strcmp(word(w), text) != 0))
			w++;
		if (w == n)
			return err_set(e, ERR_INVALID, "'%s' has an unknown word '%.40s'", key,
				       text ? text : "");
		*out |= UINT32_C(1) << w;
	}
	return true;
}

static const char *type_word(unsigned i)
{
	return patch_type_name((enum patch_type)i);
}

static const char *severity_word(unsigned i)
{
	return severity_name((enum severity)i);
}

static bool read_patterns(const json_t *j, const char *key, struct arena *a,
			  const char *const **out, size_t *n_out, struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(j, key, AUTO_PATTERNS_MAX, &list, e))
		return false;
	size_t n = json_array_size(list);
	const char **texts = arena_array(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text || !text[0] || strlen(text) > PATTERN_MAX)
			return err_set(e, ERR_INVALID,
				       "'%s' must hold patterns of 1 to %d characters", key,
				       PATTERN_MAX);
		texts[i] = arena_strdup(a, text);
	}
	*out = texts;
	*n_out = n;
	return true;
}

static bool read_age(const json_t *j, struct auto_criteria *c, struct err *e)
{
	static const char *const known[] = { "days", "after", NULL };
	const json_t *age = json_object_get(j, "age");
	const char *after = "release";
	if (!age || json_is_null(age))
		return true;
	if (!json_is_object(age))
		return err_set(e, ERR_INVALID, "'age' must be an object");
	if (!json_only(age, known, e) || !json_need_int(age, "days", 0, DAYS_MAX, &c->days, e) ||
	    !json_opt_str(age, "after", 20, &after, e))
		return false;
	c->after_approval = strcmp(after, "approval") == 0;
	return c->after_approval || strcmp(after, "release") == 0 ||
	       err_set(e, ERR_INVALID, "'after' must be 'release' or 'approval'");
}

static bool read_express(const json_t *j, struct arena *a, struct auto_spec *s, struct err *e)
{
	static const char *const known[] = { "kev", "epss_gte", "policy", NULL };
	const json_t *x = json_object_get(j, "express");
	const char *policy = POLICY_ANYTIME;
	if (!x || json_is_null(x))
		return true;
	if (!json_is_object(x))
		return err_set(e, ERR_INVALID, "'express' must be an object");
	const json_t *epss = json_object_get(x, "epss_gte");
	if (!json_only(x, known, e) || !json_opt_bool(x, "kev", &s->criteria.express_kev, e) ||
	    !json_opt_str(x, "policy", 64, &policy, e))
		return false;
	if (epss && !json_is_null(epss)) {
		double share = json_is_number(epss) ? json_number_value(epss) : -1;
		if (!(share >= 0 && share <= 1))
			return err_set(e, ERR_INVALID, "'epss_gte' must be a number from 0 to 1");
		s->criteria.express_epss = (int64_t)(share * 1000000 + 0.5);
	}
	s->criteria.express = true;
	s->express_policy = arena_strdup(a, policy);
	return s->criteria.express_kev || s->criteria.express_epss >= 0 ||
	       err_set(e, ERR_INVALID, "'express' needs 'kev' or 'epss_gte'");
}

bool auto_targets_read(const json_t *j, struct arena *a, const char **out, bool *all_out,
		       struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(AUTO_SPEC_MAX);
	struct selector s;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'targets' must be an object");
	if (!selector_read(j, a, &s, NULL, e))
		return err_prefix(e, "'targets'");
	AUTO(json_free) json_t *written = selector_write(&s);
	json_write(written, &text);
	if (!buf_ok(&text, "'targets'", e))
		return false;
	*out = arena_str(a, buf_str(&text)).p;
	if (all_out)
		*all_out = selector_is_all(&s);
	return true;
}

static bool read_targets(const json_t *j, struct arena *a, struct auto_spec *s, struct err *e)
{
	const json_t *targets = json_object_get(j, "targets");
	return !targets || json_is_null(targets) ||
	       auto_targets_read(targets, a, &s->targets, NULL, e);
}

bool auto_spec_read(const json_t *j, struct arena *a, struct auto_spec *out, struct err *e)
{
	struct auto_spec s = { .criteria.express_epss = -1,
			       .policy = POLICY_ANYTIME,
			       .express_policy = POLICY_ANYTIME,
			       .targets = "" };
	struct auto_criteria *c = &s.criteria;
	int64_t halt_after = 3;
	if (!read_bits(j, "types", type_word, PATCH_TYPES_, &c->types, e) ||
	    !read_bits(j, "severities", severity_word, SEVERITIES_, &c->severities, e) ||
	    !read_patterns(j, "os", a, &c->os, &c->n_os, e) ||
	    !read_patterns(j, "include", a, &c->include, &c->n_include, e) ||
	    !read_patterns(j, "exclude", a, &c->exclude, &c->n_exclude, e) || !read_age(j, c, e) ||
	    !read_express(j, a, &s, e) || !read_targets(j, a, &s, e) ||
	    !json_opt_str(j, "policy", 64, &s.policy, e) ||
	    !json_opt_int(j, "force_after_days", 0, DAYS_MAX, &s.force_days, e) ||
	    !json_opt_int(j, "halt_after", 0, 100000, &halt_after, e) ||
	    !notify_read(json_object_get(j, "notify"), a, &s.notify, e))
		return false;
	if (c->types >> PATCH_TYPE_FEATURE & 1)
		return err_set(
			e, ERR_INVALID,
			"feature updates are not deployed automatically; deploy them by hand");
	c->halt_after = (uint32_t)halt_after;
	s.policy = arena_strdup(a, s.policy);
	*out = s;
	return true;
}

static json_t *bits_json(uint32_t bits, const char *(*word)(unsigned i), unsigned n)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < n; i++)
		if (bits >> i & 1)
			json_array_append_new(list, json_string(word(i)));
	return list;
}

static json_t *patterns_json(const char *const *patterns, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(str_of(patterns[i])));
	return list;
}

static json_t *express_json(const struct auto_spec *s)
{
	if (!s->criteria.express)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "kev", json_boolean(s->criteria.express_kev));
	json_object_set_new(j, "epss_gte",
			    s->criteria.express_epss < 0
				    ? json_null()
				    : json_real((double)s->criteria.express_epss / 1000000));
	json_object_set_new(j, "policy", json_string(s->express_policy));
	return j;
}

static json_t *targets_json(const char *targets)
{
	json_t *j = NULL;
	return targets[0] && json_parse(str_of(targets), AUTO_SPEC_MAX, &j, NULL) ? j : json_null();
}

void auto_spec_write(const struct auto_spec *s, json_t *into)
{
	const struct auto_criteria *c = &s->criteria;
	json_t *age = json_object();
	json_object_set_new(age, "days", json_integer(c->days));
	json_object_set_new(age, "after", json_string(c->after_approval ? "approval" : "release"));
	json_object_set_new(into, "types", bits_json(c->types, type_word, PATCH_TYPES_));
	json_object_set_new(into, "severities",
			    bits_json(c->severities, severity_word, SEVERITIES_));
	json_object_set_new(into, "os", patterns_json(c->os, c->n_os));
	json_object_set_new(into, "include", patterns_json(c->include, c->n_include));
	json_object_set_new(into, "exclude", patterns_json(c->exclude, c->n_exclude));
	json_object_set_new(into, "age", age);
	json_object_set_new(into, "express", express_json(s));
	json_object_set_new(into, "policy", json_string(s->policy));
	json_object_set_new(into, "targets", targets_json(s->targets));
	json_object_set_new(into, "force_after_days", json_integer(s->force_days));
	json_object_set_new(into, "halt_after", json_integer(c->halt_after));
	json_object_set_new(into, "notify", notify_write(&s->notify));
}
