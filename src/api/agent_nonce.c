/* SPDX-License-Identifier: Apache-2.0
 * A nonce is count (4 bytes), chance (4), MAC (8), in hex. Chance, because two clones that both
 * come with the previous nonce must get different ones; the count and the MAC, because a host may
 * come back with a nonce that a crash has made this server forget. When the previous one comes, it
 * stays the previous one: the newest reply was lost, and only its lack is known.
 *
 * Invariants: `behind` is true from loading a host's row until its first good turn, and only then
 * may a nonce be ahead; a host in `dirty` is there once. */
#include "api/agent_nonce.h"

#include "api/queries.h"
#include "base/enc.h"
#include "base/random.h"
#include "base/vec.h"
#include "crypto/digest.h"

#include <pthread.h>
#include <string.h>

#define RAW 16
#define BATCH 500

struct raw {
	uint8_t b[RAW]; /* all zero = none */
};
/* A million of them: small, and in one piece. */
struct slot {
	uint8_t host[RAW];
	struct raw current, previous;
	uint32_t epoch;
	bool loaded, known, behind, dirty;
};
struct nonces {
	struct sql *db;
	bool shared; /* several servers: the database is the state */
	uint8_t key[32];
	pthread_mutex_t lock;
	VEC(struct slot) slots; /* by host number */
	VEC(uint32_t) dirty;
};

struct nonces *nonces_new(struct sql *db, const uint8_t key[static 32])
{
	struct nonces *n = xcalloc(1, sizeof(*n));
	n->db = db;
	n->shared = strcmp(sql_engine(db), "sqlite") != 0;
	memcpy(n->key, key, sizeof(n->key));
	pthread_mutex_init(&n->lock, NULL);
	return n;
}

void nonces_free(struct nonces *n)
{
	if (!n)
		return;
	VEC_DONE(&n->slots);
	VEC_DONE(&n->dirty);
	pthread_mutex_destroy(&n->lock);
	xfree(n);
}

/* --- the nonce itself --- */

static const struct raw none;

static bool same(const struct raw *a, const struct raw *b)
{
	return memcmp(a->b, b->b, RAW) == 0;
}

static uint32_t count_of(const struct raw *r)
{
	return (uint32_t)r->b[0] << 24 | (uint32_t)r->b[1] << 16 | (uint32_t)r->b[2] << 8 | r->b[3];
}

static void sign(const struct nonces *n, const uint8_t *host, const struct raw *r, uint8_t out[8])
{
	char message[RAW + 8];
	memcpy(message, host, RAW);
	memcpy(message + RAW, r->b, 8);
	struct sha256 mac = digest_hmac((struct str) { (const char *)n->key, sizeof(n->key) },
					(struct str) { message, sizeof(message) });
	memcpy(out, mac.b, 8);
}

/* Made by this server, for this host. A row from before nonces were counted holds none such. */
static bool ours(const struct nonces *n, const uint8_t *host, const struct raw *r)
{
	uint8_t mac[8], wrong = 0;
	sign(n, host, r, mac);
	for (size_t i = 0; i < sizeof(mac); i++)
		wrong |= mac[i] ^ r->b[8 + i];
	return !wrong;
}

/* Four bytes at a time; a system call for each would cost more than the rest of the nonce. */
static void chance(uint8_t out[4])
{
	static _Thread_local uint8_t pool[256];
	static _Thread_local size_t left;
	if (!left) {
		random_bytes(pool, sizeof(pool));
		left = sizeof(pool);
	}
	left -= 4;
	memcpy(out, pool + left, 4);
}

static struct raw make(const struct nonces *n, const uint8_t *host, uint32_t count)
{
	struct raw r;
	for (int i = 0; i < 4; i++)
		r.b[i] = (uint8_t)(count >> (24 - 8 * i));
	chance(r.b + 4);
	sign(n, host, &r, r.b + 8);
	return r;
}

static bool parse(struct str text, struct raw *out)
{
	*out = none;
	return text.n == 0 || enc_unhex(text, out->b, RAW);
}

/* --- the turn --- */

/* `s` as it was before the turn; on NONCE_GOOD as it is after. */
static enum nonce_verdict judge(const struct nonces *n, struct slot *s, uint64_t epoch,
				const char *text)
{
	struct raw given;
	bool read = parse(str_of(text), &given);
	bool fresh = !s->known || s->epoch < epoch;
	bool current = read && same(&given, &s->current);
	bool counted = read && !same(&given, &none) && ours(n, s->host, &given);
	uint32_t at = ours(n, s->host, &s->current) ? count_of(&s->current) : 0;
	bool ahead = s->behind && counted && count_of(&given) > at;
	if (!fresh && !current && !ahead && !(read && same(&given, &s->previous)))
		return NONCE_FORKED;
	if (fresh || current || ahead)
		s->previous = given;
	s->current = make(n, s->host, MAX(at, counted ? count_of(&given) : 0) + 1);
	s->epoch = (uint32_t)epoch;
	s->known = true;
	s->behind = false;
	return NONCE_GOOD;
}

static bool read_state(struct sql_conn *conn, struct slot *s, struct err *e)
{
	struct sql_rows *rows = NULL;
	char host[NONCE_LEN];
	enc_hex(s->host, RAW, host);
	if (!sql_query(conn, &SQL_AGENT_NONCE_GET, SQL_ARGS(sql_text(host)), &rows, e))
		return false;
	s->known = sql_next(rows);
	if (s->known) {
		s->epoch = (uint32_t)sql_col_int(rows, 0);
		if (!parse(sql_col_str(rows, 1), &s->current) ||
		    !parse(sql_col_str(rows, 2), &s->previous))
			s->current = s->previous = none;
	}
	return sql_rows_end(rows, e);
}

static bool write_state(struct sql_conn *conn, const struct slot *s, int64_t now_ms, struct err *e)
{
	char host[NONCE_LEN], current[NONCE_LEN], previous[NONCE_LEN] = "";
	enc_hex(s->host, RAW, host);
	enc_hex(s->current.b, RAW, current);
	if (!same(&s->previous, &none))
		enc_hex(s->previous.b, RAW, previous);
	return sql_run(conn, &SQL_AGENT_NONCE_PUT,
		       SQL_ARGS(sql_text(host), sql_int(s->epoch), sql_text(current),
				sql_text(previous), sql_int(now_ms)),
		       e);
}

static bool slot_new(const char *host, struct slot *out, struct err *e)
{
	*out = (struct slot) { .loaded = true, .behind = true };
	return enc_unhex(str_of(host), out->host, RAW) ||
	       err_set(e, ERR_INTERNAL, "agent '%.40s' has no id of 32 hex digits", host);
}

/* A shared database: read, judge and write in one transaction. */
struct turn {
	const struct nonces *n;
	struct slot s;
	const char *given;
	uint64_t epoch;
	int64_t now_ms;
	enum nonce_verdict verdict;
};

static bool turn_write(struct sql_conn *conn, void *arg, struct err *e)
{
	struct turn *t = arg;
	t->s.behind = true;
	t->s.current = t->s.previous = none;
	if (!read_state(conn, &t->s, e))
		return false;
	t->verdict = judge(t->n, &t->s, t->epoch, t->given);
	return t->verdict == NONCE_FORKED || write_state(conn, &t->s, t->now_ms, e);
}

/* The host's slot, made from its row when it comes first since the start. The lock is held on
 * return. */
static bool slot_of(struct nonces *n, uint32_t no, const char *host, struct slot **out,
		    struct err *e)
{
	pthread_mutex_lock(&n->lock);
	if (no < n->slots.n && n->slots.p[no].loaded) {
		*out = &n->slots.p[no];
		return true;
	}
	pthread_mutex_unlock(&n->lock);
	struct slot fresh;
	AUTO(sql_done) struct sql_conn *conn = sql_reader(n->db, e);
	if (!conn || !slot_new(host, &fresh, e) || !read_state(conn, &fresh, e))
		return false;
	pthread_mutex_lock(&n->lock);
	while (n->slots.n <= no)
		VEC_PUSH(&n->slots, (struct slot) { .loaded = false });
	if (!n->slots.p[no].loaded)
		n->slots.p[no] = fresh;
	*out = &n->slots.p[no];
	return true;
}

bool nonces_turn(struct nonces *n, uint32_t no, const char *host, uint64_t epoch, const char *given,
		 int64_t now_ms, char next_out[static NONCE_LEN], enum nonce_verdict *out,
		 struct err *e)
{
	if (n->shared) {
		struct turn t = { .n = n, .given = given, .epoch = epoch, .now_ms = now_ms };
		if (!slot_new(host, &t.s, e) || !sql_write(n->db, turn_write, &t, e))
			return false;
		*out = t.verdict;
		enc_hex(t.s.current.b, RAW, next_out);
		return true;
	}
	struct slot *s;
	if (!slot_of(n, no, host, &s, e))
		return false;
	*out = judge(n, s, epoch, given);
	enc_hex(s->current.b, RAW, next_out);
	if (*out == NONCE_GOOD && !s->dirty) {
		s->dirty = true;
		VEC_PUSH(&n->dirty, no);
	}
	pthread_mutex_unlock(&n->lock);
	return true;
}

/* --- batches --- */

struct batch {
	struct slot slots[BATCH];
	size_t n;
	int64_t now_ms;
};

static bool batch_write(struct sql_conn *conn, void *arg, struct err *e)
{
	const struct batch *b = arg;
	for (size_t i = 0; i < b->n; i++)
		if (!write_state(conn, &b->slots[i], b->now_ms, e))
			return false;
	return true;
}

bool nonces_flush(struct nonces *n, int64_t now_ms, struct err *e)
{
	AUTO(xfree) struct batch *b = xmalloc(sizeof(*b));
	uint32_t nos[BATCH];
	bool ok = true, left = true;
	pthread_mutex_lock(&n->lock);
	size_t most = n->dirty.n; /* those that come meanwhile wait for the next flush */
	pthread_mutex_unlock(&n->lock);
	while (ok && left && most) {
		pthread_mutex_lock(&n->lock);
		for (b->n = 0; b->n < BATCH && n->dirty.n && most; b->n++, most--) {
			uint32_t no = nos[b->n] = n->dirty.p[--n->dirty.n];
			n->slots.p[no].dirty = false;
			b->slots[b->n] = n->slots.p[no];
		}
		left = n->dirty.n > 0;
		pthread_mutex_unlock(&n->lock);
		b->now_ms = now_ms;
		ok = sql_write(n->db, batch_write, b, e);
	}
	pthread_mutex_lock(&n->lock);
	for (size_t i = 0; !ok && i < b->n; i++) {
		if (!n->slots.p[nos[i]].dirty) {
			n->slots.p[nos[i]].dirty = true;
			VEC_PUSH(&n->dirty, nos[i]);
		}
	}
	pthread_mutex_unlock(&n->lock);
	return ok || err_prefix(e, "writing the agents' nonces");
}
