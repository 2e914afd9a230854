/* SPDX-License-Identifier: Apache-2.0
 * Custom groups (M-179..M-183, S-21) on both engines: what is stored is there after a restart and
 * on another server, a host is in one unique group at most, and names are what S-21 allows. */
#include "fleet/group.h"
#include "support/engines.h"

static int64_t now = 1000000;

static int64_t fake_now(void *arg)
{
	return now;
}
static const struct clock fake = { fake_now, NULL };

static void OK(bool ok, const struct err *e)
{
	if (!ok)
		fail_msg("%s", e->msg);
}

static struct fleet *load(struct sql *db)
{
	struct err e = { 0 };
	struct fleet *f = NULL;
	OK(fleet_load(db, &fake, &f, &e), &e);
	return f;
}

static uint32_t host(struct fleet *f, int i)
{
	struct err e = { 0 };
	char id[33], name[20];
	uint32_t no = 0;
	snprintf(id, sizeof(id), "%032d", i);
	snprintf(name, sizeof(name), "web%d", i);
	struct host_attrs a = { .hostname = name };
	OK(fleet_enrol(f, id, "local", &a, NULL, &no, &e), &e);
	return no;
}

static struct group_edit edit(enum group_kind kind, const char *name)
{
	return (struct group_edit) { .kind = kind,
				     .name = name,
				     .description = "",
				     .filter = kind == GROUP_DYNAMIC ? "os = debian" : "",
				     .by = "tester" };
}

static void create(struct fleet *f, enum group_kind kind, const char *name, char id[static 33])
{
	struct err e = { 0 };
	struct group_edit g = edit(kind, name);
	OK(fleet_group_create(f, &g, id, &e), &e);
}

static bool put(struct fleet *f, const char *id, uint32_t h, bool in, struct err *e)
{
	size_t n;
	return fleet_group_members(f, id, &h, 1, in, "other", &n, e);
}

static uint64_t size_of(struct fleet *f, const char *id)
{
	fleet_read_lock(f);
	const struct group *g = fleet_group_find(f, str_of(id));
	uint64_t n = g ? roaring_bitmap_get_cardinality(g->members) : UINT64_MAX;
	fleet_read_unlock(f);
	return n;
}

static void refused(struct fleet *f, struct group_edit g, enum err_code code, const char *says)
{
	struct err e = { 0 };
	char id[33];
	assert_false(fleet_group_create(f, &g, id, &e));
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, says))
		fail_msg("'%s' does not say '%s'", e.msg, says);
}

static void M_183_names_and_texts(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	AUTO(sql_close) struct sql *db = engines_open(url);
	struct err e = { 0 };
	OK(sql_migrate(db, &e), &e);
	AUTO(fleet_free) struct fleet *f = load(db);
	char id[33], long_name[400] = "";
	create(f, GROUP_STATIC, "\xe6\x9d\xb1\xe4\xba\xac web", id);
	for (const char *bad = GROUP_NAME_REFUSED; *bad; bad++) {
		char name[] = { 'a', *bad, 'b', '\0' };
		refused(f, edit(GROUP_STATIC, name), ERR_INVALID, "leave out");
	}
	for (int i = 0; i < 100; i++)
		memcpy(long_name + 3 * i, "\xe6\x9d\xb1", 4); /* 100 characters of 3 bytes */
	create(f, GROUP_UNIQUE, long_name, id);
	memcpy(long_name + 300, "x", 2);
	refused(f, edit(GROUP_STATIC, long_name), ERR_INVALID, "1 to 100");
	refused(f, edit(GROUP_STATIC, ""), ERR_INVALID, "1 to 100");
	refused(f, edit(GROUP_STATIC, " a"), ERR_INVALID, "blank");
	refused(f, edit(GROUP_STATIC, "\xe6\x9d\xb1\xe4\xba\xac web"), ERR_CONFLICT, "already");
	struct group_edit g = edit(GROUP_DYNAMIC, "d");
	g.filter = "";
	refused(f, g, ERR_INVALID, "has a filter");
	g = edit(GROUP_STATIC, "d");
	g.filter = "os = debian";
	refused(f, g, ERR_INVALID, "has a filter");
	g = edit(GROUP_STATIC, "d");
	g.limit = (struct group_limit) { 101, true };
	refused(f, g, ERR_INVALID, "1 to 100 percent");
	assert_int_equal(fleet_group_count(f), 2);
}

static void M_180_members_last(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	struct err e = { 0 };
	char web[33], dyn[33], gone[33];
	for (int run = 0; run < 2; run++) {
		AUTO(sql_close) struct sql *db = engines_open(url);
		OK(sql_migrate(db, &e), &e);
		AUTO(fleet_free) struct fleet *f = load(db);
		if (run == 0) {
			uint32_t hosts[] = { host(f, 0), host(f, 1), host(f, 2) };
			size_t n;
			create(f, GROUP_STATIC, "web", web);
			create(f, GROUP_DYNAMIC, "debian", dyn);
			create(f, GROUP_STATIC, "gone", gone);
			OK(fleet_group_members(f, web, hosts, 3, true, "u", &n, &e), &e);
			assert_int_equal(n, 3);
			OK(fleet_group_members(f, web, hosts, 3, true, "u", &n, &e), &e);
			assert_int_equal(n, 0);
			now += 5;
			OK(put(f, web, hosts[1], false, &e) && put(f, gone, hosts[0], true, &e),
			   &e);
			assert_false(put(f, dyn, hosts[0], true, &e));
			assert_int_equal(e.code, ERR_CONFLICT);
			OK(fleet_set_state(f, hosts[2], HOST_RETIRED, &e), &e);
			OK(fleet_group_remove(f, gone, NULL, NULL, &e), &e);
		}
		assert_int_equal(size_of(f, web), 2); /* a retired member stays one */
		assert_int_equal(fleet_group_count(f), 2);
		const struct group *g = fleet_group(f, 1);
		assert_string_equal(g->name, "web");
		assert_string_equal(g->created_by, "tester");
		assert_string_equal(g->changed_by, "other");
		assert_int_equal(g->changed_ms, now);
		assert_int_equal(g->version, 3);
		assert_string_equal(fleet_group_find(f, STR_LIT("debian"))->filter, "os = debian");
	}
}

static void M_181_a_host_is_in_one_unique_group(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	AUTO(sql_close) struct sql *db = engines_open(url);
	struct err e = { 0 };
	OK(sql_migrate(db, &e), &e);
	AUTO(fleet_free) struct fleet *f = load(db);
	enum { HOSTS = 20, GROUPS = 4, STEPS = 120 };
	uint32_t hosts[HOSTS];
	char ids[GROUPS][33], other[33];
	int in[HOSTS]; /* which unique group; -1 = none */
	unsigned seed = 7;
	for (int i = 0; i < HOSTS; i++) {
		hosts[i] = host(f, i);
		in[i] = -1;
	}
	for (int i = 0; i < GROUPS; i++) {
		char name[] = { 'u', (char)('0' + i), '\0' };
		create(f, GROUP_UNIQUE, name, ids[i]);
	}
	create(f, GROUP_STATIC, "any", other);
	for (int step = 0; step < STEPS; step++) {
		int h = rand_r(&seed) % HOSTS, g = rand_r(&seed) % GROUPS;
		bool add = rand_r(&seed) % 3 > 0;
		bool done = put(f, ids[g], hosts[h], add, &e);
		bool may = !add || in[h] == -1 || in[h] == g;
		assert_int_equal(done, may);
		if (!may) {
			char name[] = { '\'', 'u', (char)('0' + in[h]), '\'', '\0' };
			assert_int_equal(e.code, ERR_CONFLICT);
			assert_non_null(strstr(e.msg, name)); /* names the other group */
		} else if (add) {
			in[h] = g;
		} else if (in[h] == g) {
			in[h] = -1;
		}
		const struct group *alone = fleet_group_alone(f, hosts[h]);
		assert_true(in[h] == -1 ? !alone : strcmp(alone->id, ids[in[h]]) == 0);
	}
	OK(put(f, other, hosts[0], true, &e) && put(f, other, hosts[1], true, &e), &e);
	/* all or none: one that may not come keeps the others out, too */
	uint32_t both[] = { hosts[2], hosts[3] };
	size_t n;
	OK(put(f, ids[0], hosts[2], false, &e), &e);
	for (int g = 0; g < GROUPS; g++)
		OK(put(f, ids[g], hosts[2], false, &e) && put(f, ids[g], hosts[3], false, &e), &e);
	OK(put(f, ids[1], hosts[3], true, &e), &e);
	uint64_t before = size_of(f, ids[0]);
	assert_false(fleet_group_members(f, ids[0], both, 2, true, "t", &n, &e));
	assert_int_equal(size_of(f, ids[0]), before);
	/* A second server that has not heard yet cannot break it either. */
	AUTO(fleet_free) struct fleet *late = load(db);
	OK(put(f, ids[2], hosts[2], true, &e), &e);
	assert_false(put(late, ids[0], hosts[2], true, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void changes_are_made_on_what_was_seen(void **state)
{
	AUTO(xfree) char *url = engines_fresh();
	AUTO(sql_close) struct sql *db = engines_open(url);
	struct err e = { 0 };
	OK(sql_migrate(db, &e), &e);
	AUTO(fleet_free) struct fleet *a = load(db);
	AUTO(fleet_free) struct fleet *b = NULL;
	char id[33], gone[33];
	create(a, GROUP_DYNAMIC, "one", id);
	create(a, GROUP_STATIC, "gone", gone);
	b = load(db);
	struct group_edit g = edit(GROUP_DYNAMIC, "two");
	g.filter = "os = rocky";
	assert_false(fleet_group_change(a, id, 7, &g, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	OK(fleet_group_change(a, id, 1, &g, &e), &e);
	assert_string_equal(fleet_group_find(a, STR_LIT("two"))->filter, "os = rocky");
	assert_false(fleet_group_change(b, id, 1, &g, &e)); /* has not heard of it */
	assert_int_equal(e.code, ERR_CONFLICT);
	OK(fleet_group_remove(a, gone, NULL, NULL, &e), &e);
	uint32_t h = host(a, 1);
	char web[33];
	create(a, GROUP_STATIC, "web", web);
	OK(put(a, web, h, true, &e), &e);
	OK(fleet_groups_reload(b, &e), &e);
	assert_int_equal(fleet_group_count(b), 2);
	assert_non_null(fleet_group_find(b, STR_LIT("two")));
	assert_null(fleet_group_find(b, STR_LIT("gone")));
	assert_int_equal(size_of(b, web), 1); /* also the host came from the database */
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_183_names_and_texts),
		cmocka_unit_test(M_180_members_last),
		cmocka_unit_test(M_181_a_host_is_in_one_unique_group),
		cmocka_unit_test(changes_are_made_on_what_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run_with(group, false);
}
