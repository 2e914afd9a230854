/* SPDX-License-Identifier: Apache-2.0
 * Which module streams have a say in whether dnf offers a component (patch.h, struct lane): that it
 * is built for, and those with a package of its name. What a stream holds is known by the builds
 * that feeds name of it. Components with the same answer share a lane; most have none. */
#include "catalog/catalog_int.h"
#include "crypto/digest.h"

struct walk {
	struct catalog *c;
	struct intern *streams; /* "os\nmodule:stream": index into `stream` */
	struct intern *names;	/* "os\nname" of packages of streams */
	struct intern *lanes;	/* what a lane is decided by, as text */
	struct intern *oses;	/* that have streams */
	VEC(struct module_stream) stream;
	VEC(uint64_t) held; /* number of a name << 32 | stream */
	VEC(struct lane) lane;
	uint32_t *from; /* by name: where its streams begin in `held` */
	struct buf key;
};

static bool is_modular(const struct component *k)
{
	return k->kind == COMPONENT_RPM && k->module.n > 0 && !str_is(k->module, "*") &&
	       str_find(k->module, ':') > 0;
}

/* A modular build of which nobody says the stream: only its version speaks. */
static bool is_of_unknown_stream(const struct component *k)
{
	return !is_modular(k) && (k->module.n > 0 || rpm_lineage(k->version) == RPM_LINEAGE_MODULE);
}

static struct str os_of(const struct catalog *c, const struct component *k)
{
	return c->patches[k->patch].os;
}

static struct str key_of(struct walk *w, struct str os, struct str word)
{
	buf_reset(&w->key);
	buf_addstr(&w->key, os);
	buf_addc(&w->key, '\n');
	buf_addstr(&w->key, word);
	return buf_str(&w->key);
}

static uint32_t stream_of(struct walk *w, const struct component *k)
{
	struct str os = os_of(w->c, k);
	uint32_t no = intern_add(w->streams, key_of(w, os, k->module));
	if (no == w->stream.n) {
		size_t colon = (size_t)str_find(k->module, ':');
		struct str module = { k->module.p, colon };
		struct str stream = { k->module.p + colon + 1, k->module.n - colon - 1 };
		VEC_PUSH(&w->stream, ((struct module_stream) { os, module, stream, false }));
		intern_add(w->oses, os);
	}
	w->stream.p[no].by_default |= k->by_default;
	return no;
}

static int compare_held(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
	return (a > b) - (a < b);
}

/* Streams and the names they hold, once each, by name. */
static void gather(struct walk *w)
{
	for (uint32_t i = 0; i < w->c->n_components; i++) {
		const struct component *k = &w->c->components[i];
		if (!is_modular(k))
			continue;
		uint64_t stream = stream_of(w, k);
		uint64_t name = intern_add(w->names, key_of(w, os_of(w->c, k), k->name));
		VEC_PUSH(&w->held, name << 32 | stream);
	}
	if (w->held.n > 1)
		qsort(w->held.p, w->held.n, sizeof(*w->held.p), compare_held);
	size_t n = 0;
	for (size_t i = 0; i < w->held.n; i++)
		if (n == 0 || w->held.p[i] != w->held.p[n - 1])
			w->held.p[n++] = w->held.p[i];
	w->held.n = n;
	w->from = xcalloc((size_t)intern_count(w->names) + 2, sizeof(*w->from));
	for (size_t i = 0; i < n; i++)
		w->from[(w->held.p[i] >> 32) + 1]++;
	for (uint32_t i = 0; i < intern_count(w->names); i++)
		w->from[i + 1] += w->from[i];
}

static void add_stream(struct walk *w, uint32_t no)
{
	const struct module_stream *s = &w->stream.p[no];
	buf_printf(&w->key, "%.*s:%.*s%s\n", STR_ARG(s->module), STR_ARG(s->stream),
		   s->by_default ? " default" : "");
}

/* The lane of a component that is of `stream`, or of none and has a name that streams hold. */
static uint32_t lane_of(struct walk *w, const struct component *k, uint32_t stream, uint32_t name)
{
	struct lane l = { .stream = stream, .hotfix = k->hotfix };
	if (stream == CATALOG_NONE && !k->hotfix && name != INTERN_NONE) {
		l.first_holder = w->from[name];
		l.holders = w->from[name + 1] - w->from[name];
	}
	(void)key_of(w, os_of(w->c, k), k->hotfix ? STR_LIT("hotfix\n") : STR_LIT("\n"));
	if (stream != CATALOG_NONE)
		add_stream(w, stream);
	buf_addc(&w->key, '\n');
	for (uint32_t i = 0; i < l.holders; i++)
		add_stream(w, (uint32_t)w->held.p[l.first_holder + i]);
	uint32_t no = intern_add(w->lanes, buf_str(&w->key));
	if (no == w->lane.n) {
		struct sha256 d = digest_of(buf_str(&w->key));
		memcpy(&l.hash, d.b, sizeof(l.hash));
		VEC_PUSH(&w->lane, l);
	}
	return no;
}

static void give_lanes(struct walk *w)
{
	for (uint32_t i = 0; i < w->c->n_components; i++) {
		struct component *k = &w->c->components[i];
		struct str os = os_of(w->c, k);
		k->lane = CATALOG_NONE;
		if (k->kind != COMPONENT_RPM || is_of_unknown_stream(k) ||
		    intern_find(w->oses, os) == INTERN_NONE)
			continue;
		uint32_t stream = is_modular(k) ? stream_of(w, k) : CATALOG_NONE;
		uint32_t name = intern_find(w->names, key_of(w, os, k->name));
		if (stream != CATALOG_NONE || name != INTERN_NONE)
			k->lane = lane_of(w, k, stream, name);
	}
}

#define HAND_OVER(c, member, vec)                                                                  \
	do {                                                                                       \
		(c)->member = (vec).p;                                                             \
		(c)->n_##member = (uint32_t)(vec).n;                                               \
	} while (0)

void catalog_lanes(struct catalog *c)
{
	struct walk w = { .c = c,
			  .streams = intern_new(),
			  .names = intern_new(),
			  .lanes = intern_new(),
			  .oses = intern_new(),
			  .key = BUF_INIT(SIZE_MAX / 2) };
	gather(&w);
	give_lanes(&w);
	HAND_OVER(c, streams, w.stream);
	HAND_OVER(c, lanes, w.lane);
	c->n_holders = (uint32_t)w.held.n;
	c->holders = xmalloc(((size_t)c->n_holders + 1) * sizeof(*c->holders));
	for (size_t i = 0; i < w.held.n; i++)
		c->holders[i] = (uint32_t)w.held.p[i];
	VEC_DONE(&w.held);
	xfree(w.from);
	buf_done(&w.key);
	intern_free(w.streams);
	intern_free(w.names);
	intern_free(w.lanes);
	intern_free(w.oses);
}
