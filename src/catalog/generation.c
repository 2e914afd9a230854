/* SPDX-License-Identifier: Apache-2.0
 * Generations in the database. A feed's new generation replaces the current one in one transaction
 * or not at all; the replaced one stays as 'previous'. What looks wrong (shrunken, about other
 * things) is kept as 'held' until somebody accepts it. Everything slow happens before the
 * transaction. */
#include "catalog/catalog_int.h"
#include "catalog/enrich_doc.h"
#include "catalog/generation_int.h"
#include "catalog/generation_shrink.h"
#include "catalog/queries.h"
#include "catalog/sink.h"
#include "sql/notify.h"

#define CHUNK_BYTES (16u << 20)
#define PACKED_MAX ((size_t)SINK_MAX_BYTES + (16u << 20))
/** Guard: when more than this many thousandths are gone (generation_shrink.h) the new one is held
 * until a person accepts it (F38). */
#define SHRINK_PERMILLE 50
/** Losses that are asked about one by one; more are more than the guard above lets through. */
#define LOST_MAX 100000u

struct stored {
	bool present;
	int64_t number, fetched_ms, released_ms, rows, raw_size;
	bool is_signed;
	struct sha256 digest, url; /* digest of the address it came from */
};

/* Dates of one publication never go back. What is not signed and comes from elsewhere now, as the
 * settings say, is another publication: the same list as CSV has another date, or none. */
static bool goes_back(const struct stored *before, int64_t released_ms, const struct sha256 *url)
{
	return released_ms < before->released_ms &&
	       (before->is_signed || digest_eq(&before->url, url));
}

static bool read_digest(struct str bytes, struct sha256 *out)
{
	if (bytes.n != SHA256_LEN)
		return false;
	memcpy(out->b, bytes.p, SHA256_LEN);
	return true;
}

/* The row of one feed in one state; present = false when there is none. */
static bool find_stored(struct sql_conn *c, struct str feed, const char *state, struct stored *out,
			struct err *e)
{
	struct sql_rows *r;
	*out = (struct stored) { 0 };
	if (!sql_query(c, &SQL_GENERATION_FIND, SQL_ARGS(sql_str(feed), sql_text(state)), &r, e))
		return false;
	bool good = true;
	if (sql_next(r)) {
		*out = (struct stored) { .present = true,
					 .number = sql_col_int(r, 0),
					 .fetched_ms = sql_col_int(r, 3),
					 .released_ms = sql_col_int(r, 4),
					 .is_signed = sql_col_bool(r, 5),
					 .url = digest_of(sql_col_str(r, 2)),
					 .rows = sql_col_int(r, 7),
					 .raw_size = sql_col_int(r, 9) };
		good = read_digest(sql_col_str(r, 8), &out->digest);
	}
	if (!sql_rows_end(r, e))
		return false;
	return good || err_set(e, ERR_CORRUPT, "stored generation of feed '%.*s' has no digest",
			       STR_ARG(feed));
}

static bool read_records(struct sql_conn *c, struct str feed, const struct stored *s,
			 struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf packed = BUF_INIT(PACKED_MAX);
	struct sql_rows *r;
	if (!sql_query(c, &SQL_GENERATION_CHUNK_LIST, SQL_ARGS(sql_str(feed), sql_int(s->number)),
		       &r, e))
		return false;
	while (sql_next(r))
		buf_addstr(&packed, sql_col_str(r, 0));
	return sql_rows_end(r, e) && buf_ok(&packed, "stored generation", e) &&
	       generation_unpack(buf_str(&packed), s->raw_size, &s->digest, out, e);
}

/* --- saving -------------------------------------------------------------------------------------
 */

struct saving {
	const struct generation *g;
	const struct generation_watch *watch;
	struct str packed;
	int64_t now_ms;
	const char *state;  /* 'current' or 'held' */
	bool unchanged;	    /* same content as the current one */
	struct stored seen; /* current one when the guard looked */
};

static bool insert_generation(struct sql_conn *c, struct saving *s, int64_t number, struct err *e)
{
	const struct feed_info *f = &s->g->feed;
	struct str digest = { (const char *)f->digest.b, SHA256_LEN };
	if (!sql_run(c, &SQL_GENERATION_INSERT,
		     SQL_ARGS(sql_str(f->id), sql_int(number), sql_text(s->state), sql_str(f->kind),
			      sql_str(f->url), sql_int(s->now_ms), sql_int(f->released_ms),
			      sql_bool(f->is_signed), sql_str(f->signer), sql_int(f->rows),
			      sql_blob(digest), sql_int((int64_t)s->g->records.n)),
		     e))
		return false;
	struct str rest = s->packed;
	for (int64_t chunk = 0; rest.n || chunk == 0; chunk++) {
		struct str part = { rest.p, MIN(rest.n, (size_t)CHUNK_BYTES) };
		if (!sql_run(c, &SQL_GENERATION_CHUNK_INSERT,
			     SQL_ARGS(sql_str(f->id), sql_int(number), sql_int(chunk),
				      sql_blob(part)),
			     e))
			return false;
		rest.p += part.n;
		rest.n -= part.n;
	}
	return true;
}

static bool delete_state(struct sql_conn *c, struct str feed, const char *state, struct err *e)
{
	return sql_run(c, &SQL_GENERATION_CHUNK_DELETE, SQL_ARGS(sql_str(feed), sql_text(state)),
		       e) &&
	       sql_run(c, &SQL_GENERATION_DELETE, SQL_ARGS(sql_str(feed), sql_text(state)), e);
}

static bool next_number(struct sql_conn *c, struct str feed, int64_t *out, struct err *e)
{
	struct sql_rows *r;
	int64_t n = 0;
	if (!sql_query(c, &SQL_GENERATION_LAST_NUMBER, SQL_ARGS(sql_str(feed)), &r, e))
		return false;
	if (sql_next(r))
		n = sql_col_int(r, 0);
	if (!sql_rows_end(r, e))
		return false;
	*out = n + 1;
	return true;
}

static bool write_generation(struct sql_conn *c, void *arg, struct err *e)
{
	struct saving *s = arg;
	const struct feed_info *f = &s->g->feed;
	struct stored now;
	int64_t number;
	if (!find_stored(c, f->id, "current", &now, e))
		return false;
	if (now.present != s->seen.present || now.number != s->seen.number)
		return err_set(e, ERR_CONFLICT, "feed '%.*s' was changed meanwhile; try again",
			       STR_ARG(f->id));
	if (!delete_state(c, f->id, "held", e))
		return false;
	if (s->unchanged)
		return sql_run(c, &SQL_GENERATION_REFRESH,
			       SQL_ARGS(sql_str(f->id), sql_int(s->now_ms), sql_int(f->released_ms),
					sql_bool(f->is_signed), sql_str(f->signer),
					sql_str(f->url)),
			       e);
	if (!next_number(c, f->id, &number, e))
		return false;
	if (str_is(str_of(s->state), "current") &&
	    (!delete_state(c, f->id, "previous", e) ||
	     !sql_run(c, &SQL_GENERATION_DEMOTE, SQL_ARGS(sql_str(f->id)), e)))
		return false;
	return insert_generation(c, s, number, e) &&
	       sql_announce(c, CATALOG_SAYS_CHANGED, f->id, e);
}

/* Ticks off what the other current feeds of the same kind say. */
static bool found_elsewhere(struct sql_conn *c, const struct feed_info *f, struct shrink *s,
			    struct err *e)
{
	struct sql_rows *r;
	AUTO(arena_done) struct arena a = { 0 };
	VEC(struct str) feeds = { 0 };
	if (!sql_query(c, &SQL_GENERATION_FEEDS_OF_KIND, SQL_ARGS(sql_str(f->kind)), &r, e))
		return false;
	while (sql_next(r))
		VEC_PUSH(&feeds, arena_str(&a, sql_col_str(r, 0)));
	bool good = sql_rows_end(r, e);
	for (size_t i = 0; good && i < feeds.n; i++) {
		AUTO(buf_done) struct buf doc = BUF_INIT(SINK_MAX_BYTES + 2u);
		struct stored other;
		if (str_eq(feeds.p[i], f->id))
			continue;
		good = find_stored(c, feeds.p[i], "current", &other, e) &&
		       (!other.present || (read_records(c, feeds.p[i], &other, &doc, e) &&
					   shrink_found(s, buf_str(&doc), e)));
	}
	VEC_DONE(&feeds);
	return good;
}

/* Whether more is gone than may go; what, with the numbers, in `why`. */
static bool too_much(const struct shrink *s, const struct generation *g, const struct stored *cur,
		     char *why, size_t why_size)
{
	static const char *const what[SHRINK_KINDS_] = {
		[SHRINK_PACKAGES] = "packages are not offered any more in their version",
		[SHRINK_SECURITY] = "products with security updates have none any more",
		[SHRINK_NOTICES] = "notices are gone",
	};
	struct shrink_count n[SHRINK_KINDS_];
	shrink_counts(s, n);
	for (int k = 0; k < SHRINK_KINDS_; k++) {
		if (n[k].lost * 1000 <= n[k].before * SHRINK_PERMILLE)
			continue;
		snprintf(why, why_size, "it %s %lld to %lld records; %lld of %lld %s",
			 g->feed.rows < cur->rows ? "shrank from" : "came from",
			 (long long)cur->rows, (long long)g->feed.rows, (long long)n[k].lost,
			 (long long)n[k].before, what[k]);
		return true;
	}
	return false;
}

/* Whether systems lack something that is gone; what, in `why`. */
static bool is_waited_for(const struct shrink *s, const struct saving *x, char *why,
			  size_t why_size)
{
	const struct generation_watch *watch = x->watch;
	/* a tracker's notices of single CVEs come and go by their nature */
	bool notices = catalog_is_bulletin_kind(x->g->feed.kind);
	size_t n = watch ? MIN(shrink_lost(s, notices, NULL, 0), (size_t)LOST_MAX) : 0, which = 0;
	if (!n)
		return false;
	struct generation_lost *lost = xcalloc(n, sizeof(*lost));
	(void)shrink_lost(s, notices, lost, n);
	uint32_t systems = watch->waiting(watch->arg, lost, n, &which);
	const struct generation_lost *l = &lost[which];
	const struct str *name = l->is_notice ? &l->id : &l->name;
	if (systems)
		snprintf(why, why_size, "'%.*s' of '%.*s' is gone while systems lack it (%u)",
			 (int)MIN(name->n, (size_t)60), name->p, (int)MIN(l->os.n, (size_t)40),
			 l->os.p, systems);
	xfree(lost);
	return systems != 0;
}

static bool is_missed(const struct shrink *s, const struct saving *x, char *why, size_t why_size)
{
	return too_much(s, x->g, &x->seen, why, why_size) || is_waited_for(s, x, why, why_size);
}

/* Why the new generation must be held, in `why`; false when it looks right. */
static bool looks_wrong(struct sql_conn *c, const struct saving *x, bool *wrong_out, char *why,
			size_t why_size, struct err *e)
{
	const struct generation *g = x->g;
	const struct stored *cur = &x->seen;
	enum enrich_kind enrichment;
	int64_t rows = g->feed.rows, lost = cur->rows - rows;
	if (enrich_kind_parse(g->feed.kind, &enrichment)) { /* no packages: numbers are all */
		*wrong_out = lost * 1000 > cur->rows * SHRINK_PERMILLE;
		snprintf(why, why_size, "it shrank from %lld to %lld records", (long long)cur->rows,
			 (long long)rows);
		return true;
	}
	AUTO(buf_done) struct buf before = BUF_INIT(SINK_MAX_BYTES + 2u);
	AUTO(shrink_free) struct shrink *s = NULL;
	if (!read_records(c, g->feed.id, cur, &before, e) || !shrink_new(buf_str(&before), &s, e) ||
	    !shrink_found(s, g->records, e))
		return false;
	*wrong_out = is_missed(s, x, why, why_size);
	if (!*wrong_out)
		return true;
	if (!found_elsewhere(c, &g->feed, s, e))
		return false;
	*wrong_out = is_missed(s, x, why, why_size);
	return true;
}

static bool judge(struct sql *db, struct saving *s, bool accept_shrink, char *why, size_t why_size,
		  struct err *e)
{
	const struct generation *g = s->g;
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	bool wrong = false;
	if (!c || !find_stored(c, g->feed.id, "current", &s->seen, e))
		return false;
	if (!s->seen.present)
		return true;
	struct sha256 url = digest_of(g->feed.url);
	if (goes_back(&s->seen, g->feed.released_ms, &url))
		return err_set(
			e, ERR_UNTRUSTED,
			"Date went back: feed '%.*s' is older than what was accepted before; "
			"the mirror is stale or somebody replays old data, the last good generation stays",
			STR_ARG(g->feed.id));
	s->unchanged = digest_eq(&g->feed.digest, &s->seen.digest);
	if (s->unchanged || accept_shrink)
		return true;
	if (!looks_wrong(c, s, &wrong, why, why_size, e))
		return false;
	s->state = wrong ? "held" : "current";
	return true;
}

bool generation_save_watched(struct sql *db, const struct generation *g, int64_t now_ms,
			     bool accept_shrink, const struct generation_watch *watch,
			     struct err *e)
{
	struct saving s = { .g = g, .watch = watch, .now_ms = now_ms, .state = "current" };
	char why[160] = "";
	if (g->records.n > SINK_MAX_BYTES)
		return err_set(e, ERR_LIMIT, "feed '%.*s' is larger than allowed",
			       STR_ARG(g->feed.id));
	if (!judge(db, &s, accept_shrink, why, sizeof(why), e))
		return false;
	AUTO(buf_done) struct buf packed = BUF_INIT(PACKED_MAX);
	if (!s.unchanged && !generation_pack(g->records, &packed, e))
		return false;
	s.packed = buf_str(&packed);
	if (!sql_write(db, write_generation, &s, e))
		return false;
	if (str_is(str_of(s.state), "held"))
		return err_set(
			e, ERR_CONFLICT,
			"held: %s; the last good generation of feed '%.*s' stays, look at the feed "
			"and accept the new one if this is right",
			why, STR_ARG(g->feed.id));
	return true;
}

bool generation_save(struct sql *db, const struct generation *g, int64_t now_ms, bool accept_shrink,
		     struct err *e)
{
	return generation_save_watched(db, g, now_ms, accept_shrink, NULL, e);
}

/* --- accepting a held one ------------------------------------------------------------------------
 */

struct accepting {
	struct str feed;
	int64_t now_ms;
};

static bool accept_held(struct sql_conn *c, void *arg, struct err *e)
{
	const struct accepting *a = arg;
	struct stored held, current;
	if (!find_stored(c, a->feed, "held", &held, e) ||
	    !find_stored(c, a->feed, "current", &current, e))
		return false;
	if (!held.present)
		return err_set(e, ERR_NOT_FOUND, "feed '%.*s' has no held generation",
			       STR_ARG(a->feed));
	if (current.present && goes_back(&current, held.released_ms, &held.url))
		return err_set(e, ERR_UNTRUSTED,
			       "Date went back: the held generation of feed '%.*s' is older",
			       STR_ARG(a->feed));
	return delete_state(c, a->feed, "previous", e) &&
	       sql_run(c, &SQL_GENERATION_DEMOTE, SQL_ARGS(sql_str(a->feed)), e) &&
	       sql_run(c, &SQL_GENERATION_SET_STATE,
		       SQL_ARGS(sql_str(a->feed), sql_text("held"), sql_text("current"),
				sql_int(a->now_ms)),
		       e) &&
	       sql_run(c, &SQL_FEED_STATE_ACCEPTED,
		       SQL_ARGS(sql_str(a->feed), sql_int(held.rows), sql_int(held.released_ms),
				sql_int(a->now_ms)),
		       e) &&
	       sql_announce(c, CATALOG_SAYS_CHANGED, a->feed, e);
}

bool generation_accept_held(struct sql *db, struct str feed, int64_t now_ms, struct err *e)
{
	return sql_write(db, accept_held, &(struct accepting) { feed, now_ms }, e);
}

/* --- loading ------------------------------------------------------------------------------------
 */

void generations_done(struct generations *l)
{
	for (size_t i = 0; i < l->gens.n; i++)
		xfree((char *)l->gens.p[i].records.p);
	VEC_DONE(&l->gens);
	arena_done(&l->arena);
}

struct stored_list {
	VEC(struct stored) of; /* beside generations.gens */
};

static bool list_stored(struct sql_conn *c, const struct sql_stmt *query,
			bool (*want)(struct str kind), struct generations *l,
			struct stored_list *stored, struct err *e)
{
	struct sql_rows *r;
	bool good = true;
	if (!sql_query(c, query, SQL_NO_ARGS, &r, e))
		return false;
	while (good && sql_next(r)) {
		if (!want(sql_col_str(r, 2)))
			continue;
		struct stored s = { .present = true,
				    .number = sql_col_int(r, 1),
				    .raw_size = sql_col_int(r, 10) };
		struct feed_info f = { .id = arena_str(&l->arena, sql_col_str(r, 0)),
				       .kind = arena_str(&l->arena, sql_col_str(r, 2)),
				       .url = arena_str(&l->arena, sql_col_str(r, 3)),
				       .generation = s.number,
				       .fetched_ms = sql_col_int(r, 4),
				       .released_ms = sql_col_int(r, 5),
				       .is_signed = sql_col_bool(r, 6),
				       .signer = arena_str(&l->arena, sql_col_str(r, 7)),
				       .rows = sql_col_int(r, 8) };
		good = read_digest(sql_col_str(r, 9), &s.digest);
		f.digest = s.digest;
		VEC_PUSH(&l->gens, ((struct generation) { .feed = f }));
		VEC_PUSH(&stored->of, s);
	}
	if (!sql_rows_end(r, e))
		return false;
	return good || err_set(e, ERR_CORRUPT, "a stored generation has no digest");
}

static bool read_all(struct sql_conn *c, struct generations *l, const struct stored_list *stored,
		     struct err *e)
{
	for (size_t i = 0; i < l->gens.n; i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(SINK_MAX_BYTES + 2u);
		if (!read_records(c, l->gens.p[i].feed.id, &stored->of.p[i], &b, e))
			return err_prefix(e, "feed '%s'", l->gens.p[i].feed.id.p);
		size_t n = b.n;
		l->gens.p[i].records = (struct str) { buf_take(&b), n };
	}
	return true;
}

static bool load_stored(struct sql *db, const struct sql_stmt *query, bool (*want)(struct str kind),
			struct generations *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	struct stored_list stored = { 0 };
	bool good = c && list_stored(c, query, want, out, &stored, e) &&
		    read_all(c, out, &stored, e);
	VEC_DONE(&stored.of);
	return good;
}

bool generations_load(struct sql *db, bool (*want)(struct str kind), struct generations *out,
		      struct err *e)
{
	return load_stored(db, &SQL_GENERATION_LIST_CURRENT, want, out, e);
}

static bool of_patches(struct str kind)
{
	enum enrich_kind k;
	return !enrich_kind_parse(kind, &k);
}

bool catalog_load(struct sql *db, struct str off, struct catalog **out, struct err *e)
{
	AUTO(generations_done) struct generations l = { 0 };
	return generations_load(db, of_patches, &l, e) &&
	       catalog_build_taking(l.gens.p, l.gens.n, off, out, e);
}

static bool any_untold(struct sql *db, bool *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	struct sql_rows *r;
	bool any = false;
	if (!c || !sql_query(c, &SQL_GENERATION_LIST_UNTOLD, SQL_NO_ARGS, &r, e))
		return false;
	while (sql_next(r))
		any |= of_patches(sql_col_str(r, 0));
	*out = any;
	return sql_rows_end(r, e);
}

bool catalog_load_told(struct sql *db, struct str off, struct catalog **out, struct err *e)
{
	AUTO(generations_done) struct generations l = { 0 };
	bool any;
	if (!any_untold(db, &any, e))
		return false;
	if (any)
		return load_stored(db, &SQL_GENERATION_LIST_TOLD, of_patches, &l, e) &&
		       catalog_build_taking(l.gens.p, l.gens.n, off, out, e);
	*out = NULL;
	return true;
}

bool catalog_tell(struct sql_conn *conn, const struct catalog *c, struct err *e)
{
	for (uint32_t i = 0; i < c->n_feeds; i++)
		if (!sql_run(conn, &SQL_GENERATION_TELL,
			     SQL_ARGS(sql_str(c->feeds[i].id), sql_int(c->feeds[i].generation)), e))
			return false;
	return true;
}
