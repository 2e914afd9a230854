/* SPDX-License-Identifier: Apache-2.0
 * The hosts in a snapshot: for each a record of fixed size, its own texts and its coded facts, one
 * after the other; and the kinds of hosts, which have the texts that many of them share. Reading
 * stands any damage: nothing is followed that is not within the section. */
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "fleet/load.h"
#include "fleet/snapshot_int.h"

/* Bytes that are gathered before the lock is given back. */
#define SLICE ((size_t)2 << 20)

enum { TEXT_ID, TEXT_OWN, TEXTS = TEXT_OWN + HOST_OWNS_ };
struct saved_host {
	int64_t boot_ms, enrolled_ms, last_contact_ms, last_scan_ms;
	struct sha256 inventory;
	uint32_t facts_len, n_facts, version, kind;
	uint8_t state, scan, reboot_needed, zero;
	uint32_t text[TEXTS]; /* bytes with the NUL; 0 = NULL */
};

/* Of a kind in the file: the lengths as above, then the texts. */
enum { KIND_TEXTS = 7 };
struct saved_kind {
	uint32_t text[KIND_TEXTS];
};

/* Where the texts of a kind are. */
static void kind_texts(char **office, struct host_attrs *a, char **out[static KIND_TEXTS])
{
	char **const all[KIND_TEXTS] = { office,   &a->os_id,  &a->os_version,	 &a->os_name,
					 &a->arch, &a->kernel, &a->agent_version };
	memcpy(out, all, sizeof(all));
}

static bool length_of(const char *text, uint32_t *out)
{
	size_t n = text ? strlen(text) + 1 : 0;
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* Takes a text of `n` bytes (0 = NULL) off the front. */
static bool take_text(struct str *rest, uint32_t n, char **out)
{
	if (n > rest->n || (n && rest->p[n - 1]))
		return false;
	*out = n ? (char *)rest->p : NULL;
	*rest = (struct str) { rest->p + n, rest->n - n };
	return true;
}

/* --- writing --- */

/* The number of a host's kind; `kinds` has them as they are written. */
static bool kind_of(struct intern *kinds, const struct host *h, struct buf *b, uint32_t *out)
{
	struct host copy = *h;
	struct saved_kind s;
	char **texts[KIND_TEXTS];
	bool ok = true;
	kind_texts(&copy.office, &copy.attrs, texts);
	for (int i = 0; i < KIND_TEXTS; i++)
		ok = length_of(*texts[i], &s.text[i]) && ok;
	buf_reset(b);
	buf_add(b, &s, sizeof(s));
	for (int i = 0; i < KIND_TEXTS; i++)
		buf_add(b, *texts[i], s.text[i]);
	*out = intern_add(kinds, buf_str(b));
	return ok;
}

static bool put_host(struct snapfile_writer *w, const struct host *h, struct intern *kinds,
		     struct buf *b)
{
	struct saved_host s;
	const char *texts[TEXTS] = { h->id };
	memset(&s, 0, sizeof(s));
	s.boot_ms = h->attrs.boot_ms;
	s.enrolled_ms = h->enrolled_ms;
	s.last_contact_ms = __atomic_load_n(&h->last_contact_ms, __ATOMIC_RELAXED);
	s.last_scan_ms = h->last_scan_ms;
	s.inventory = h->inventory;
	s.facts_len = h->facts_len;
	s.n_facts = h->n_facts;
	s.version = h->version;
	s.state = (uint8_t)h->state;
	s.scan = (uint8_t)h->scan;
	s.reboot_needed = h->attrs.reboot_needed;
	bool ok = kind_of(kinds, h, b, &s.kind);
	for (int i = 0; i < HOST_OWNS_; i++)
		texts[TEXT_OWN + i] = host_own(h, (enum host_own)i);
	for (int i = 0; i < TEXTS; i++)
		ok = length_of(texts[i], &s.text[i]) && ok;
	if (!ok)
		return false;
	snapfile_put(w, &s, sizeof(s));
	for (int i = 0; i < TEXTS; i++)
		snapfile_put(w, texts[i], s.text[i]);
	snapfile_put(w, h->facts, h->facts_len);
	return true;
}

bool snapshot_save_hosts(struct fleet *f, struct snapfile_writer *w, uint32_t n, struct err *e)
{
	AUTO(intern_free) struct intern *kinds = intern_new();
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 30);
	bool ok = true;
	snapfile_begin(w, SNAPFILE_HOSTS);
	for (uint32_t i = 0; i < n && ok;) {
		fleet_read_lock(f);
		for (; i < n && ok && snapfile_gathered(w) < SLICE; i++)
			ok = put_host(w, f->hosts.p[i], kinds, &b) ||
			     err_set(e, ERR_LIMIT, "host '%s' has too long texts",
				     f->hosts.p[i]->id);
		fleet_read_unlock(f);
		ok = ok && snapfile_flush(w, e);
	}
	snapfile_begin(w, SNAPFILE_KINDS);
	for (uint32_t i = 0; i < intern_count(kinds); i++)
		snapfile_put(w, intern_get(kinds, i).p, intern_get(kinds, i).n);
	return ok && snapfile_flush(w, e);
}

/* --- reading --- */

/* Reads a record; its texts and facts stay where they are. */
static bool get_host(struct str *rest, struct host *out, uint32_t *kind_out)
{
	struct saved_host s;
	char *texts[TEXTS];
	if (rest->n < sizeof(s))
		return false;
	memcpy(&s, rest->p, sizeof(s));
	*rest = (struct str) { rest->p + sizeof(s), rest->n - sizeof(s) };
	for (int i = 0; i < TEXTS; i++)
		if (!take_text(rest, s.text[i], &texts[i]))
			return false;
	if (s.state >= HOST_STATES_ || s.scan >= SCANS_ || !texts[TEXT_ID] ||
	    s.facts_len > rest->n || s.n_facts > s.facts_len)
		return false;
	*out = (struct host) { .state = (enum host_state)s.state,
			       .scan = (enum scan_status)s.scan,
			       .id = texts[TEXT_ID],
			       .inventory = s.inventory,
			       .enrolled_ms = s.enrolled_ms,
			       .last_contact_ms = s.last_contact_ms,
			       .last_scan_ms = s.last_scan_ms,
			       .facts = s.facts_len ? (uint8_t *)rest->p : NULL,
			       .facts_len = s.facts_len,
			       .n_facts = s.n_facts,
			       .version = s.version };
	out->attrs.boot_ms = s.boot_ms;
	out->attrs.reboot_needed = s.reboot_needed;
	host_point(out, texts + TEXT_OWN);
	*rest = (struct str) { rest->p + s.facts_len, rest->n - s.facts_len };
	*kind_out = s.kind;
	return true;
}

static bool load_kinds(struct load *l, struct str rest)
{
	while (rest.n > 0) {
		struct saved_kind s;
		struct host_attrs a = { 0 };
		char *office = NULL, **texts[KIND_TEXTS];
		if (rest.n < sizeof(s))
			return false;
		memcpy(&s, rest.p, sizeof(s));
		rest = (struct str) { rest.p + sizeof(s), rest.n - sizeof(s) };
		kind_texts(&office, &a, texts);
		for (int i = 0; i < KIND_TEXTS; i++)
			if (!take_text(&rest, s.text[i], texts[i]))
				return false;
		if (!office)
			return false;
		load_kind(l, office, &a);
	}
	return true;
}

bool snapshot_load_hosts(struct fleet *f, const struct snapfile *s)
{
	struct str rest = snapfile_section(s, SNAPFILE_HOSTS);
	uint64_t n = snapfile_read_mark(s)->counts[0];
	if (n > rest.n / sizeof(struct saved_host))
		return false;
	AUTO(load_free) struct load *l = load_new(f, (uint32_t)n);
	if (!load_kinds(l, snapfile_section(s, SNAPFILE_KINDS)))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct host h;
		uint32_t kind;
		if (!get_host(&rest, &h, &kind) || !load_host(l, &h, kind))
			return false;
	}
	load_end(l);
	return true;
}
