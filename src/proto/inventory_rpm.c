/* SPDX-License-Identifier: Apache-2.0
 * Installed rpms into inventory lines: of fields as rpm has them, or of a list that rpm printed.
 * Invariant: what cannot be understood is an error, never a package that silently is not there. */
#include "proto/inventory.h"

#define EVR_MAX 600u

static struct str or_empty(struct str s)
{
	return s.n == 0 || str_is(s, "(none)") ? STR_LIT("") : s;
}

/* "bash-5.1.8-6.el9.src.rpm" without version, release and ending. */
static struct str name_of_source(struct str file)
{
	static const char *const ends[] = { ".src.rpm", ".nosrc.rpm" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(file, ends[i]))
			file.n -= strlen(ends[i]);
	for (int i = 0; i < 2 && file.n > 0; i++) {
		const char *dash = memrchr(file.p, '-', file.n);
		if (!dash)
			return STR_LIT("");
		file.n = (size_t)(dash - file.p);
	}
	return file;
}

/* "nodejs:18:8080020230718:63b34585" without what comes after the stream. */
static struct str stream_of_label(struct str label)
{
	struct str rest = label, name, stream;
	if (label.n == 0 || !str_split(&rest, ':', &name) || !str_split(&rest, ':', &stream) ||
	    name.n == 0 || stream.n == 0)
		return STR_LIT("");
	return (struct str) { label.p, name.n + 1 + stream.n };
}

bool inventory_add_rpm(struct inventory *i, const struct inventory_rpm *p, struct err *e)
{
	char evr[EVR_MAX + 1];
	struct str epoch = or_empty(p->epoch), version = or_empty(p->version),
		   release = or_empty(p->release), source = name_of_source(or_empty(p->source_rpm));
	if (str_is(p->name, "gpg-pubkey"))
		return true;
	if (p->name.n == 0 || version.n == 0)
		return err_set(e, ERR_CORRUPT, "an rpm '%.*s' has no name or no version",
			       (int)MIN(p->name.n, 100), p->name.p ? p->name.p : "");
	if (str_is(epoch, "0"))
		epoch.n = 0;
	if (epoch.n + version.n + release.n + 2 > EVR_MAX)
		return err_set(e, ERR_LIMIT, "the version of rpm '%.*s' is longer than %u bytes",
			       (int)MIN(p->name.n, 100), p->name.p, EVR_MAX);
	int n = snprintf(evr, sizeof(evr), "%.*s%s%.*s%s%.*s", STR_ARG(epoch), epoch.n ? ":" : "",
			 STR_ARG(version), release.n ? "-" : "", STR_ARG(release));
	struct str fields[] = {
		STR_LIT("rpm"),
		p->name,
		or_empty(p->arch),
		{ evr, (size_t)n },
		str_eq(source, p->name) ? STR_LIT("") : source,
		stream_of_label(or_empty(p->module_label)),
		str_trim(or_empty(p->vendor)),
	};
	return inventory_add(i, fields, ARRAY_LEN(fields), e);
}

bool inventory_add_rpm_line(struct inventory *i, struct str line, struct err *e)
{
	struct str f[8] = { 0 };
	size_t n = inventory_fields(line, f, ARRAY_LEN(f));
	if (n < 7)
		return err_set(e, ERR_CORRUPT, "rpm's line about '%.*s' has %zu fields, not 7 or 8",
			       n ? (int)MIN(f[0].n, 100) : 0, n ? f[0].p : "", n);
	return inventory_add_rpm(i,
				 &(struct inventory_rpm) { .name = f[0],
							   .epoch = f[1],
							   .version = f[2],
							   .release = f[3],
							   .arch = f[4],
							   .source_rpm = f[5],
							   .vendor = f[6],
							   .module_label = f[7] },
				 e);
}
