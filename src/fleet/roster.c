/* SPDX-License-Identifier: Apache-2.0
 * The columns and the words of the roster. A word has a number as long as hosts use it; when most
 * of a kind are nobody's (agents may say new words for ever), those in use are numbered anew. */
#include "fleet/roster.h"

#include "base/intern.h"
#include "fleet/address.h"
#include "fleet/fleet_int.h"
#include "fleet/roster_int.h"

#include <pthread.h>

#define WORDS_KEPT 1024 /* unused ones that are never worth a renumbering */

struct words {
	struct intern *texts;
	VEC(uint32_t) hosts; /* by number: how many have it */
	VEC(uint32_t) column;
	uint32_t unused;
};

struct roster {
	uint32_t n;
	struct words words[ROSTER_WORDS_];
	VEC(uint8_t) state, scan, online, reboot;
	VEC(int64_t) last_scan_ms, last_contact_ms;
	VEC(uint64_t) id_head;
	VEC(uint32_t) ipv4;    /* of the address; 0 = it is none */
	roaring_bitmap_t *six; /* hosts with an IPv6 address */
	VEC(const char *) ids; /* the records' own */
	struct haystack *texts;
	pthread_mutex_t order_lock; /* readers bring the orders up to date one after the other */
	struct order order[ROSTER_ORDERS_];
};

enum { FIELD_HOSTNAME, FIELD_ADDRESS, FIELD_USER, FIELDS_ };

struct roster *roster_new(void)
{
	struct roster *r = xcalloc(1, sizeof(*r));
	for (int w = 0; w < ROSTER_WORDS_; w++)
		r->words[w].texts = intern_new();
	r->texts = haystack_new();
	r->six = roaring_bitmap_create();
	r->order[ROSTER_BY_HOSTNAME].field = FIELD_HOSTNAME;
	r->order[ROSTER_BY_ADDRESS].field = FIELD_ADDRESS;
	pthread_mutex_init(&r->order_lock, NULL);
	return r;
}

void roster_free(struct roster *r)
{
	if (!r)
		return;
	for (int w = 0; w < ROSTER_WORDS_; w++) {
		intern_free(r->words[w].texts);
		VEC_DONE(&r->words[w].hosts);
		VEC_DONE(&r->words[w].column);
	}
	VEC_DONE(&r->state);
	VEC_DONE(&r->scan);
	VEC_DONE(&r->online);
	VEC_DONE(&r->reboot);
	VEC_DONE(&r->last_scan_ms);
	VEC_DONE(&r->last_contact_ms);
	VEC_DONE(&r->id_head);
	VEC_DONE(&r->ipv4);
	roaring_bitmap_free(r->six);
	VEC_DONE(&r->ids);
	haystack_free(r->texts);
	for (int o = 0; o < ROSTER_ORDERS_; o++)
		order_done(&r->order[o]);
	pthread_mutex_destroy(&r->order_lock);
	xfree(r);
}

const struct roster *fleet_roster(const struct fleet *f)
{
	return f->roster;
}

/* --- words --- */

static void number_anew(struct words *w)
{
	struct intern *texts = intern_new();
	VEC(uint32_t) hosts = { 0 };
	AUTO(xfree) uint32_t *map = xmalloc((w->hosts.n + 1) * sizeof(*map));
	for (uint32_t i = 0; i < w->hosts.n; i++) {
		if (w->hosts.p[i] == 0)
			continue;
		map[i] = intern_add(texts, intern_get(w->texts, i));
		VEC_PUSH(&hosts, w->hosts.p[i]);
	}
	for (size_t i = 0; i < w->column.n; i++)
		w->column.p[i] = map[w->column.p[i]];
	intern_free(w->texts);
	VEC_DONE(&w->hosts);
	w->texts = texts;
	w->hosts.p = hosts.p;
	w->hosts.n = hosts.n;
	w->hosts.cap = hosts.cap;
	w->unused = 0;
}

static uint32_t number_of(struct words *w, struct str text)
{
	uint32_t no = intern_add(w->texts, text);
	if (no == w->hosts.n) {
		VEC_PUSH(&w->hosts, 0);
		w->unused++;
	}
	return no;
}

static void use_word(struct words *w, uint32_t no)
{
	if (w->hosts.p[no]++ == 0)
		w->unused--;
}

static void put_word(struct words *w, uint32_t host, bool is_new, struct str text)
{
	uint32_t no = number_of(w, text);
	if (is_new)
		VEC_PUSH(&w->column, no);
	else if (--w->hosts.p[w->column.p[host]] == 0)
		w->unused++;
	use_word(w, no);
	w->column.p[host] = no;
	if (w->unused > WORDS_KEPT && w->unused > w->hosts.n / 2)
		number_anew(w);
}

uint32_t roster_words(const struct roster *r, enum roster_word which)
{
	return (uint32_t)r->words[which].hosts.n;
}

struct str roster_word(const struct roster *r, enum roster_word which, uint32_t no)
{
	return intern_get(r->words[which].texts, no);
}

struct roster_release roster_release(const struct roster *r, uint32_t no)
{
	struct str rest = roster_word(r, ROSTER_RELEASE, no);
	struct roster_release out = { 0 };
	(void)str_split(&rest, '\n', &out.os_id);
	(void)str_split(&rest, '\n', &out.os_version);
	out.os_name = rest;
	return out;
}

/* --- keeping it --- */

static struct str text(const char *s)
{
	return str_of(s ? s : "");
}

/* The words in an office and attributes; the release is written into `b`. */
static void read_words(const char *office, const struct host_attrs *a, struct buf *b,
		       struct str out[static ROSTER_WORDS_])
{
	buf_printf(b, "%s\n%s\n%s", a->os_id ? a->os_id : "", a->os_version ? a->os_version : "",
		   a->os_name ? a->os_name : "");
	out[ROSTER_RELEASE] = buf_str(b);
	out[ROSTER_OFFICE] = text(office);
	out[ROSTER_ARCH] = text(a->arch);
	out[ROSTER_AGENT] = text(a->agent_version);
}

static void put_words(struct roster *r, const struct host *h, bool is_new)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct str words[ROSTER_WORDS_];
	read_words(h->office, &h->attrs, &b, words);
	for (int w = 0; w < ROSTER_WORDS_; w++)
		put_word(&r->words[w], h->no, is_new, words[w]);
}

void roster_number(struct roster *r, const char *office, const struct host_attrs *a,
		   uint32_t out[static ROSTER_WORDS_])
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct str words[ROSTER_WORDS_];
	read_words(office, a, &b, words);
	for (int w = 0; w < ROSTER_WORDS_; w++)
		out[w] = number_of(&r->words[w], words[w]);
}

/* Equal but for the case of ASCII letters; so a contact that says nothing new moves nothing. */
static bool same_text(struct str kept, struct str now)
{
	return kept.n == now.n && strncasecmp(kept.p, now.p, now.n) == 0;
}

static void put_texts(struct roster *r, const struct host *h, bool is_new)
{
	const struct str fields[FIELDS_] = { [FIELD_HOSTNAME] = text(h->attrs.hostname),
					     [FIELD_ADDRESS] = text(h->attrs.address),
					     [FIELD_USER] = text(h->attrs.logged_in_user) };
	bool same = !is_new;
	for (int o = 0; o < ROSTER_ORDERS_; o++) {
		struct order *order = &r->order[o];
		if (is_new ||
		    !same_text(haystack_field(r->texts, h->no, order->field), fields[order->field]))
			order_change(order, h->no);
	}
	for (size_t i = 0; i < FIELDS_ && same; i++)
		same = same_text(haystack_field(r->texts, h->no, i), fields[i]);
	if (!same)
		haystack_put(r->texts, h->no, fields, FIELDS_);
}

static uint32_t ipv4_of(const uint8_t b[static 4])
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void put_address(struct roster *r, const struct host *h)
{
	struct address a;
	bool known = address_parse(text(h->attrs.address), &a);
	r->ipv4.p[h->no] = known && !a.six ? ipv4_of(a.b) : 0;
	if (known && a.six)
		roaring_bitmap_add(r->six, h->no);
	else
		roaring_bitmap_remove(r->six, h->no);
}

static uint64_t head_of(const char *id)
{
	uint64_t head = 0;
	for (int i = 0; i < 8; i++)
		head = head << 8 | (uint8_t)(*id ? *id++ : 0);
	return head;
}

static void add(struct roster *r, const struct host *h)
{
	VEC_PUSH(&r->state, 0);
	VEC_PUSH(&r->scan, 0);
	VEC_PUSH(&r->online, 0);
	VEC_PUSH(&r->reboot, 0);
	VEC_PUSH(&r->last_scan_ms, 0);
	VEC_PUSH(&r->last_contact_ms, 0);
	VEC_PUSH(&r->id_head, head_of(h->id));
	VEC_PUSH(&r->ipv4, 0);
	VEC_PUSH(&r->ids, h->id);
	r->n++;
}

/* All but words and texts. */
static void put_columns(struct roster *r, const struct host *h)
{
	r->state.p[h->no] = (uint8_t)h->state;
	r->scan.p[h->no] = (uint8_t)h->scan;
	r->online.p[h->no] = h->online;
	r->reboot.p[h->no] = h->attrs.reboot_needed;
	r->last_scan_ms.p[h->no] = h->last_scan_ms;
	roster_contact(r, h->no, h->last_contact_ms);
	put_address(r, h);
}

void roster_put(struct roster *r, const struct host *h)
{
	bool is_new = h->no == r->n;
	ASSERT(h->no <= r->n);
	if (is_new)
		add(r, h);
	put_columns(r, h);
	put_words(r, h, is_new);
	put_texts(r, h, is_new);
}

void roster_add(struct roster *r, const struct host *h, const uint32_t word[static ROSTER_WORDS_])
{
	ASSERT(h->no == r->n);
	add(r, h);
	put_columns(r, h);
	for (int w = 0; w < ROSTER_WORDS_; w++) {
		VEC_PUSH(&r->words[w].column, word[w]);
		use_word(&r->words[w], word[w]);
	}
	put_texts(r, h, true);
}

void roster_contact(struct roster *r, uint32_t no, int64_t ms)
{
	__atomic_store_n(&r->last_contact_ms.p[no], ms, __ATOMIC_RELAXED);
}

/* --- reading --- */

void roster_columns(const struct roster *r, struct roster_columns *out)
{
	*out = (struct roster_columns) { .n = r->n,
					 .state = r->state.p,
					 .scan = r->scan.p,
					 .online = r->online.p,
					 .reboot = r->reboot.p,
					 .last_scan_ms = r->last_scan_ms.p,
					 .last_contact_ms = r->last_contact_ms.p,
					 .id_head = r->id_head.p };
	for (int w = 0; w < ROSTER_WORDS_; w++)
		out->word[w] = r->words[w].column.p;
}

/* Changes come under the write lock only: once up to date, it stays so while the caller reads. */
static struct order *up_to_date(const struct roster *r, enum roster_order which)
{
	struct roster *own = (struct roster *)r;
	pthread_mutex_lock(&own->order_lock);
	order_update(&own->order[which], r->texts);
	pthread_mutex_unlock(&own->order_lock);
	return &own->order[which];
}

const uint32_t *roster_places(const struct roster *r, enum roster_order which)
{
	return up_to_date(r, which)->places.p;
}

bool roster_place_of(const struct roster *r, enum roster_order which, struct str wanted,
		     uint32_t *place_out)
{
	return order_find(up_to_date(r, which), r->texts, wanted, place_out);
}

static bool note_hit(void *hit, uint32_t host)
{
	((uint8_t *)hit)[host] = 1;
	return true;
}

static bool contains(struct str s, struct str part)
{
	AUTO(xfree) char *a = str_dup(s), *b = str_dup(part);
	return strcasestr(a, b) != NULL;
}

static void find_releases(const struct roster *r, struct str wanted, uint8_t *hit)
{
	uint32_t n = roster_words(r, ROSTER_RELEASE);
	const struct words *w = &r->words[ROSTER_RELEASE];
	AUTO(xfree) uint8_t *has = xcalloc((size_t)n + 1, 1);
	bool any = false;
	for (uint32_t i = 0; i < n; i++)
		any |= has[i] = contains(roster_release(r, i).os_name, wanted);
	for (uint32_t h = 0; any && h < r->n; h++)
		hit[h] |= has[w->column.p[h]];
}

static void find_ids(const struct roster *r, struct str wanted, uint8_t *hit)
{
	AUTO(xfree) char *begin = str_dup(wanted);
	size_t n = MIN(wanted.n, 8);
	for (char *c = begin; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	uint64_t from = head_of(begin), to = n == 8 ? from : from | (UINT64_MAX >> (8 * n));
	for (uint32_t h = 0; h < r->n; h++)
		if (r->id_head.p[h] >= from && r->id_head.p[h] <= to &&
		    (wanted.n <= 8 || str_starts(str_of(r->ids.p[h]), begin)))
			hit[h] = 1;
}

void roster_find_named(const struct roster *r, struct str wanted, uint8_t *hit)
{
	if (wanted.n == 0)
		return;
	haystack_find(r->texts, wanted, note_hit, hit);
	find_ids(r, wanted, hit);
}

void roster_find(const struct roster *r, struct str wanted, uint8_t *hit)
{
	if (wanted.n == 0)
		return;
	roster_find_named(r, wanted, hit);
	find_releases(r, wanted, hit);
}

roaring_bitmap_t *roster_in_range(const struct roster *r, const struct address_range *range)
{
	AUTO(xfree) uint32_t *hosts = xmalloc(((size_t)r->n + 1) * sizeof(*hosts));
	size_t n = 0;
	if (range->low.six) {
		roaring_uint32_iterator_t it;
		roaring_init_iterator(r->six, &it);
		for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
			struct address a;
			struct str text = haystack_field(r->texts, it.current_value, FIELD_ADDRESS);
			if (address_parse(text, &a) && address_in(range, &a))
				hosts[n++] = it.current_value;
		}
		return roaring_bitmap_of_ptr(n, hosts);
	}
	uint32_t low = ipv4_of(range->low.b), high = ipv4_of(range->high.b);
	for (uint32_t h = 0; h < r->n; h++)
		if (r->ipv4.p[h] && r->ipv4.p[h] >= low && r->ipv4.p[h] <= high)
			hosts[n++] = h;
	return roaring_bitmap_of_ptr(n, hosts);
}

struct str roster_hostname(const struct roster *r, uint32_t host)
{
	return haystack_field(r->texts, host, FIELD_HOSTNAME);
}

size_t roster_size(const struct roster *r)
{
	size_t n = haystack_size(r->texts) + r->state.cap * 4 + r->id_head.cap * 36;
	for (int w = 0; w < ROSTER_WORDS_; w++)
		n += r->words[w].column.cap * sizeof(uint32_t);
	for (int o = 0; o < ROSTER_ORDERS_; o++)
		n += (r->order[o].hosts.cap + r->order[o].places.cap + r->order[o].changed.cap) *
			     sizeof(uint32_t) +
		     r->order[o].is_changed.cap;
	return n;
}
