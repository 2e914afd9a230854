/* SPDX-License-Identifier: Apache-2.0
 * A package's changelog cut to a range of versions. Reading ends at the first entry that is not
 * newer than what is installed: changelogs run backwards. */
#include "catalog/changes.h"
#include "pkgver/pkgver.h"

bool changes_known(enum component_kind kind)
{
	return kind == COMPONENT_DEB || kind == COMPONENT_RPM;
}

struct range {
	enum component_kind kind;
	struct str installed, offered;
	size_t left;
	changelog_fn fn;
	void *arg;
	bool more, wanted;
};

static struct str without_epoch(struct str v)
{
	ptrdiff_t colon = str_find(v, ':');
	return colon < 0 ? v : (struct str) { v.p + colon + 1, v.n - (size_t)colon - 1 };
}

/* An rpm's entries often leave the epoch out: then it does not count on either side. */
static int compare(enum component_kind kind, struct str entry, struct str bound)
{
	if (kind == COMPONENT_RPM && str_find(entry, ':') < 0)
		bound = without_epoch(bound);
	return pkgver_compare(component_scheme(kind), entry, bound);
}

static bool take(void *arg, const struct changelog_entry *x)
{
	struct range *r = arg;
	if (x->version.n) {
		if (r->installed.n && compare(r->kind, x->version, r->installed) <= 0)
			return false;
		r->wanted = !r->offered.n || compare(r->kind, x->version, r->offered) <= 0;
	}
	if (!r->wanted)
		return true;
	r->more = r->left == 0;
	return !r->more && (r->left--, r->fn(r->arg, x));
}

void changes_between(enum component_kind kind, struct str text, struct str installed,
		     struct str offered, size_t max, changelog_fn fn, void *arg, bool *more_out)
{
	struct range r = { .kind = kind,
			   .installed = installed,
			   .offered = offered,
			   .left = max,
			   .fn = fn,
			   .arg = arg,
			   .wanted = true };
	*more_out = changelog_read(text, take, &r) && r.more;
}
