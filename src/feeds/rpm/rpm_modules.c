/* SPDX-License-Identifier: Apache-2.0
 * modules.yaml: which builds belong to which stream of which module, and which stream is a module's
 * default (modulemd, versions 1 and 2; modulemd-defaults, version 1). Everything else in these
 * documents is passed over. One document is held at a time. */
#include "feeds/rpm/rpm_int.h"
#include "format/yaml.h"

#define MAX_ARTIFACTS 200000u
#define MAX_PROFILES 1000u
#define MAX_DOCUMENT ((size_t)64 << 20)

struct parsing {
	struct arena arena;
	struct str kind; /* "modulemd", ... */
	struct rpm_module m;
	VEC(struct str) artifacts, profiles;
	rpm_module_fn fn;
	void *arg;
	struct unpack *from;
};

static const struct {
	const char *key;
	size_t offset;
	bool defaults;
} words[] = {
	{ "name", offsetof(struct rpm_module, name), false },
	{ "stream", offsetof(struct rpm_module, stream), false },
	{ "version", offsetof(struct rpm_module, version), false },
	{ "context", offsetof(struct rpm_module, context), false },
	{ "arch", offsetof(struct rpm_module, arch), false },
	{ "module", offsetof(struct rpm_module, name), true },
	{ "stream", offsetof(struct rpm_module, stream), true },
};

static bool is_defaults(const struct parsing *p)
{
	return str_is(p->kind, "modulemd-defaults");
}

static void take_word(struct parsing *p, const struct yaml_event *ev)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].defaults == is_defaults(p) && str_is(ev->path[1], words[i].key))
			*(struct str *)((char *)&p->m + words[i].offset) = arena_str(&p->arena,
										     ev->text);
}

static bool take_scalar(struct parsing *p, const struct yaml_event *ev, struct err *e)
{
	static const char *const document[] = { "document", NULL }, *const artifacts[] = {
		"data", "artifacts", "rpms", "", NULL
	};
	if (yaml_at(ev, document))
		p->kind = arena_str(&p->arena, ev->text);
	else if (ev->depth == 2 && str_is(ev->path[0], "data"))
		take_word(p, ev);
	else if (yaml_at(ev, artifacts)) {
		if (p->artifacts.n == MAX_ARTIFACTS)
			return err_set(e, ERR_LIMIT, "a module has more than %u artifacts",
				       MAX_ARTIFACTS);
		VEC_PUSH(&p->artifacts, arena_str(&p->arena, ev->text));
	}
	if (p->arena.total > MAX_DOCUMENT)
		return err_set(e, ERR_LIMIT, "a module has more than %zu bytes", MAX_DOCUMENT);
	return true;
}

/* data.profiles.<name> of a stream; data.profiles.<default stream> is a list of defaults'. */
static void take_profile(struct parsing *p, const struct yaml_event *ev)
{
	if (ev->kind == YAML_MAP && ev->depth == 3 && !is_defaults(p) &&
	    str_is(ev->path[0], "data") && str_is(ev->path[1], "profiles") &&
	    p->profiles.n < MAX_PROFILES)
		VEC_PUSH(&p->profiles, arena_str(&p->arena, ev->path[2]));
}

static bool word_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == ':' || s.p[i] == 0x7f)
			return false;
	return s.n <= 100;
}

static bool end_document(struct parsing *p, const struct yaml_event *ev, struct err *e)
{
	struct rpm_module *m = &p->m;
	bool defaults = is_defaults(p);
	if (!defaults && !str_is(p->kind, "modulemd"))
		return true;
	m->defaults = defaults;
	if (m->name.n == 0 || !word_ok(m->name) || !word_ok(m->stream) ||
	    (!defaults && m->stream.n == 0))
		return err_set(e, ERR_CORRUPT,
			       "module document before line %llu has no acceptable name or stream",
			       (unsigned long long)ev->line);
	m->artifacts = p->artifacts.p;
	m->n_artifacts = p->artifacts.n;
	m->profiles = p->profiles.p;
	m->n_profiles = p->profiles.n;
	return p->fn(p->arg, m, e);
}

static bool on_event(void *arg, const struct yaml_event *ev, struct err *e)
{
	struct parsing *p = arg;
	struct str none = STR_LIT("");
	switch (ev->kind) {
	case YAML_DOCUMENT:
		arena_reset(&p->arena);
		p->kind = none;
		p->artifacts.n = p->profiles.n = 0;
		p->m = (struct rpm_module) {
			.name = none, .stream = none, .version = none, .context = none, .arch = none
		};
		return true;
	case YAML_DOCUMENT_DONE: return end_document(p, ev, e);
	case YAML_SCALAR: return take_scalar(p, ev, e);
	case YAML_MAP: take_profile(p, ev); return true;
	case YAML_MAP_DONE:
	case YAML_LIST:
	case YAML_LIST_DONE: return true;
	}
	return true;
}

static bool pull(void *arg, void *p, size_t n, size_t *got_out, struct err *e)
{
	struct parsing *q = arg;
	return unpack_read(q->from, p, n, got_out, e);
}

bool rpm_modules_read(struct unpack *u, const char *what, rpm_module_fn fn, void *arg,
		      struct err *e)
{
	struct parsing p = { .fn = fn, .arg = arg, .from = u };
	bool good = yaml_read(pull, &p, on_event, &p, e);
	arena_done(&p.arena);
	VEC_DONE(&p.artifacts);
	VEC_DONE(&p.profiles);
	return good || err_prefix(e, "modules '%s'", what);
}
