/* SPDX-License-Identifier: Apache-2.0
 * See yaml.h. A stack of open collections gives each event its path. Invariant: nothing is kept of
 * a document but the keys that lead to the current event. */
#include "format/yaml.h"

#include <yaml.h>

#define KEY_MAX 200u

struct level {
	bool map, has_key; /* has_key: the next node is the value of `key` */
	struct buf key;
};
struct reading {
	yaml_fn fn;
	void *arg;
	yaml_source source;
	void *source_arg;
	struct err *e;
	bool source_failed;
	struct level stack[YAML_DEPTH];
	struct str path[YAML_DEPTH];
	unsigned depth;
	uint64_t events;
};

static int pull(void *arg, unsigned char *p, size_t n, size_t *got)
{
	struct reading *r = arg;
	*got = 0;
	r->source_failed = !r->source(r->source_arg, p, n, got, r->e);
	return !r->source_failed;
}

static bool tell(struct reading *r, enum yaml_kind kind, struct str text, const yaml_event_t *y)
{
	for (unsigned i = 0; i < r->depth; i++)
		r->path[i] = r->stack[i].map ? buf_str(&r->stack[i].key) : STR_LIT("");
	struct yaml_event ev = { .kind = kind,
				 .path = r->path,
				 .depth = r->depth,
				 .text = text,
				 .line = y->start_mark.line + 1 };
	return r->fn(r->arg, &ev, r->e);
}

/* After a complete node: a mapping waits for its next key. */
static void node_done(struct reading *r)
{
	if (r->depth)
		r->stack[r->depth - 1].has_key = false;
}

static bool corrupt(struct reading *r, const yaml_event_t *y, const char *what)
{
	return err_set(r->e, ERR_CORRUPT, "YAML has %s at line %llu, which is not accepted", what,
		       (unsigned long long)y->start_mark.line + 1);
}

static bool is_key(const struct reading *r)
{
	return r->depth && r->stack[r->depth - 1].map && !r->stack[r->depth - 1].has_key;
}

static bool scalar(struct reading *r, const yaml_event_t *y)
{
	struct str text = { (const char *)y->data.scalar.value, y->data.scalar.length };
	if (y->data.scalar.anchor || y->data.scalar.tag)
		return corrupt(r, y, "an anchor or a tag");
	if (text.n > YAML_SCALAR_MAX)
		return err_set(r->e, ERR_LIMIT,
			       "YAML has a text of more than %zu bytes at line %llu",
			       YAML_SCALAR_MAX, (unsigned long long)y->start_mark.line + 1);
	if (is_key(r)) {
		struct level *l = &r->stack[r->depth - 1];
		buf_reset(&l->key);
		buf_addstr(&l->key, (struct str) { text.p, MIN(text.n, KEY_MAX) });
		l->has_key = true;
		return true;
	}
	if (!tell(r, YAML_SCALAR, text, y))
		return false;
	node_done(r);
	return true;
}

static bool open_collection(struct reading *r, bool map, const yaml_event_t *y)
{
	bool marked = map ? y->data.mapping_start.anchor || y->data.mapping_start.tag
			  : y->data.sequence_start.anchor || y->data.sequence_start.tag;
	if (marked)
		return corrupt(r, y, "an anchor or a tag");
	if (is_key(r))
		return corrupt(r, y, "a key that is no plain text");
	if (r->depth == YAML_DEPTH)
		return err_set(r->e, ERR_LIMIT, "YAML is nested deeper than %u at line %llu",
			       YAML_DEPTH, (unsigned long long)y->start_mark.line + 1);
	if (!tell(r, map ? YAML_MAP : YAML_LIST, STR_LIT(""), y))
		return false;
	struct level *l = &r->stack[r->depth++];
	l->map = map;
	l->has_key = false;
	l->key.max = KEY_MAX + 1;
	buf_reset(&l->key);
	return true;
}

static bool close_collection(struct reading *r, bool map, const yaml_event_t *y)
{
	ASSERT(r->depth);
	r->depth--;
	if (!tell(r, map ? YAML_MAP_DONE : YAML_LIST_DONE, STR_LIT(""), y))
		return false;
	node_done(r);
	return true;
}

static bool take(struct reading *r, const yaml_event_t *y)
{
	if (++r->events > YAML_EVENTS_MAX)
		return err_set(r->e, ERR_LIMIT, "YAML has more than %u parts", YAML_EVENTS_MAX);
	switch (y->type) {
	case YAML_DOCUMENT_START_EVENT: return tell(r, YAML_DOCUMENT, STR_LIT(""), y);
	case YAML_DOCUMENT_END_EVENT: return tell(r, YAML_DOCUMENT_DONE, STR_LIT(""), y);
	case YAML_ALIAS_EVENT: return corrupt(r, y, "an alias");
	case YAML_SCALAR_EVENT: return scalar(r, y);
	case YAML_SEQUENCE_START_EVENT: return open_collection(r, false, y);
	case YAML_SEQUENCE_END_EVENT: return close_collection(r, false, y);
	case YAML_MAPPING_START_EVENT: return open_collection(r, true, y);
	case YAML_MAPPING_END_EVENT: return close_collection(r, true, y);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT: return true;
	}
	return true;
}

static bool damaged(struct reading *r, const yaml_parser_t *p)
{
	if (r->source_failed)
		return false;
	return err_set(r->e, ERR_CORRUPT, "YAML is damaged at line %llu: %s",
		       (unsigned long long)p->problem_mark.line + 1,
		       p->problem ? p->problem : "not readable");
}

bool yaml_read(yaml_source source, void *source_arg, yaml_fn fn, void *arg, struct err *e)
{
	struct err mine = { 0 };
	AUTO(xfree) struct reading *r = xcalloc(1, sizeof(*r));
	yaml_parser_t parser;
	r->fn = fn;
	r->arg = arg;
	r->source = source;
	r->source_arg = source_arg;
	r->e = e ? e : &mine;
	ASSERT(yaml_parser_initialize(&parser));
	yaml_parser_set_input(&parser, pull, r);
	bool good = true;
	for (bool more = true; good && more;) {
		yaml_event_t y;
		if (!yaml_parser_parse(&parser, &y)) {
			good = damaged(r, &parser);
			break;
		}
		good = take(r, &y);
		more = y.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&y);
	}
	yaml_parser_delete(&parser);
	for (size_t i = 0; i < YAML_DEPTH; i++)
		buf_done(&r->stack[i].key);
	return good;
}

static bool from_memory(void *arg, void *p, size_t n, size_t *got_out, struct err *e)
{
	struct str *rest = arg;
	(void)e;
	n = MIN(n, rest->n);
	if (n)
		memcpy(p, rest->p, n);
	rest->p += n;
	rest->n -= n;
	*got_out = n;
	return true;
}

bool yaml_text(struct str text, yaml_fn fn, void *arg, struct err *e)
{
	return yaml_read(from_memory, &text, fn, arg, e);
}

bool yaml_at(const struct yaml_event *ev, const char *const *path)
{
	unsigned i = 0;
	for (; i < ev->depth; i++)
		if (!path[i] || !str_is(ev->path[i], path[i]))
			return false;
	return !path[i];
}
