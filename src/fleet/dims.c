/* SPDX-License-Identifier: Apache-2.0
 * See dims.h. Invariant: the union of a dimension's bitmaps is every host, and they are disjoint.
 */
#include "fleet/dims.h"
#include "base/vec.h"

/* So many values without hosts are worth a rebuild. */
#define SPARE 1024u

struct dim {
	struct intern *texts;
	VEC(roaring_bitmap_t *) hosts; /* by number of the text; NULL = none */
	uint32_t empty;
};
struct dims {
	struct dim dim[FLEET_DIMS_];
};

struct dims *dims_new(void)
{
	struct dims *d = xcalloc(1, sizeof(*d));
	for (int i = 0; i < FLEET_DIMS_; i++)
		d->dim[i].texts = intern_new();
	return d;
}

static void dim_done(struct dim *d)
{
	for (size_t i = 0; i < d->hosts.n; i++)
		if (d->hosts.p[i])
			roaring_bitmap_free(d->hosts.p[i]);
	VEC_DONE(&d->hosts);
	intern_free(d->texts);
}

void dims_free(struct dims *d)
{
	if (!d)
		return;
	for (int i = 0; i < FLEET_DIMS_; i++)
		dim_done(&d->dim[i]);
	xfree(d);
}

void dims_read(const char *office, const struct host_attrs *a, struct dims_of *out)
{
	snprintf(out->os, sizeof(out->os), "%s:%s", a->os_id ? a->os_id : "",
		 a->os_version ? a->os_version : "");
	const char *const texts[FLEET_DIMS_] = {
		[FLEET_BY_OFFICE] = office,	 [FLEET_BY_OS] = out->os,
		[FLEET_BY_OS_ID] = a->os_id,	 [FLEET_BY_OS_VERSION] = a->os_version,
		[FLEET_BY_OS_NAME] = a->os_name, [FLEET_BY_ARCH] = a->arch,
		[FLEET_BY_KERNEL] = a->kernel,	 [FLEET_BY_AGENT_VERSION] = a->agent_version,
	};
	memcpy(out->text, texts, sizeof(texts));
}

static struct str value_of(const struct dims_of *of, int dim)
{
	return str_of(of->text[dim] ? of->text[dim] : "");
}

static uint32_t number(struct dim *d, struct str value)
{
	uint32_t no = intern_add(d->texts, value);
	if (no == d->hosts.n) {
		VEC_PUSH(&d->hosts, NULL);
		d->empty++;
	}
	return no;
}

/* The bitmap of a value, to be added to. */
static roaring_bitmap_t *hosts_of(struct dim *d, uint32_t no)
{
	if (!d->hosts.p[no]) {
		d->hosts.p[no] = roaring_bitmap_create();
		d->empty--;
	}
	return d->hosts.p[no];
}

static void enter(struct dim *d, uint32_t host, struct str value)
{
	roaring_bitmap_add(hosts_of(d, number(d, value)), host);
}

uint32_t dims_number(struct dims *d, enum fleet_dim dim, const char *text)
{
	return number(&d->dim[dim], str_of(text ? text : ""));
}

void dims_add_many(struct dims *d, enum fleet_dim dim, uint32_t value, const uint32_t *hosts,
		   size_t n)
{
	if (n)
		roaring_bitmap_add_many(hosts_of(&d->dim[dim], value), n, hosts);
}

static void leave(struct dim *d, uint32_t host, struct str value)
{
	uint32_t no = intern_find(d->texts, value);
	ASSERT(no != INTERN_NONE && d->hosts.p[no]);
	roaring_bitmap_remove(d->hosts.p[no], host);
	if (!roaring_bitmap_is_empty(d->hosts.p[no]))
		return;
	roaring_bitmap_free(d->hosts.p[no]);
	d->hosts.p[no] = NULL;
	d->empty++;
}

void dims_add(struct dims *d, uint32_t host, const struct dims_of *of)
{
	for (int i = 0; i < FLEET_DIMS_; i++)
		enter(&d->dim[i], host, value_of(of, i));
}

void dims_move(struct dims *d, uint32_t host, const struct dims_of *before,
	       const struct dims_of *now)
{
	for (int i = 0; i < FLEET_DIMS_; i++) {
		if (str_eq(value_of(before, i), value_of(now, i)))
			continue;
		leave(&d->dim[i], host, value_of(before, i));
		enter(&d->dim[i], host, value_of(now, i));
	}
}

const char *dims_text(const struct dims *d, enum fleet_dim dim, const char *text)
{
	if (!text)
		return NULL;
	uint32_t no = intern_find(d->dim[dim].texts, str_of(text));
	ASSERT(no != INTERN_NONE);
	return intern_get(d->dim[dim].texts, no).p;
}

void dims_share(const struct dims *d, const struct host_attrs *from, struct host_attrs *out)
{
	out->os_id = (char *)dims_text(d, FLEET_BY_OS_ID, from->os_id);
	out->os_version = (char *)dims_text(d, FLEET_BY_OS_VERSION, from->os_version);
	out->os_name = (char *)dims_text(d, FLEET_BY_OS_NAME, from->os_name);
	out->arch = (char *)dims_text(d, FLEET_BY_ARCH, from->arch);
	out->kernel = (char *)dims_text(d, FLEET_BY_KERNEL, from->kernel);
	out->agent_version = (char *)dims_text(d, FLEET_BY_AGENT_VERSION, from->agent_version);
}

bool dims_sparse(const struct dims *d, enum fleet_dim dim)
{
	const struct dim *at = &d->dim[dim];
	return at->empty > SPARE && at->empty > at->hosts.n / 2;
}

uint32_t dims_count(const struct dims *d, enum fleet_dim dim)
{
	return (uint32_t)d->dim[dim].hosts.n;
}

struct str dims_value(const struct dims *d, enum fleet_dim dim, uint32_t value)
{
	return intern_get(d->dim[dim].texts, value);
}

const roaring_bitmap_t *dims_hosts(const struct dims *d, enum fleet_dim dim, uint32_t value)
{
	return value < d->dim[dim].hosts.n ? d->dim[dim].hosts.p[value] : NULL;
}

const roaring_bitmap_t *dims_find(const struct dims *d, enum fleet_dim dim, struct str value)
{
	return dims_hosts(d, dim, intern_find(d->dim[dim].texts, value));
}
