/* SPDX-License-Identifier: Apache-2.0
 * apt source lists in both forms. Property: what comes out obeys the reader's own invariant. */
#include "format/aptsources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const struct apt_sources *l)
{
	for (size_t i = 0; ok && i < l->n; i++) {
		const struct apt_source *s = &l->p[i];
		ASSERT((s->deb || s->deb_src) && s->uris.n && s->suites.n && s->line);
		for (size_t k = 0; k < s->suites.n; k++)
			ASSERT(str_ends(s->suites.p[k], "/") == (s->components.n == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	AUTO(arena_done) struct arena a = { 0 };
	struct apt_sources l = { 0 };
	struct err e = { 0 };
	check(aptsources_parse_list(text, &a, &l, &e), &l);
	check(aptsources_parse_deb822(text, &a, &l, &e), &l);
	return 0;
}
