/* SPDX-License-Identifier: Apache-2.0
 * See streams.h. Which stream is its module's default only the repositories say; here it is in no
 * file. */
#include "agent/net/streams.h"
#include "agent/net/rpmsources.h"
#include "base/intern.h"
#include "base/vec.h"

struct streams {
	struct intern *modules;
	VEC(char *) enabled; /* by module; "" = the module is disabled */
};

static bool add(void *arg, struct str module, struct str stream, struct err *e)
{
	struct streams *s = arg;
	uint32_t i = intern_add(s->modules, module);
	if (i == s->enabled.n)
		VEC_PUSH(&s->enabled, NULL);
	xfree(s->enabled.p[i]);
	s->enabled.p[i] = str_dup(stream);
	return true;
}

bool streams_read(const char *sysroot, struct streams **out, struct err *e)
{
	AUTO(streams_free) struct streams *s = xcalloc(1, sizeof(*s));
	s->modules = intern_new();
	if (!rpmsources_modules(sysroot, add, s, e))
		return false;
	*out = TAKE(s);
	return true;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->enabled.n; i++)
		xfree(s->enabled.p[i]);
	VEC_DONE(&s->enabled);
	intern_free(s->modules);
	xfree(s);
}

bool streams_each(const struct streams *s,
		  bool (*fn)(void *arg, struct str module, struct str stream, struct err *e),
		  void *arg, struct err *e)
{
	for (uint32_t i = 0; i < s->enabled.n; i++)
		if (!fn(arg, intern_get(s->modules, i), str_of(s->enabled.p[i]), e))
			return false;
	return true;
}

struct str streams_followed(const struct streams *s, struct str label, struct arena *a,
			    const char **kept_out)
{
	struct str rest = label, module, stream;
	*kept_out = NULL;
	if (str_is(label, "(none)") || !str_split(&rest, ':', &module) || !module.n ||
	    !str_split(&rest, ':', &stream) || !stream.n)
		return STR_LIT("");
	uint32_t i = intern_find(s->modules, module);
	if (i == INTERN_NONE)
		*kept_out = "no-stream";
	else if (!s->enabled.p[i][0])
		*kept_out = "kept-back";
	else
		stream = str_of(s->enabled.p[i]);
	return str_of(arena_printf(a, "%.*s:%.*s", STR_ARG(module), STR_ARG(stream)));
}
