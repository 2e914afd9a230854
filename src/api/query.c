/* SPDX-License-Identifier: Apache-2.0
 * Checking and reading of typed parameters. A value that passed query_add() needs no further check
 * by the getters, which therefore cannot fail. */
#include "api/query.h"

#include "api/call.h"

#include <stdlib.h>

const struct param QUERY_ANY[] = { PARAM_LAST };

static const struct param *find_param(const struct param *spec, const char *name)
{
	for (; spec && spec->type != PARAM_END; spec++)
		if (strcmp(spec->name, name) == 0)
			return spec;
	return NULL;
}

static int word_index(const struct param *p, struct str s)
{
	for (unsigned i = 0; i < p->words; i++)
		if (str_is(s, p->word(i)))
			return (int)i;
	return -1;
}

static bool clean_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static bool check_words(const struct param *p, const char *value, struct err *e)
{
	struct str rest = str_of(value), one;
	while (str_split(&rest, ',', &one))
		if (word_index(p, one) < 0)
			return err_set(e, ERR_INVALID, "'%s' does not know the word '%.*s'",
				       p->name, (int)MIN(one.n, 60), one.p);
	return true;
}

static bool check_list(const struct param *p, const char *value, struct err *e)
{
	struct str rest = str_of(value), one;
	size_t n = 0;
	if (!clean_text(value))
		return err_set(e, ERR_INVALID, "'%s' holds a control character", p->name);
	while (str_split(&rest, ',', &one)) {
		if (one.n < (size_t)p->min || one.n > (size_t)p->max)
			return err_set(e, ERR_INVALID,
				       "each item of '%s' must have %lld to %lld bytes", p->name,
				       (long long)p->min, (long long)p->max);
		if (++n > QUERY_MAX_LIST)
			return err_set(e, ERR_INVALID, "'%s' may have at most %d items", p->name,
				       QUERY_MAX_LIST);
	}
	return true;
}

/* "0", "1", "0.123456", "1.0" as millionths. */
static bool share(const char *s, int64_t *out)
{
	int64_t value = 0, unit = 1000000;
	if ((s[0] != '0' && s[0] != '1') || (s[1] && (s[1] != '.' || !s[2])) || strlen(s) > 8)
		return false;
	value = (s[0] - '0') * unit;
	for (const char *p = s + 1 + (s[1] != '\0'); *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		unit /= 10;
		value += (*p - '0') * unit;
	}
	*out = value;
	return value <= 1000000;
}

static bool check_value(const struct param *p, const char *value, struct err *e)
{
	int64_t i;
	size_t n = strlen(value);
	switch (p->type) {
	case PARAM_TEXT:
		if (n < (size_t)p->min || n > (size_t)p->max || !clean_text(value))
			return err_set(e, ERR_INVALID, "'%s' must be a text of %lld to %lld bytes",
				       p->name, (long long)p->min, (long long)p->max);
		return true;
	case PARAM_INT:
		if (!str_to_i64(str_of(value), &i) || i < p->min || i > p->max)
			return err_set(e, ERR_INVALID, "'%s' must be a number from %lld to %lld",
				       p->name, (long long)p->min, (long long)p->max);
		return true;
	case PARAM_BOOL:
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return err_set(e, ERR_INVALID, "'%s' must be true or false", p->name);
		return true;
	case PARAM_WORD:
		if (word_index(p, str_of(value)) < 0)
			return err_set(e, ERR_INVALID, "'%s' does not know the word '%.60s'",
				       p->name, value);
		return true;
	case PARAM_WORDS: return check_words(p, value, e);
	case PARAM_SHARE:
		if (!share(value, &i))
			return err_set(e, ERR_INVALID, "'%s' must be a decimal from 0 to 1",
				       p->name);
		return true;
	case PARAM_LIST: return check_list(p, value, e);
	case PARAM_END: break;
	}
	ASSERT(false);
	return false;
}

bool query_add(struct query *q, const struct param *spec, const char *name, const char *value,
	       const char **code_out, struct err *e)
{
	const struct param *p = find_param(spec, name);
	if (!p || q->n == QUERY_MAX_PARAMS) {
		*code_out = "unknown_parameter";
		return err_set(e, ERR_INVALID, "unknown parameter '%.60s'", name);
	}
	if (!check_value(p, value, e)) {
		*code_out = "invalid_parameter";
		return false;
	}
	q->v[q->n].param = p;
	q->v[q->n++].value = arena_strdup(q->arena, value);
	return true;
}

struct reading {
	struct call *c;
	struct err *e;
	bool failed;
};

static void read_one(void *arg, const char *name, const char *value)
{
	struct reading *r = arg;
	const char *code = NULL;
	if (r->failed || query_add(&r->c->query, r->c->route->query, name, value, &code, r->e))
		return;
	r->failed = true;
	call_blame(r->c, arena_printf(r->c->arena, "?%.60s", name), code, r->e->msg);
	r->c->problem_code = code;
}

bool query_read(struct call *c, struct err *e)
{
	c->query = (struct query) { .arena = c->arena };
	struct reading r = { c, e, false };
	if (c->route->query == QUERY_ANY)
		return true;
	http_req_each_query(c->req, read_one, &r);
	return !r.failed;
}

static const char *find_value(const struct query *q, const char *name, const struct param **p_out)
{
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->v[i].param->name, name) == 0) {
			if (p_out)
				*p_out = q->v[i].param;
			return q->v[i].value;
		}
	return NULL;
}

const char *query_text(const struct query *q, const char *name)
{
	return find_value(q, name, NULL);
}

int64_t query_number(const struct query *q, const char *name, int64_t absent)
{
	const char *s = find_value(q, name, NULL);
	int64_t i = absent;
	bool ok = !s || str_to_i64(str_of(s), &i);
	ASSERT(ok);
	return i;
}

int64_t query_share(const struct query *q, const char *name)
{
	const char *s = find_value(q, name, NULL);
	int64_t i = -1;
	bool ok = !s || share(s, &i);
	ASSERT(ok);
	return i;
}

int query_bool(const struct query *q, const char *name)
{
	const char *s = find_value(q, name, NULL);
	return s ? strcmp(s, "true") == 0 : -1;
}

int query_word(const struct query *q, const char *name)
{
	const struct param *p;
	const char *s = find_value(q, name, &p);
	return s ? word_index(p, str_of(s)) : -1;
}

uint64_t query_words(const struct query *q, const char *name)
{
	const struct param *p;
	const char *s = find_value(q, name, &p);
	uint64_t mask = 0;
	struct str rest = str_of(s), one;
	while (s && str_split(&rest, ',', &one))
		mask |= UINT64_C(1) << word_index(p, one);
	return mask;
}

size_t query_list(const struct query *q, const char *name, struct str **out)
{
	const char *s = find_value(q, name, NULL);
	if (!s)
		return 0;
	struct str *items = arena_array(q->arena, struct str, QUERY_MAX_LIST), rest = str_of(s);
	size_t n = 0;
	while (n < QUERY_MAX_LIST && str_split(&rest, ',', &items[n]))
		n++;
	*out = items;
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void query_canonical(const struct query *q, struct buf *out)
{
	const char *lines[QUERY_MAX_PARAMS];
	size_t n = 0;
	for (size_t i = 0; i < q->n; i++) {
		const char *name = q->v[i].param->name;
		if (strcmp(name, "limit") != 0 && strcmp(name, "cursor") != 0 &&
		    strcmp(name, "facets") != 0)
			lines[n++] = arena_printf(q->arena, "%s=%s\n", name, q->v[i].value);
	}
	qsort(lines, n, sizeof(lines[0]), by_name);
	for (size_t i = 0; i < n; i++)
		buf_adds(out, lines[i]);
}
