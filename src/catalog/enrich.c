/* SPDX-License-Identifier: Apache-2.0
 * The immutable snapshot of enrichment: sorted arrays, found by bisection. 300,000 scores are five
 * megabytes. Nothing in it is written after enrich_build(). */
#include "catalog/enrich.h"
#include "catalog/generation_int.h"

#include <stdatomic.h>
#include <stdlib.h>

struct enrich {
	atomic_uint refs;
	struct enrich_rows rows[ENRICH_KINDS_];
	struct enrich_source sources[ENRICH_KINDS_];
};

struct enrich *enrich_ref(struct enrich *x)
{
	atomic_fetch_add(&x->refs, 1);
	return x;
}

void enrich_unref(struct enrich *x)
{
	if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	for (int k = 0; k < ENRICH_KINDS_; k++)
		enrich_rows_done(&x->rows[k]);
	xfree(x);
}

static void shrink(struct enrich_rows *r)
{
	if (r->scores.n) {
		r->scores.p = xrealloc(r->scores.p, r->scores.n * sizeof(*r->scores.p));
		r->scores.cap = r->scores.n;
	}
}

static bool take(struct enrich *x, const struct generation *g, struct err *e)
{
	struct enrich_rows rows;
	enum enrich_kind kind;
	if (!enrich_kind_parse(g->feed.kind, &kind) || x->sources[kind].present)
		return true;
	if (!enrich_read(g->records, &rows, e))
		return err_prefix(e, "feed '%.*s'", STR_ARG(g->feed.id));
	if (rows.kind != kind) {
		enrich_rows_done(&rows);
		return err_set(e, ERR_CORRUPT, "feed '%.*s' holds data of another kind",
			       STR_ARG(g->feed.id));
	}
	shrink(&rows);
	x->rows[kind] = rows;
	x->sources[kind] = (struct enrich_source) {
		.present = true,
		.feed = arena_str(&x->rows[kind].arena, g->feed.id),
		.url = arena_str(&x->rows[kind].arena, g->feed.url),
		.generation = g->feed.generation,
		.fetched_ms = g->feed.fetched_ms,
		.date_ms = rows.date_ms,
		.model = rows.model,
		.rows = (int64_t)(rows.kevs.n + rows.scores.n + rows.releases.n),
	};
	return true;
}

bool enrich_build(const struct generation *docs, size_t n, struct enrich **out, struct err *e)
{
	AUTO(enrich_unref) struct enrich *x = xcalloc(1, sizeof(*x));
	atomic_init(&x->refs, 1);
	for (size_t i = 0; i < n; i++)
		if (!take(x, &docs[i], e))
			return false;
	*out = TAKE(x);
	return true;
}

static bool is_enrichment(struct str kind)
{
	enum enrich_kind k;
	return enrich_kind_parse(kind, &k);
}

bool enrich_load(struct sql *db, struct enrich **out, struct err *e)
{
	AUTO(generations_done) struct generations l = { 0 };
	return generations_load(db, is_enrichment, &l, e) &&
	       enrich_build(l.gens.p, l.gens.n, out, e);
}

const struct enrich_source *enrich_source(const struct enrich *x, enum enrich_kind k)
{
	return &x->sources[k];
}

/* Index of the row whose first member, a CVE number, is `cve`; n = none. */
static size_t bisect(const void *rows, size_t n, size_t size, uint64_t cve)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t at = *(const uint64_t *)((const char *)rows + mid * size);
		if (at == cve)
			return mid;
		if (at < cve)
			lo = mid + 1;
		else
			hi = mid;
	}
	return n;
}
_Static_assert(offsetof(struct kev, cve) == 0 && offsetof(struct epss, cve) == 0,
	       "bisect() reads the first member");

const struct kev *enrich_kev(const struct enrich *x, uint64_t cve)
{
	const struct enrich_rows *r = &x->rows[ENRICH_KEV];
	size_t i = bisect(r->kevs.p, r->kevs.n, sizeof(*r->kevs.p), cve);
	return i < r->kevs.n ? &r->kevs.p[i] : NULL;
}

const struct epss *enrich_epss(const struct enrich *x, uint64_t cve)
{
	const struct enrich_rows *r = &x->rows[ENRICH_EPSS];
	size_t i = bisect(r->scores.p, r->scores.n, sizeof(*r->scores.p), cve);
	return i < r->scores.n ? &r->scores.p[i] : NULL;
}

/* --- releases ------------------------------------------------------------------------------------
 */

const char *lifecycle_state_name(enum lifecycle_state s)
{
	static const char *const names[LIFECYCLE_STATES_] = { "unknown", "supported", "extended",
							      "end_of_life" };
	return names[s < LIFECYCLE_STATES_ ? s : LIFECYCLE_UNKNOWN];
}

/* What a product is called where. Debian's long-term support is in the same archive, for everybody;
 * other vendors' extended support is sold. */
static const struct {
	const char *os_id, *product;
	bool extended_is_free;
} products[] = {
	{ "debian", "debian", true },
	{ "ubuntu", "ubuntu", false },
	{ "rhel", "rhel", false },
	{ "almalinux", "almalinux", false },
	{ "rocky", "rocky-linux", false },
	{ "ol", "oracle-linux", false },
	{ "fedora", "fedora", false },
	{ "amzn", "amazon-linux", false },
	{ "opensuse-leap", "opensuse", false },
	{ "sles", "sles", false },
	{ "alpine", "alpine-linux", false },
	{ "windows", "windows", false },
	{ "windows-server", "windows-server", false },
	{ "macos", "macos", false },
};

#define CENTOS_STREAM "centos-stream"
#define CENTOS_LINUX "centos"

const char *enrich_product(size_t i)
{
	if (i < ARRAY_LEN(products))
		return products[i].product;
	return i == ARRAY_LEN(products)	      ? CENTOS_LINUX
	       : i == ARRAY_LEN(products) + 1 ? CENTOS_STREAM
					      : NULL;
}

static const struct lifecycle *find_release(const struct enrich *x, const char *product,
					    struct str release)
{
	const struct enrich_rows *r = &x->rows[ENRICH_ENDOFLIFE];
	size_t lo = 0, hi = r->releases.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct lifecycle *l = &r->releases.p[mid];
		int d = str_cmp(l->product, str_of(product));
		if (!d)
			d = str_cmp(l->release, release);
		if (!d)
			return l;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* "11-24h2" without an edition: an answer only when all its editions have the same ends. */
static const struct lifecycle *all_editions(const struct enrich *x, const char *product,
					    struct str release)
{
	const struct enrich_rows *r = &x->rows[ENRICH_ENDOFLIFE];
	const struct lifecycle *found = NULL;
	for (size_t i = 0; i < r->releases.n; i++) {
		const struct lifecycle *l = &r->releases.p[i];
		if (!str_is(l->product, product) || l->release.n <= release.n + 1 ||
		    memcmp(l->release.p, release.p, release.n) != 0 ||
		    l->release.p[release.n] != '-')
			continue;
		if (found && (found->security_end != l->security_end ||
			      found->extended_end != l->extended_end))
			return NULL;
		found = l;
	}
	return found;
}

static const struct lifecycle *with_edition(const struct enrich *x, const char *product,
					    struct str release, struct str edition)
{
	char name[256];
	const struct lifecycle *l = find_release(x, product, release);
	if (l || release.n + edition.n + 2 > sizeof(name))
		return l;
	if (!edition.n)
		return all_editions(x, product, release);
	snprintf(name, sizeof(name), "%.*s-%.*s", STR_ARG(release), STR_ARG(edition));
	return find_release(x, product, str_of(name));
}

void enrich_lifecycle(const struct enrich *x, struct str os_id, struct str os_version,
		      struct str os_name, struct str edition, struct lifecycle_of *out)
{
	const char *product = NULL;
	*out = (struct lifecycle_of) { 0 };
	for (size_t i = 0; i < ARRAY_LEN(products); i++)
		if (str_is(os_id, products[i].os_id)) {
			product = products[i].product;
			out->extended_is_free = products[i].extended_is_free;
		}
	if (str_is(os_id, "centos")) /* Linux and Stream share ID and VERSION_ID */
		product = str_has_nocase(os_name, "stream") ? CENTOS_STREAM : CENTOS_LINUX;
	while (product && os_version.n && !out->release) {
		out->release = with_edition(x, product, os_version, edition);
		while (os_version.n && os_version.p[--os_version.n] != '.')
			;
	}
}

enum lifecycle_state lifecycle_state(const struct lifecycle_of *l, bool subscribed, int64_t now_ms)
{
	static const int64_t day_ms = 24 * 3600 * 1000;
	const struct lifecycle *r = l->release;
	if (!r || r->security_end == LIFECYCLE_NOT_TOLD)
		return LIFECYCLE_UNKNOWN;
	if (r->security_end == LIFECYCLE_NEVER || now_ms - day_ms < r->security_end)
		return LIFECYCLE_SUPPORTED;
	bool goes_on = r->extended_end == LIFECYCLE_NEVER ||
		       (r->extended_end != LIFECYCLE_NOT_TOLD && now_ms - day_ms < r->extended_end);
	return goes_on && (subscribed || l->extended_is_free) ? LIFECYCLE_EXTENDED
							      : LIFECYCLE_ENDED;
}
