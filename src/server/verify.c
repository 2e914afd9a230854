/* SPDX-License-Identifier: Apache-2.0
 * See verify.h. A part that is damaged is reported and the others are looked at all the same. */
#include "server/verify.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "catalog/catalog.h"
#include "fleet/fleet.h"
#include "match/match.h"
#include "proto/inventory.h"
#include "settings/settings.h"

/* One line of the report; a part that is not right stays in `e` when it is the first. */
static bool part(struct buf *report, const char *name, bool good, const struct err *why,
		 struct err *e)
{
	buf_printf(report, "%-10s %s\n", name, good ? "ok" : why->msg);
	if (!good && e->code == ERR_NONE)
		err_set(e, ERR_CORRUPT, "%s: %.300s; restore the data from a backup", name,
			why->msg);
	return good;
}

static bool inventories(struct fleet *f, struct err *e)
{
	uint32_t damaged = 0, n = fleet_host_count(f);
	for (uint32_t i = 0; i < n; i++) {
		static const struct sha256 none;
		AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
		const struct host *h = fleet_host(f, i);
		if (digest_eq(&h->inventory, &none))
			continue;
		struct err why = { 0 };
		bool read = fleet_inventory_text(f, i, &text, &why);
		struct sha256 is = digest_of(buf_str(&text));
		if (read && digest_eq(&is, &h->inventory))
			continue;
		if (damaged++ == 0)
			err_set(e, ERR_CORRUPT, "system '%s': %s", h->id,
				read ? "the inventory is not the one it sent" : why.msg);
	}
	return damaged == 0 || err_prefix(e, "%u of %u systems are damaged", damaged, n);
}

static bool counts(struct fleet *f, struct catalog *c, struct err *e)
{
	AUTO(match_free) struct match *m = match_new(f);
	match_set_catalog(m, c);
	uint64_t differences = match_verify(m);
	return differences == 0 ||
	       err_set(e, ERR_CORRUPT, "%llu verdicts differ from a forward pass",
		       (unsigned long long)differences);
}

static bool catalog_good(struct sql *db, struct catalog **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(settings_close) struct settings *s = NULL;
	return settings_open(db, NULL, &s, e) &&
	       catalog_load(db, str_of(settings_text(s, SETTING_SCOPE_OFF, &a)), out, e);
}

static bool audit_good(struct sql *db, struct err *e)
{
	AUTO(auth_close) struct auth *auth = NULL;
	int64_t rows;
	char head[65];
	return auth_open(db, &clock_system, &auth, e) && auth_audit_verify(auth, &rows, head, e);
}

bool verify_data(struct sql *db, struct buf *report, struct err *e)
{
	struct err why = { 0 };
	AUTO(fleet_free) struct fleet *f = NULL;
	AUTO(catalog_unref) struct catalog *c = NULL;
	*e = (struct err) { 0 };
	bool good = part(report, "database", sql_verify(db, &why), &why, e);
	good &= part(report, "audit log", audit_good(db, &why), &why, e);
	good &= part(report, "patch DB", catalog_good(db, &c, &why), &why, e);
	bool fleet = fleet_load(db, &clock_system, &f, &why);
	good &= part(report, "systems", fleet && inventories(f, &why), &why, e);
	if (f && c)
		good &= part(report, "counts", counts(f, c, &why), &why, e);
	return good;
}
