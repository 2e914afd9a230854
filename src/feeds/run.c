/* SPDX-License-Identifier: Apache-2.0
 * A sync with its bookkeeping: what the last one left is the condition of this one, and how this
 * one went is written down whatever happens. The catalog's guard decides whether records become
 * current. */
#include "catalog/sink.h"
#include "feeds/feed.h"

#include <sys/mman.h>

void generation_result_done(struct generation_result *r)
{
	sink_free(r->sink);
	xfree(r->document);
	if (r->mapped)
		munmap(r->mapped, r->mapped_n);
	xfree(r->signer);
	*r = (struct generation_result) { 0 };
}

struct run {
	struct sql *db;
	const struct feed_env *env;
	const struct generation_watch *watch;
	struct feed_state state;
	struct feed_state *list;
	size_t n;
	char *address;
	bool narrower; /* the same document, without releases that it was limited to before */
};

char *feed_address(const struct feed_spec *s)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	char mark = '#';
	buf_adds(&b, s->url);
	for (const char *const *o = s->options; o && *o; o++) {
		if (strncmp(*o, "os=", 3) != 0)
			continue;
		buf_addc(&b, mark);
		buf_adds(&b, *o + 3);
		mark = ',';
	}
	return buf_take(&b);
}

static struct str before_mark(const char *address)
{
	struct str s = str_of(address);
	ptrdiff_t mark = str_find(s, '#');
	return mark < 0 ? s : (struct str) { s.p, (size_t)mark };
}

/* Of releases that are added nothing may vanish: the guard holds then as ever. */
static bool is_narrower(const char *before, const char *now)
{
	struct str was = str_of(before), is = str_of(now), old, kept;
	(void)str_split(&was, '#', &old);
	(void)str_split(&is, '#', &kept);
	if (!is.n)
		return false; /* all releases */
	if (!was.n)
		return true;
	while (was.n && str_split(&was, ',', &old)) {
		struct str rest = is;
		bool found = false;
		while (!found && rest.n && str_split(&rest, ',', &kept))
			found = str_eq(kept, old);
		if (!found)
			return true;
	}
	return false;
}

/* Finds the feed's last state; a feed that was never tried starts empty. */
static bool begin(struct run *r, const struct feed_spec *s, struct err *e)
{
	if (!feed_state_list(r->db, &r->list, &r->n, e))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (str_is(str_of(r->list[i].id), s->id))
			r->state = r->list[i];
	r->address = feed_address(s);
	bool moved = r->state.url && !str_is(str_of(r->state.url), r->address);
	r->narrower = moved && str_eq(before_mark(r->state.url), before_mark(r->address)) &&
		      is_narrower(r->state.url, r->address);
	r->state.id = (char *)s->id;
	r->state.kind = (char *)s->kind;
	r->state.url = r->address;
	if (moved)
		r->state.etag = NULL; /* another mirror: fetch whole; dates still never go back */
	if (s->keyrings && s->keyrings[0] && !r->state.is_signed)
		r->state.etag = NULL; /* a key was set: what there is was not checked with it */
	r->state.last_attempt_ms = r->env->now_ms;
	return true;
}

static struct feed_last last_of(const struct run *r)
{
	return (struct feed_last) { .etag = r->state.error ? NULL : r->state.etag,
				    .released_ms = r->state.released_ms,
				    .valid_until_ms = r->state.valid_until_ms };
}

static bool failed(struct run *r, struct err *e)
{
	struct err ignored;
	char subject[sizeof(e->msg)];
	r->state.error = e->msg;
	r->state.error_code = (char *)err_code_name(e->code);
	r->state.error_subject = err_subject(e, subject, sizeof(subject));
	if (!feed_state_save(r->db, &r->state, &ignored))
		err_prefix(e, "state of feed '%s' cannot be saved either", r->state.id);
	return false;
}

/* Records to the database, then the state. */
static bool end(struct run *r, struct generation_result *got, bool accept_shrink, bool *changed_out,
		struct err *e)
{
	if (!got->unchanged && !generation_save_watched(r->db, &got->generation, r->env->now_ms,
							accept_shrink || r->narrower, r->watch, e))
		return failed(r, e);
	AUTO(xfree) char *signer = NULL;
	if (!got->unchanged) {
		const struct feed_info *f = &got->generation.feed;
		signer = str_dup(f->signer);
		r->state.rows = f->rows;
		r->state.released_ms = f->released_ms;
		r->state.valid_until_ms = got->valid_until_ms;
		r->state.signer = signer;
		r->state.is_signed = f->is_signed;
	}
	r->state.etag = got->etag[0] ? got->etag : NULL;
	r->state.last_success_ms = r->env->now_ms;
	r->state.error = r->state.error_code = r->state.error_subject = NULL;
	if (!feed_state_save(r->db, &r->state, e))
		return false;
	*changed_out = !got->unchanged;
	return true;
}

static bool sync_spec(const struct feed_kind *k, const struct feed_spec *s,
		      const struct feed_runner *runner, const struct feed_env *env,
		      struct generation_result *out, struct err *e)
{
	return runner && runner->sync ? runner->sync(runner->arg, k, s, env, out, e)
				      : k->sync(s, env, out, e);
}

bool feed_run(const struct feed_kind *k, const struct feed_spec *s,
	      const struct feed_runner *runner, const struct feed_env *env, struct sql *db,
	      bool accept_shrink, bool *changed_out, struct err *e)
{
	AUTO(generation_result_done) struct generation_result got = { 0 };
	struct run r = { .db = db, .env = env, .watch = runner ? runner->watch : NULL };
	struct feed_spec with_last = *s;
	struct err mine = { 0 };
	with_last.kind = k->name;
	bool good = begin(&r, &with_last, &mine);
	if (good) {
		with_last.last = last_of(&r);
		good = sync_spec(k, &with_last, runner, env, &got, &mine)
			       ? end(&r, &got, accept_shrink, changed_out, &mine)
			       : failed(&r, &mine);
	}
	feed_state_list_free(r.list, r.n);
	xfree(r.address);
	if (!good && e)
		*e = mine;
	return good;
}
