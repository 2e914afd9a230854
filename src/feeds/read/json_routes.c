/* SPDX-License-Identifier: Apache-2.0
 * The table becomes a small tree; walking the document walks the tree beside it. A subtree that is
 * not in the table costs nothing but the stream itself. Memory: the tree, and the names that stood
 * for "*". */
#include "feeds/read/json_routes.h"

#define NO_NODE (-1)
#define MAX_WILD 4u

struct node {
	struct str name; /* "*", "[]", or a member's */
	int id;		 /* -1: only on the way to others */
	int first, next; /* children, siblings */
};

struct json_routes {
	struct json_stream *stream;
	json_routes_fn fn;
	void *arg;
	struct node nodes[4 * JSON_ROUTES_MAX];
	int n;
	unsigned base; /* depth of a document */
	/* The place at each depth, and how many "*" led there. */
	int at[JSON_STREAM_DEPTH + 2];
	uint8_t wild[JSON_STREAM_DEPTH + 2];
	bool in_array[JSON_STREAM_DEPTH + 2];
	int member; /* the place of the member whose key was read last */
	uint8_t member_wild;
	uint8_t wild_now;
	char names[MAX_WILD][JSON_ROUTES_NAME + 1];
	size_t name_n[MAX_WILD];
};

static int child(const struct json_routes *r, int of, struct str name)
{
	if (of == NO_NODE)
		return NO_NODE;
	for (int i = r->nodes[of].first; i != NO_NODE; i = r->nodes[i].next)
		if (str_eq(r->nodes[i].name, name))
			return i;
	return NO_NODE;
}

static int add_node(struct json_routes *r, int of, struct str name)
{
	ASSERT(r->n < (int)ARRAY_LEN(r->nodes));
	r->nodes[r->n] = (struct node) { name, -1, NO_NODE,
					 of == NO_NODE ? NO_NODE : r->nodes[of].first };
	if (of != NO_NODE)
		r->nodes[of].first = r->n;
	return r->n++;
}

struct json_routes *json_routes_new(const struct json_route *table, json_routes_fn fn, void *arg)
{
	struct json_routes *r = xcalloc(1, sizeof(*r));
	r->fn = fn;
	r->arg = arg;
	add_node(r, NO_NODE, STR_LIT(""));
	for (; table->path; table++) {
		struct str rest = str_of(table->path), step;
		int at = 0;
		while (rest.n > 0 && str_split(&rest, '/', &step)) {
			int known = child(r, at, step);
			at = known == NO_NODE ? add_node(r, at, step) : known;
		}
		r->nodes[at].id = table->id;
	}
	return r;
}

void json_routes_free(struct json_routes *r)
{
	if (!r)
		return;
	json_stream_free(r->stream);
	xfree(r);
}

struct str json_routes_name(const struct json_routes *r, unsigned n)
{
	if (n >= r->wild_now || n >= MAX_WILD)
		return STR_LIT("");
	return (struct str) { r->names[n], r->name_n[n] };
}

static void take_key(struct json_routes *r, unsigned depth, struct str key)
{
	int of = r->at[depth - 1]; /* the object the member is in */
	r->member_wild = r->wild[depth - 1];
	r->member = child(r, of, key);
	if (r->member != NO_NODE)
		return;
	r->member = child(r, of, STR_LIT("*"));
	if (r->member == NO_NODE)
		return;
	unsigned w = r->member_wild++;
	if (w < MAX_WILD) {
		r->name_n[w] = MIN(key.n, (size_t)JSON_ROUTES_NAME);
		memcpy(r->names[w], key.p, r->name_n[w]);
		r->names[w][r->name_n[w]] = '\0';
	}
}

/* The place of a value at `depth`. */
static int place(struct json_routes *r, unsigned depth)
{
	if (depth == r->base) {
		r->wild_now = 0;
		return 0;
	}
	if (depth < r->base)
		return NO_NODE;
	if (r->in_array[depth - 1]) {
		r->wild_now = r->wild[depth - 1];
		return child(r, r->at[depth - 1], STR_LIT("[]"));
	}
	r->wild_now = r->member_wild;
	return r->member;
}

static bool event(void *arg, enum json_event ev, unsigned depth, struct str text, struct err *e)
{
	struct json_routes *r = arg;
	if (ev == JSON_KEY) {
		take_key(r, depth, text);
		return true;
	}
	bool is_end = ev == JSON_OBJECT_END || ev == JSON_ARRAY_END;
	if (depth == 0 && ev == JSON_ARRAY) {
		r->base = 1;
	}
	int node = is_end ? r->at[depth] : place(r, depth);
	if (is_end)
		r->wild_now = r->wild[depth];
	if (ev == JSON_OBJECT || ev == JSON_ARRAY) {
		r->at[depth] = node;
		r->wild[depth] = r->wild_now;
		r->in_array[depth] = ev == JSON_ARRAY;
	}
	int id = node == NO_NODE ? -1 : r->nodes[node].id;
	return id < 0 || r->fn(r->arg, id, ev, text, e);
}

bool json_routes_feed(void *routes, struct str bytes, struct err *e)
{
	struct json_routes *r = routes;
	if (!r->stream)
		r->stream = json_stream_new(event, r);
	return json_stream_feed(r->stream, bytes, e);
}

bool json_routes_end(struct json_routes *r, struct err *e)
{
	bool good = r->stream ? json_stream_end(r->stream, e)
			      : err_set(e, ERR_CORRUPT, "JSON document is empty");
	json_stream_free(TAKE(r->stream));
	r->base = 0;
	return good;
}
