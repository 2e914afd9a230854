/* SPDX-License-Identifier: Apache-2.0
 * The durable half of the fleet. Write functions see only their argument and the connection (they
 * may run twice). A host's inventory and the facts it is the first to use go into one transaction;
 * fact numbers are given in memory, so a failed transaction leaves a hole, which the next start
 * keeps. */
#include "base/arena.h"
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/queries.h"
#include "fleet/record.h"
#include "sql/notify.h"

/* Rows on their way into the index, many at a time. */
struct learning {
	struct index *index;
	struct arena arena;
	struct str lines[INDEX_AT_ONCE];
	uint32_t n;
};

static void learning_done(struct learning *l)
{
	arena_done(&l->arena);
}
AUTO_DEFINE_VALUE(struct learning, learning_done)

static bool flush(struct learning *l, struct err *e)
{
	uint32_t first = index_count(l->index), no[INDEX_AT_ONCE];
	index_intern_many(l->index, l->lines, l->n, no);
	for (uint32_t i = 0; i < l->n; i++)
		if (no[i] != first + i)
			return err_set(
				e, ERR_CORRUPT,
				"fact %u is stored twice; restore the database from a backup",
				first + i);
	l->n = 0;
	arena_reset(&l->arena);
	return true;
}

static bool take(struct learning *l, struct str line, struct err *e)
{
	l->lines[l->n++] = arena_str(&l->arena, line);
	return l->n < INDEX_AT_ONCE || flush(l, e);
}

static bool take_row(struct learning *l, int64_t id, struct str line, struct err *e)
{
	/* A hole is kept by a line no inventory can have (control characters are refused). */
	int64_t next = (int64_t)index_count(l->index) + l->n;
	for (; next < id; next++) {
		char hole[32];
		int n = snprintf(hole, sizeof(hole), "\x01%u", (uint32_t)next);
		if (!take(l, (struct str) { hole, (size_t)n }, e))
			return false;
	}
	if (next != id)
		return err_set(e, ERR_CORRUPT,
			       "fact %lld is stored twice; restore the database from a backup",
			       (long long)id);
	return take(l, line, e);
}

bool fleet_learn_rows(struct fleet *f, const struct facts_write *w, struct err *e)
{
	AUTO(learning_done) struct learning l = { .index = f->index };
	bool ok = true;
	for (uint32_t i = 0; ok && i < intern_count(w->rows); i++)
		ok = take_row(&l, (int64_t)w->known + i, intern_get(w->rows, i), e);
	return ok && flush(&l, e);
}

static bool load_facts(struct fleet *f, struct sql_conn *c, struct err *e)
{
	AUTO(learning_done) struct learning l = { .index = f->index };
	struct sql_rows *rows = NULL;
	if (!sql_query(c, &SQL_FACTS_FROM, SQL_ARGS(sql_int(0)), &rows, e))
		return false;
	bool ok = true;
	while (ok && sql_next(rows))
		ok = take_row(&l, sql_col_int(rows, 0), sql_col_str(rows, 1), e);
	return sql_rows_end(rows, ok ? e : NULL) && ok && flush(&l, e);
}

static bool read_facts_from(struct sql_conn *c, struct facts_write *w, struct err *e)
{
	struct sql_rows *rows;
	intern_free(w->rows);
	w->rows = intern_new();
	if (!sql_query(c, &SQL_FACTS_FROM, SQL_ARGS(sql_int(w->known)), &rows, e))
		return false;
	while (sql_next(rows)) {
		while (w->known + intern_count(w->rows) < sql_col_int(rows, 0)) {
			AUTO(xfree)
			char *hole = xasprintf("\x01%u", w->known + intern_count(w->rows));
			intern_add(w->rows, str_of(hole));
		}
		intern_add(w->rows, sql_col_str(rows, 1));
	}
	return sql_rows_end(rows, e);
}

/* A server that has seen fewer facts than the database holds reads the others first: two that store
 * at once collide on a number, and one of them runs again. */
static bool write_facts(struct sql_conn *c, void *arg, struct err *e)
{
	struct facts_write *w = arg;
	if (!read_facts_from(c, w, e))
		return false;
	for (uint32_t i = 0; i < intern_count(w->lines); i++) {
		struct str line = intern_get(w->lines, i);
		if (intern_find(w->rows, line) != INTERN_NONE)
			continue;
		uint32_t no = w->known + intern_add(w->rows, line);
		if (!sql_run(c, &SQL_FACT_INSERT, SQL_ARGS(sql_int(no), sql_str(line)), e))
			return false;
	}
	return true;
}

bool fleet_db_facts(struct fleet *f, struct facts_write *w, struct err *e)
{
	return sql_write(f->db, write_facts, w, e);
}

bool fleet_db_facts_from(struct fleet *f, struct facts_write *w, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	return c && read_facts_from(c, w, e);
}

static const char *text_or_null(struct sql_rows *r, int col, struct arena *a)
{
	return sql_col_null(r, col) ? NULL : arena_str(a, sql_col_str(r, col)).p;
}

static bool in_range(int64_t v, int64_t n)
{
	return v >= 0 && v < n;
}

/* The coded facts of a row, checked; they are borrowed from it. */
static bool load_facts_of_host(const struct fleet *f, struct host *h, struct sql_rows *r,
			       struct err *e)
{
	struct str bytes = sql_col_str(r, 24);
	int64_t n = sql_col_int(r, 23);
	if (!in_range(n, (int64_t)bytes.n + 1) || bytes.n > UINT32_MAX)
		return err_set(e, ERR_CORRUPT, "host '%s': %lld facts in %zu bytes", h->id,
			       (long long)n, bytes.n);
	AUTO(xfree) uint32_t *facts = xmalloc(sizeof(*facts) * (size_t)(n + 1));
	if (!facts_decode((const uint8_t *)bytes.p, bytes.n, (uint32_t)n, index_count(f->index),
			  facts, e))
		return err_prefix(e, "host '%s'", h->id);
	h->facts = (uint8_t *)bytes.p;
	h->facts_len = (uint32_t)bytes.n;
	h->n_facts = (uint32_t)n;
	return true;
}

/* What a row says; the texts are in the arena, the facts borrowed from the row. */
static bool read_host(const struct fleet *f, struct sql_rows *r, struct arena *a, struct host *out,
		      struct err *e)
{
	const char *t[27] = { 0 };
	for (int col = 0; col <= 26; col++)
		if (col < 2 || (col > 2 && col < 13) || col == 15 || col == 21 || col == 22 ||
		    col == 26)
			t[col] = text_or_null(r, col, a);
	int64_t state = sql_col_int(r, 2), scan = sql_col_int(r, 20);
	struct str digest = sql_col_str(r, 16);
	if (!in_range(state, HOST_STATES_) || !in_range(scan, SCANS_) || !t[0] || !t[1] ||
	    (digest.n != 0 && digest.n != SHA256_LEN))
		return err_set(e, ERR_CORRUPT,
			       "host '%s': state, scan status or inventory digest is not known",
			       t[0] ? t[0] : "");
	struct host h = {
		.id = t[0],
		.office = (char *)t[1],
		.state = (enum host_state)state,
		.scan = (enum scan_status)scan,
		.attrs = { .hostname = (char *)t[3],
			   .os_id = (char *)t[4],
			   .os_version = (char *)t[5],
			   .os_name = (char *)t[6],
			   .arch = (char *)t[7],
			   .kernel = (char *)t[8],
			   .address = (char *)t[9],
			   .agent_version = (char *)t[10],
			   .logged_in_user = (char *)t[11],
			   .boot_id = (char *)t[12],
			   .health_json = (char *)t[15],
			   .lan_json = (char *)t[26],
			   .boot_ms = sql_col_int(r, 13),
			   .reboot_needed = sql_col_bool(r, 14) },
		.enrolled_ms = sql_col_int(r, 17),
		.last_contact_ms = sql_col_int(r, 18),
		.last_scan_ms = sql_col_int(r, 19),
		.scan_error = (char *)t[21],
		.cert_fingerprint = (char *)t[22],
		.version = (uint32_t)sql_col_int(r, 25),
	};
	if (digest.n == SHA256_LEN)
		memcpy(h.inventory.b, digest.p, SHA256_LEN);
	*out = h;
	return load_facts_of_host(f, out, r, e);
}

static bool load_host(struct fleet *f, struct sql_rows *r, struct arena *a, struct err *e)
{
	struct host h;
	if (!read_host(f, r, a, &h, e))
		return false;
	fleet_adopt(f, &h);
	return true;
}

/* The facts of all loaded hosts. */
static void index_all(struct fleet *f)
{
	AUTO(xfree) uint32_t *nos = xmalloc((f->hosts.n + 1) * sizeof(*nos));
	for (size_t i = 0; i < f->hosts.n; i++)
		nos[i] = (uint32_t)i;
	fleet_index_hosts(f, nos, f->hosts.n);
	index_optimize(f->index);
}

bool fleet_db_load_facts(struct fleet *f, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	return c && load_facts(f, c, e);
}

bool fleet_db_load(struct fleet *f, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	if (!c || !load_facts(f, c, e))
		return false;
	struct sql_rows *rows = NULL;
	if (!sql_query(c, &SQL_HOST_LIST, SQL_NO_ARGS, &rows, e))
		return false;
	AUTO(arena_done) struct arena a = { 0 };
	bool ok = true;
	while (ok && sql_next(rows)) {
		ok = load_host(f, rows, &a, e);
		arena_reset(&a);
	}
	if (!sql_rows_end(rows, ok ? e : NULL) || !ok)
		return false;
	index_all(f);
	return true;
}

bool fleet_db_host(struct fleet *f, struct str id, struct arena *a, struct host *out,
		   bool *found_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows;
	*found_out = false;
	if (!c || !sql_query(c, &SQL_HOST_GET, SQL_ARGS(sql_str(id)), &rows, e))
		return false;
	bool ok = true;
	if (sql_next(rows)) {
		*found_out = true;
		fleet_read_lock(f); /* the index is looked at */
		ok = read_host(f, rows, a, out, e);
		fleet_read_unlock(f);
		if (ok)
			out->facts = (uint8_t *)(uintptr_t)arena_str(
					     a, (struct str) { (const char *)out->facts,
							       out->facts_len })
					     .p;
	}
	return sql_rows_end(rows, ok ? e : NULL) && ok;
}

bool fleet_db_versions(struct fleet *f,
		       void (*fn)(void *arg, struct str id, int64_t version, int64_t contact_ms),
		       void *arg, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_HOST_VERSIONS, SQL_NO_ARGS, &rows, e))
		return false;
	while (sql_next(rows))
		fn(arg, sql_col_str(rows, 0), sql_col_int(rows, 1), sql_col_int(rows, 2));
	return sql_rows_end(rows, e);
}

/* --- snapshots --- */

bool fleet_db_changed_ids(struct fleet *f, int64_t epoch, roaring_bitmap_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows = NULL;
	if (!c || !sql_query(c, &SQL_HOST_CHANGED_IDS, SQL_ARGS(sql_int(epoch)), &rows, e))
		return false;
	while (sql_next(rows)) {
		uint32_t no = ids_find(&f->ids, f->hosts.p, sql_col_str(rows, 0));
		if (no != INTERN_NONE)
			roaring_bitmap_add(out, no);
	}
	return sql_rows_end(rows, e);
}

static bool load_changed(struct fleet *f, struct sql_rows *r, struct arena *a,
			 roaring_bitmap_t *out, struct err *e)
{
	struct host h;
	if (!read_host(f, r, a, &h, e))
		return false;
	uint32_t no = ids_find(&f->ids, f->hosts.p, str_of(h.id));
	if (no == INTERN_NONE)
		no = fleet_adopt(f, &h);
	else
		fleet_replace(f, no, &h);
	roaring_bitmap_add(out, no);
	return true;
}

static void index_some(struct fleet *f, const roaring_bitmap_t *hosts)
{
	uint64_t n = roaring_bitmap_get_cardinality(hosts);
	AUTO(xfree) uint32_t *nos = xmalloc((n + 1) * sizeof(*nos));
	roaring_bitmap_to_uint32_array(hosts, nos);
	fleet_index_hosts(f, nos, n);
}

static bool check_number(const struct fleet *f, struct sql_conn *c, struct err *e)
{
	struct sql_rows *rows = NULL;
	if (!sql_query(c, &SQL_HOST_NUMBER, SQL_NO_ARGS, &rows, e))
		return false;
	int64_t n = sql_next(rows) ? sql_col_int(rows, 0) : -1;
	if (!sql_rows_end(rows, e))
		return false;
	return n == (int64_t)f->hosts.n ||
	       err_set(e, ERR_CORRUPT, "the database has %lld hosts, the snapshot leads to %zu",
		       (long long)n, f->hosts.n);
}

bool fleet_db_load_changed(struct fleet *f, int64_t epoch, roaring_bitmap_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows = NULL;
	if (!c || !sql_query(c, &SQL_HOST_CHANGED_LIST, SQL_ARGS(sql_int(epoch)), &rows, e))
		return false;
	AUTO(arena_done) struct arena a = { 0 };
	bool ok = true;
	while (ok && sql_next(rows)) {
		ok = load_changed(f, rows, &a, out, e);
		arena_reset(&a);
	}
	if (!sql_rows_end(rows, ok ? e : NULL) || !ok || !check_number(f, c, e))
		return false;
	index_some(f, out);
	return true;
}

bool fleet_db_load_contacts(struct fleet *f, int64_t from_ms, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows = NULL;
	if (!c || !sql_query(c, &SQL_HOST_CONTACTED, SQL_ARGS(sql_int(from_ms)), &rows, e))
		return false;
	while (sql_next(rows)) {
		uint32_t no = ids_find(&f->ids, f->hosts.p, sql_col_str(rows, 0));
		if (no == INTERN_NONE)
			continue;
		struct host *h = f->hosts.p[no];
		h->last_contact_ms = MAX(h->last_contact_ms, sql_col_int(rows, 1));
		roster_contact(f->roster, no, h->last_contact_ms);
	}
	return sql_rows_end(rows, e);
}

static bool write_epoch(struct sql_conn *c, void *arg, struct err *e)
{
	struct sql_rows *rows = NULL;
	if (!sql_run(c, &SQL_FLEET_EPOCH_NEXT, SQL_NO_ARGS, e) ||
	    !sql_query(c, &SQL_FLEET_EPOCH_NOW, SQL_NO_ARGS, &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found)
		*(int64_t *)arg = sql_col_int(rows, 0);
	return sql_rows_end(rows, e) &&
	       (found || err_set(e, ERR_CORRUPT, "the database has lost the fleet's epoch"));
}

bool fleet_db_next_epoch(struct fleet *f, int64_t *epoch_out, struct err *e)
{
	return sql_write(f->db, write_epoch, epoch_out, e);
}

struct note_write {
	struct str id;
	int64_t epoch;
};

/* The one before stays known: the file in its place is that one until the new one is renamed. */
static bool write_note(struct sql_conn *c, void *arg, struct err *e)
{
	const struct note_write *w = arg;
	return sql_run(c, &SQL_SNAPSHOT_FORGET, SQL_NO_ARGS, e) &&
	       sql_run(c, &SQL_SNAPSHOT_NOTE, SQL_ARGS(sql_blob(w->id), sql_int(w->epoch)), e);
}

bool fleet_db_note_snapshot(struct fleet *f, struct str id, int64_t epoch, struct err *e)
{
	struct note_write w = { id, epoch };
	return sql_write(f->db, write_note, &w, e);
}

bool fleet_db_find_snapshot(struct fleet *f, struct str id, int64_t *epoch_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows = NULL;
	if (!c || !sql_query(c, &SQL_SNAPSHOT_FIND, SQL_ARGS(sql_blob(id)), &rows, e))
		return false;
	bool found = sql_next(rows);
	int64_t epoch = found ? sql_col_int(rows, 0) : 0;
	if (!sql_rows_end(rows, e))
		return false;
	if (!found)
		return err_set(e, ERR_CORRUPT, "the database does not know this snapshot");
	*epoch_out = epoch;
	return true;
}

static bool write_enrol(struct sql_conn *c, void *arg, struct err *e)
{
	const struct host *h = arg;
	const struct host_attrs *a = &h->attrs;
	return sql_run(c, &SQL_HOST_INSERT,
		       SQL_ARGS(sql_text(h->id), sql_text(h->office), sql_int(h->state),
				sql_text(a->hostname), sql_text(a->os_id), sql_text(a->os_version),
				sql_text(a->os_name), sql_text(a->arch), sql_text(a->kernel),
				sql_text(a->address), sql_text(a->agent_version),
				sql_text(a->logged_in_user), sql_text(a->boot_id),
				sql_int(a->boot_ms), sql_bool(a->reboot_needed),
				sql_text(a->health_json), sql_int(h->enrolled_ms), sql_int(h->scan),
				sql_text(h->cert_fingerprint), sql_text(a->lan_json)),
		       e) &&
	       sql_announce(c, FLEET_SAYS_HOST, str_of(h->id), e);
}

bool fleet_db_enrol(struct fleet *f, const struct host *h, struct err *e)
{
	return !f->db || sql_write(f->db, write_enrol, (void *)h, e);
}

struct attrs_write {
	const char *id;
	const struct host_attrs *a;
};

static bool write_attrs(struct sql_conn *c, void *arg, struct err *e)
{
	const struct attrs_write *w = arg;
	const struct host_attrs *a = w->a;
	return sql_run(c, &SQL_HOST_SET_ATTRS,
		       SQL_ARGS(sql_text(w->id), sql_text(a->hostname), sql_text(a->os_id),
				sql_text(a->os_version), sql_text(a->os_name), sql_text(a->arch),
				sql_text(a->kernel), sql_text(a->address),
				sql_text(a->agent_version), sql_text(a->logged_in_user),
				sql_text(a->boot_id), sql_int(a->boot_ms),
				sql_bool(a->reboot_needed), sql_text(a->health_json),
				sql_text(a->lan_json)),
		       e) &&
	       sql_announce(c, FLEET_SAYS_HOST, str_of(w->id), e);
}

bool fleet_db_attrs(struct fleet *f, const char *id, const struct host_attrs *a, struct err *e)
{
	struct attrs_write w = { id, a };
	return !f->db || sql_write(f->db, write_attrs, &w, e);
}

static bool write_inventory(struct sql_conn *c, void *arg, struct err *e)
{
	const struct host_inventory *i = arg;
	if (i->also_arg && !i->also(c, i->also_arg, e))
		return false;
	return sql_run(c, &SQL_HOST_SET_INVENTORY,
		       SQL_ARGS(sql_str(i->host),
				sql_blob((struct str) { (const char *)i->digest.b, SHA256_LEN }),
				sql_int(i->n_facts), sql_blob(i->facts), sql_int(i->scanned_ms),
				sql_int(SCAN_OK)),
		       e) &&
	       sql_announce(c, FLEET_SAYS_HOST, i->host, e);
}

bool fleet_db_inventory(struct fleet *f, const struct host_inventory *i, struct err *e)
{
	return !f->db || sql_write(f->db, write_inventory, (void *)i, e);
}

struct word_write {
	const char *id, *text;
	int64_t word;
};

static bool write_state(struct sql_conn *c, void *arg, struct err *e)
{
	const struct word_write *w = arg;
	return sql_run(c, &SQL_HOST_SET_STATE, SQL_ARGS(sql_text(w->id), sql_int(w->word)), e) &&
	       sql_announce(c, FLEET_SAYS_HOST, str_of(w->id), e);
}

bool fleet_db_state(struct fleet *f, const char *id, enum host_state state, struct err *e)
{
	struct word_write w = { .id = id, .word = state };
	return !f->db || sql_write(f->db, write_state, &w, e);
}

static bool write_scan(struct sql_conn *c, void *arg, struct err *e)
{
	const struct word_write *w = arg;
	return sql_run(c, &SQL_HOST_SET_SCAN,
		       SQL_ARGS(sql_text(w->id), sql_int(w->word), sql_text(w->text)), e) &&
	       sql_announce(c, FLEET_SAYS_HOST, str_of(w->id), e);
}

bool fleet_db_scan(struct fleet *f, const char *id, enum scan_status scan, const char *error,
		   struct err *e)
{
	struct word_write w = { .id = id, .text = error, .word = scan };
	return !f->db || sql_write(f->db, write_scan, &w, e);
}

static bool write_scanned(struct sql_conn *c, void *arg, struct err *e)
{
	const struct host_contact *w = arg;
	return sql_run(c, &SQL_HOST_SET_SCANNED,
		       SQL_ARGS(sql_str(w->host), sql_int(w->ms), sql_int(SCAN_OK)), e) &&
	       sql_announce(c, FLEET_SAYS_HOST, w->host, e);
}

bool fleet_db_scanned(struct fleet *f, const char *id, int64_t scanned_ms, struct err *e)
{
	struct host_contact w = { str_of(id), scanned_ms };
	return !f->db || sql_write(f->db, write_scanned, &w, e);
}

struct contacts_write {
	const struct host_contact *p;
	size_t n;
};

/* So many hosts go into one announcement. */
#define ANNOUNCED_AT_ONCE 100

static bool announce_all(struct sql_conn *c, const struct contacts_write *w, bool seen,
			 struct err *e)
{
	for (size_t i = 0; i < w->n; i += ANNOUNCED_AT_ONCE) {
		AUTO(buf_done) struct buf b = BUF_INIT(SQL_ANNOUNCE_MAX);
		AUTO(buf_done) struct buf scanned = BUF_INIT(SQL_ANNOUNCE_MAX);
		for (size_t k = i; k < MIN(w->n, i + ANNOUNCED_AT_ONCE); k++) {
			buf_printf(&b, k > i ? " %.*s" : "%.*s", STR_ARG(w->p[k].host));
			if (seen)
				buf_printf(&b, " %lld", (long long)w->p[k].ms);
			if (seen && w->p[k].scanned_ms) /* its row says when */
				buf_printf(&scanned, scanned.n ? " %.*s" : "%.*s",
					   STR_ARG(w->p[k].host));
		}
		if (!buf_ok(&b, "announcement", e) || !buf_ok(&scanned, "announcement", e) ||
		    (scanned.n && !sql_announce(c, FLEET_SAYS_HOST, buf_str(&scanned), e)) ||
		    !sql_announce(c, seen ? FLEET_SAYS_SEEN : FLEET_SAYS_HOST, buf_str(&b), e))
			return false;
	}
	return true;
}

static bool write_contacts(struct sql_conn *c, void *arg, struct err *e)
{
	const struct contacts_write *w = arg;
	for (size_t i = 0; i < w->n; i++)
		if (!sql_run(c, &SQL_HOST_SET_CONTACT,
			     SQL_ARGS(sql_str(w->p[i].host), sql_int(w->p[i].ms),
				      sql_int(w->p[i].scanned_ms)),
			     e))
			return false;
	return announce_all(c, w, true, e);
}

bool fleet_db_contacts(struct fleet *f, const struct host_contact *c, size_t n, struct err *e)
{
	struct contacts_write w = { c, n };
	return !f->db || n == 0 || sql_write(f->db, write_contacts, &w, e);
}

static bool write_scans(struct sql_conn *c, void *arg, struct err *e)
{
	const struct contacts_write *w = arg;
	for (size_t i = 0; i < w->n; i++)
		if (!sql_run(c, &SQL_HOST_SET_SCAN,
			     SQL_ARGS(sql_str(w->p[i].host), sql_int(SCAN_REQUESTED), sql_null()),
			     e))
			return false;
	return announce_all(c, w, false, e);
}

bool fleet_db_scans(struct fleet *f, const struct host_contact *c, size_t n, struct err *e)
{
	struct contacts_write w = { c, n };
	return !f->db || n == 0 || sql_write(f->db, write_scans, &w, e);
}
