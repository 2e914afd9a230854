/* SPDX-License-Identifier: Apache-2.0
 * Failed pairs in two sorted arrays, by patch and by system. Replaced whole under the write lock.
 */
#include "api/failures.h"

#include "base/vec.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pair {
	char host[33];
	char *patch;
};
struct failures {
	pthread_rwlock_t lock;
	atomic_bool stale;
	VEC(struct pair) by_patch; /* owns the texts */
	VEC(struct pair) by_host;
};

struct failures *failures_new(void)
{
	struct failures *f = xcalloc(1, sizeof(*f));
	pthread_rwlock_init(&f->lock, NULL);
	atomic_store(&f->stale, true);
	return f;
}

static void empty(struct failures *f)
{
	for (size_t i = 0; i < f->by_patch.n; i++)
		xfree(f->by_patch.p[i].patch);
	VEC_DONE(&f->by_patch);
	VEC_DONE(&f->by_host);
}

void failures_free(struct failures *f)
{
	if (!f)
		return;
	empty(f);
	pthread_rwlock_destroy(&f->lock);
	xfree(f);
}

void failures_stale(struct failures *f)
{
	atomic_store(&f->stale, true);
}

static int cmp_patch(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return strcmp(x->patch, y->patch);
}

static int cmp_host(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return strcmp(x->host, y->host);
}

static void add_pair(void *arg, const char *host, const char *patch)
{
	struct failures *f = arg;
	struct pair p = { .patch = xstrdup(patch) };
	(void)snprintf(p.host, sizeof(p.host), "%s", host);
	VEC_PUSH(&f->by_patch, p);
	VEC_PUSH(&f->by_host, p);
}

bool failures_load(struct failures *f, struct deploy *d, struct err *e)
{
	if (!atomic_exchange(&f->stale, false))
		return true;
	pthread_rwlock_wrlock(&f->lock);
	empty(f);
	bool ok = deploy_failed_pairs(d, add_pair, f, e);
	if (f->by_patch.n) {
		qsort(f->by_patch.p, f->by_patch.n, sizeof(struct pair), cmp_patch);
		qsort(f->by_host.p, f->by_host.n, sizeof(struct pair), cmp_host);
	}
	pthread_rwlock_unlock(&f->lock);
	if (!ok)
		atomic_store(&f->stale, true);
	return ok;
}

/* First index whose pair is not before `key`. */
static size_t lower_bound(const struct pair *p, size_t n, const struct pair *key,
			  int (*cmp)(const void *, const void *))
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (cmp(&p[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool still_missing(const struct match_view *v, const struct pair *p)
{
	const struct host *h = fleet_host_by_id(v->fleet, str_of(p->host));
	uint32_t patch = catalog_find(v->catalog, str_of(p->patch));
	return h && h->state == HOST_ACTIVE && patch != CATALOG_NONE &&
	       match_verdict(v, h->no, patch) == VERDICT_MISSING;
}

static int64_t count(const struct match_view *v, const struct pair *list, size_t n,
		     const struct pair *key, int (*cmp)(const void *, const void *))
{
	int64_t found = 0;
	for (size_t i = lower_bound(list, n, key, cmp); i < n && cmp(&list[i], key) == 0; i++)
		found += still_missing(v, &list[i]);
	return found;
}

int64_t failures_of_patch(struct failures *f, const struct match_view *v, uint32_t patch)
{
	struct pair key = { .patch = (char *)v->catalog->patches[patch].id.p };
	pthread_rwlock_rdlock(&f->lock);
	int64_t n = count(v, f->by_patch.p, f->by_patch.n, &key, cmp_patch);
	pthread_rwlock_unlock(&f->lock);
	return n;
}

int64_t failures_of_host(struct failures *f, const struct match_view *v, uint32_t host)
{
	struct pair key = { .patch = NULL };
	(void)snprintf(key.host, sizeof(key.host), "%s", fleet_host(v->fleet, host)->id);
	pthread_rwlock_rdlock(&f->lock);
	int64_t n = count(v, f->by_host.p, f->by_host.n, &key, cmp_host);
	pthread_rwlock_unlock(&f->lock);
	return n;
}

bool failures_has(struct failures *f, const char *host, struct str patch)
{
	struct pair key = { .patch = NULL };
	bool found = false;
	(void)snprintf(key.host, sizeof(key.host), "%s", host);
	pthread_rwlock_rdlock(&f->lock);
	const struct pair *p = f->by_host.p;
	for (size_t i = lower_bound(p, f->by_host.n, &key, cmp_host);
	     i < f->by_host.n && cmp_host(&p[i], &key) == 0 && !found; i++)
		found = str_is(patch, p[i].patch);
	pthread_rwlock_unlock(&f->lock);
	return found;
}
