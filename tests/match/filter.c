/* SPDX-License-Identifier: Apache-2.0
 * Filters of systems: what is accepted and where a refusal points (tables), and what filters mean:
 * random ones over random fleets against a second evaluator that looks at one host after the other
 * and knows no bitmap (M-182, M-135). */
#include "match/filter.h"
#include "world.h"

#include "pkgver/pkgver.h"

#include <ctype.h>

#define NOW INT64_C(1700000000000)
#define HOUR INT64_C(3600000)

/* --- text --- */

static void good_ones_are_written_plainly(void **state)
{
	static const char *const cases[][2] = {
		{ "os=debian", "os = debian" },
		{ "os = debian or os = rocky and arch = amd64",
		  "os = debian or (os = rocky and arch = amd64)" },
		{ "(os=debian or os=rocky)and arch=amd64",
		  "(os = debian or os = rocky) and arch = amd64" },
		{ "not not reboot", "not not reboot" },
		{ "not (reboot or online = no)", "not (reboot or online = no)" },
		{ "hostname in (web*,\"db 1\", \"and\")", "hostname in (web*, \"db 1\", \"and\")" },
		{ "hostname not in (web1)", "hostname != web1" },
		{ "package openssl<3.0.11-1~deb12u2", "package openssl < 3.0.11-1~deb12u2" },
		{ "package openssl", "package = openssl" },
		{ "package not in (a, b)", "package not in (a, b)" },
		{ "last_contact>7d and last_scan <= 90m",
		  "last_contact > 7d and last_scan <= 90m" },
		{ "ip in (10.0.0.0/8, \"10.0.0.5-10.0.0.9\")",
		  "ip in (10.0.0.0/8, 10.0.0.5-10.0.0.9)" },
		{ "group = \"\xe6\x9d\xb1\xe4\xba\xac \\\"x\\\\\"",
		  "group = \"\xe6\x9d\xb1\xe4\xba\xac \\\"x\\\\\"" },
		{ "os_version >= 12 and agent_version != \"\"",
		  "os_version >= 12 and agent_version != \"\"" },
		{ "missing_critical >= 1", "missing_critical >= 1" },
		{ "health in (vulnerable, unknown)", "health in (vulnerable, unknown)" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
		struct err e = { 0 };
		struct filter *x;
		if (!filter_parse(str_of(cases[i][0]), &a, &x, NULL, &e))
			fail_msg("%s: %s", cases[i][0], e.msg);
		filter_write(x, &b);
		assert_string_equal(b.p, cases[i][1]);
	}
}

static void refusals_say_where_and_what(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *says, *word; /* one of the words that may stand there */
	} cases[] = {
		{ "", 1, "a condition is missing", "hostname" },
		{ "os = debian and", 16, "a condition is missing", "not" },
		{ "helth = unknown", 1, "'helth' is not a field", "health" },
		{ "os = debian and Health = x", 17, "'Health' is not a field", "health" },
		{ "health = bad", 10, "'bad' is nothing that 'health' can be", "vulnerable" },
		{ "os < debian", 4, "'os' is not followed", "in" },
		{ "last_contact = 7d", 14, "not followed", ">" },
		{ "last_contact > 7", 16, "not an age", NULL },
		{ "last_contact > -7d", 16, "not an age", NULL },
		{ "missing > many", 11, "'many' is not a number", NULL },
		{ "missing > -1", 11, "'-1' is not a number", NULL },
		{ "ip = 10.0.0", 6, "neither an IP address", NULL },
		{ "os = debian os = rocky", 13, "'os' is not expected", "or" },
		{ "(os = debian", 13, "a parenthesis is not closed", ")" },
		{ "os in debian", 7, "a list of values", "(" },
		{ "os in (debian", 14, "does not end", "," },
		{ "os in ()", 8, "a value is missing", NULL },
		{ "os = \"debian", 6, "no closing quote", NULL },
		{ "os = debian & reboot", 13, "'&' stands for nothing", NULL },
		{ "! reboot", 1, "'!' alone", NULL },
		{ "os not = debian", 8, "'not' stands before 'in'", "in" },
		{ "reboot > yes", 8, "not followed", "=" },
		{ "reboot = maybe", 10, "'maybe'", "yes" },
		{ "package openssl <", 18, "a version is missing", NULL },
		{ "group = \"\xe6\x9d\xb1\xe4\xba\xac\" and x", 18, "'x' is not a field", "os" },
		{ "group = \"\"", 9, "the value is empty", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(xfree) char *position = xasprintf("filter, character %zu: ", cases[i].at);
		struct err e = { 0 };
		struct filter_error where = { 0 };
		struct filter *x;
		bool has = !cases[i].word;
		assert_false(filter_parse(str_of(cases[i].text), &a, &x, &where, &e));
		assert_int_equal(e.code, ERR_INVALID);
		if (!strstr(e.msg, cases[i].says) ||
		    strncmp(e.msg, position, strlen(position)) != 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_int_equal(where.at, cases[i].at);
		for (size_t k = 0; cases[i].word && where.words && where.words[k]; k++)
			has |= strcmp(where.words[k], cases[i].word) == 0;
		if (!has)
			fail_msg("%s: '%s' is not offered", cases[i].text, cases[i].word);
	}
}

static void what_is_too_much(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done)
	struct buf deep = BUF_INIT(1 << 20), wide = BUF_INIT(1 << 20), many = BUF_INIT(1 << 20),
		   longer = BUF_INIT(1 << 20);
	struct err e = { 0 };
	struct filter *x;
	for (int i = 0; i <= FILTER_DEPTH; i++)
		buf_addc(&deep, '(');
	for (int i = 0; i <= FILTER_TERMS; i++)
		buf_adds(&wide, i ? " or reboot" : "reboot");
	buf_adds(&many, "os in (a");
	for (int i = 0; i < FILTER_VALUES; i++)
		buf_adds(&many, ",a");
	buf_adds(&many, ")");
	buf_adds(&longer, "os = ");
	for (int i = 0; i < FILTER_MAX; i++)
		buf_addc(&longer, 'a');
	const struct buf *const all[] = { &deep, &wide, &many, &longer };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_false(filter_parse(buf_str(all[i]), &a, &x, NULL, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_false(filter_parse(STR_LIT("os = \xff"), &a, &x, NULL, &e));
	assert_false(filter_parse(STR_LIT("os = a\x01"), &a, &x, NULL, &e));
}

/* --- meaning --- */

static const char *const names[] = { "web1", "web2", "WEB10", "db-1", "mail", "\xe6\x9d\xb1" };
static const char *const oses[][2] = {
	{ "debian", "12" }, { "debian", "13" }, { "rocky", "9.4" }, { "debian", "" }
};
static const char *const arches[] = { "amd64", "arm64" };
static const char *const offices[] = { "local", "osaka", "Kyoto" };
static const char *const addresses[] = { "10.0.0.7", "10.0.1.20", "192.168.7.1",
					 "fd00::5",  "",	  "10.0.0.200" };
static const char *const agents[] = { "0.1.0", "0.9", "0.10.2" };
static const char *const versions[] = { "1.0", "2.0", "10.0" };
static const char *const packages[] = { "openssl", "zlib" };

#define PICK(list) list[rand_r(&seed) % ARRAY_LEN(list)]

static unsigned seed = 11;
static int64_t moving_now;
static int64_t moving(void *arg)
{
	return moving_now;
}
static const struct clock moving_clock = { moving, NULL };

#define CATALOG                                                                                    \
	"patch debian:12:openssl:5 debian:12 security critical\n"                                  \
	"deb openssl amd64 5\n"                                                                    \
	"patch debian:12:zlib:10.0 debian:12 bugfix low\n"                                         \
	"deb zlib amd64 10.0\n"
static const char *const patch_ids[] = { "debian:12:openssl:5", "debian:12:zlib:10.0", "no:such" };
static const char *const group_names[] = { "static", "dynamic", "unique", "nested" };

struct sample {
	struct fleet *f;
	struct match *m;
};

static void make_host(struct sample *s, int i)
{
	struct err e = { 0 };
	char id[33];
	uint32_t no;
	size_t os = rand_r(&seed) % ARRAY_LEN(oses);
	snprintf(id, sizeof(id), "%032d", i);
	struct host_attrs a = { .hostname = (char *)PICK(names),
				.os_id = (char *)oses[os][0],
				.os_version = (char *)oses[os][1],
				.os_name = (char *)(os ? "Some OS" : "Debian GNU/Linux 12"),
				.arch = (char *)PICK(arches),
				.kernel = (char *)"6.1.0",
				.address = (char *)PICK(addresses),
				.agent_version = (char *)PICK(agents),
				.reboot_needed = rand_r(&seed) % 3 == 0 };
	moving_now = NOW - (int64_t)(rand_r(&seed) % 20) * 12 * HOUR;
	assert_true(fleet_enrol(s->f, id, PICK(offices), &a, NULL, &no, &e));
	if (rand_r(&seed) % 6) {
		AUTO(buf_done) struct buf lines = BUF_INIT(4096), text = BUF_INIT(1 << 20);
		buf_printf(&lines, "arch amd64\nos %s %s x\n", oses[os][0],
			   oses[os][1][0] ? oses[os][1] : "-");
		for (size_t k = 0; k < ARRAY_LEN(packages); k++)
			if (rand_r(&seed) % 2)
				buf_printf(&lines, "deb %s amd64 %s\n", packages[k],
					   PICK(versions));
		world_inventory(buf_str(&lines), &text);
		assert_true(fleet_put_inventory(s->f, no, buf_str(&text),
						moving_now - rand_r(&seed) % 100 * HOUR, &e));
	}
	if (rand_r(&seed) % 8 == 0)
		assert_true(fleet_set_state(s->f, no, HOST_RETIRED, &e));
	fleet_set_online(s->f, no, rand_r(&seed) % 2);
}

static void make_group(struct sample *s, enum group_kind kind, const char *name, const char *filter)
{
	struct err e = { 0 };
	char id[33];
	struct group_edit g = {
		.kind = kind, .name = name, .description = "", .filter = filter, .by = "t"
	};
	assert_true(fleet_group_create(s->f, &g, id, &e));
	for (uint32_t h = 0; kind != GROUP_DYNAMIC && h < fleet_host_count(s->f); h++) {
		size_t n;
		if (rand_r(&seed) % 3 == 0)
			assert_true(fleet_group_members(s->f, id, &h, 1, true, "t", &n, &e));
	}
}

static void sample_open(struct sample *s, int hosts)
{
	s->f = fleet_new_memory(&moving_clock);
	s->m = match_new(s->f);
	struct catalog *c = world_catalog(STR_LIT(CATALOG));
	match_set_catalog(s->m, c);
	catalog_unref(c);
	for (int i = 0; i < hosts; i++)
		make_host(s, i);
	make_group(s, GROUP_STATIC, "static", "");
	make_group(s, GROUP_UNIQUE, "unique", "");
	make_group(s, GROUP_DYNAMIC, "dynamic", "hostname = web*");
	make_group(s, GROUP_DYNAMIC, "nested", "group = dynamic and not group = static");
}

static void sample_close(struct sample *s)
{
	match_free(s->m);
	fleet_free(s->f);
}

/* A condition, as text and as what it asks of one host. */
struct want {
	const char *field, *op, *value, *version;
};
struct expr {
	char kind; /* 't'erm, '&', '|', '!' */
	struct want t;
	struct expr *a, *b;
};

static bool like(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (*p == '*')
		return like(p + 1, s) || (*s && like(p, s + 1));
	if (!*s || (*p != '?' && tolower((unsigned char)*p) != tolower((unsigned char)*s)))
		return false;
	s++;
	while (*p == '?' && ((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return like(p + 1, s);
}

static bool ordered(const char *op, int c)
{
	if (op[0] == '=')
		return c == 0;
	if (op[0] == '!')
		return c != 0;
	return (op[1] == '=' && c == 0) || (op[0] == '<' ? c < 0 : c > 0);
}

static const char *text_of(const struct host *h, const char *field)
{
	const char *s = NULL;
	if (!strcmp(field, "hostname"))
		s = h->attrs.hostname;
	else if (!strcmp(field, "os"))
		s = h->attrs.os_id;
	else if (!strcmp(field, "os_version"))
		s = h->attrs.os_version;
	else if (!strcmp(field, "os_name"))
		s = h->attrs.os_name;
	else if (!strcmp(field, "arch"))
		s = h->attrs.arch;
	else if (!strcmp(field, "kernel"))
		s = h->attrs.kernel;
	else if (!strcmp(field, "office"))
		s = h->office;
	else if (!strcmp(field, "agent_version"))
		s = h->attrs.agent_version;
	return s ? s : "";
}

static bool package_fits(const struct match_view *v, const struct host *h, const struct want *t)
{
	AUTO(xfree) uint32_t *facts = xmalloc((h->n_facts + 1) * sizeof(*facts));
	fleet_host_facts(h, facts);
	for (uint32_t i = 0; i < h->n_facts; i++) {
		struct fact_package p;
		if (fleet_fact_package(v->fleet, facts[i], &p) && str_is(p.name, t->value) &&
		    (!t->version || ordered(t->op, deb_compare(p.version, str_of(t->version)))))
			return true;
	}
	return false;
}

static uint32_t missing_of(const struct match_view *v, uint32_t host, const char *field)
{
	struct host_patch *list;
	uint32_t n = match_host_patches(v, host, &list), count = 0;
	AUTO(xfree) struct host_patch *owned = list;
	for (uint32_t i = 0; i < n; i++) {
		const char *severity = severity_name(v->catalog->patches[list[i].patch].severity);
		count += list[i].verdict == VERDICT_MISSING &&
			 (!strcmp(field, "missing") || !strcmp(field + 8, severity));
	}
	return count;
}

static bool in_group(const struct match_view *v, const struct host *h, const char *name)
{
	const struct group *g = fleet_group_find(v->fleet, str_of(name));
	if (g->members)
		return roaring_bitmap_contains(g->members, h->no);
	bool dynamic = like("web*", text_of(h, "hostname"));
	return strcmp(name, "dynamic") == 0 ? dynamic : dynamic && !in_group(v, h, "static");
}

static bool term_fits(const struct match_view *v, const struct host *h, const struct want *t)
{
	bool is = t->op[0] == '=', negated = t->op[0] == '!';
	if (!strcmp(t->field, "package"))
		return t->version ? package_fits(v, h, t) : package_fits(v, h, t) != negated;
	if (!strncmp(t->field, "missing_p", 9) || !strncmp(t->field, "inst", 4)) {
		uint32_t p = catalog_find(v->catalog, str_of(t->value));
		enum verdict w = t->field[0] == 'm' ? VERDICT_MISSING : VERDICT_INSTALLED;
		return (p != CATALOG_NONE && match_verdict(v, h->no, p) == w) == is;
	}
	if (!strncmp(t->field, "missing", 7)) {
		int64_t n = missing_of(v, h->no, t->field), want = strtoll(t->value, NULL, 10);
		return ordered(t->op, (n > want) - (n < want));
	}
	if (!strncmp(t->field, "last_", 5)) {
		int64_t ms = t->field[5] == 's' ? h->last_scan_ms : h->last_contact_ms;
		int64_t unit = t->value[strlen(t->value) - 1] == 'd' ? 24 * HOUR : HOUR;
		int64_t age = ms ? NOW - ms : INT64_MAX, want = strtoll(t->value, NULL, 10) * unit;
		return ordered(t->op, (age > want) - (age < want));
	}
	if (!strcmp(t->field, "health"))
		return !strcmp(health_name(match_health(v, h->no, NOW)), t->value) == is;
	if (!strcmp(t->field, "group"))
		return in_group(v, h, t->value) == is;
	if (!strcmp(t->field, "reboot"))
		return !!(match_host_flags(v, h->no, NOW) & HOST_FLAG_REBOOT_PENDING) ==
		       (is == !strcmp(t->value, "yes"));
	if (!strcmp(t->field, "online"))
		return h->online == (is == !strcmp(t->value, "yes"));
	if (!strcmp(t->field, "ip")) {
		struct address_range r;
		struct address a;
		assert_true(address_range_parse(str_of(t->value), &r, NULL));
		return (address_parse(str_of(h->attrs.address), &a) && address_in(&r, &a)) == is;
	}
	const char *s = text_of(h, t->field);
	if (is || negated)
		return like(t->value, s) == is;
	return *s && ordered(t->op, dotted_compare(str_of(s), str_of(t->value)));
}

static bool fits(const struct match_view *v, const struct host *h, const struct expr *x)
{
	switch (x->kind) {
	case '&': return fits(v, h, x->a) && fits(v, h, x->b);
	case '|': return fits(v, h, x->a) || fits(v, h, x->b);
	case '!': return !fits(v, h, x->a);
	default: return term_fits(v, h, &x->t);
	}
}

static const char *random_op(bool order)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=" };
	return ops[rand_r(&seed) % (order ? 6 : 2)];
}

static struct want random_term(void)
{
	static const char *const texts[] = { "web*", "*1",   "web?", "\xe6\x9d\xb1", "?",
					     "*",    "*b-*", "DB-1", "we*1*",	     "x" };
	static const char *const ages[] = { "1h", "24h", "7d", "3d", "0h" };
	static const char *const numbers[] = { "0", "1", "2" };
	static const char *const health[] = { "unknown", "healthy", "vulnerable",
					      "highly_vulnerable" };
	static const char *const ranges[] = {
		"10.0.0.0/24", "10.0.0.7", "fd00::/8", "0.0.0.0/0", "10.0.0.100-10.0.1.20", "::/0"
	};
	static const char *const yes[] = { "yes", "no" };
	static const char *const order[] = { "<", "<=", ">", ">=" };
	static const char *const missing[] = { "missing", "missing_critical", "missing_low" };
	switch (rand_r(&seed) % 15) {
	case 0: return (struct want) { "hostname", random_op(false), PICK(texts), NULL };
	case 1: return (struct want) { "os", random_op(false), oses[rand_r(&seed) % 4][0], NULL };
	case 2:
		return (struct want) { "os_version", random_op(true), oses[rand_r(&seed) % 3][1],
				       NULL };
	case 3: return (struct want) { "arch", random_op(false), PICK(arches), NULL };
	case 4: return (struct want) { "office", random_op(false), PICK(offices), NULL };
	case 5: return (struct want) { "agent_version", random_op(true), PICK(agents), NULL };
	case 6: return (struct want) { "ip", random_op(false), PICK(ranges), NULL };
	case 7: return (struct want) { "health", random_op(false), PICK(health), NULL };
	case 8: return (struct want) { PICK(missing), random_op(true), PICK(numbers), NULL };
	case 9:
		return (struct want) { rand_r(&seed) % 2 ? "missing_patch" : "installed_patch",
				       random_op(false), PICK(patch_ids), NULL };
	case 10:
		return (struct want) { "package", random_op(true), PICK(packages), PICK(versions) };
	case 11: return (struct want) { "package", random_op(false), PICK(packages), NULL };
	case 12:
		return (struct want) { rand_r(&seed) % 2 ? "last_scan" : "last_contact",
				       PICK(order), PICK(ages), NULL };
	case 13:
		return (struct want) { rand_r(&seed) % 2 ? "reboot" : "online", random_op(false),
				       PICK(yes), NULL };
	default: return (struct want) { "group", random_op(false), PICK(group_names), NULL };
	}
}

static struct expr *random_expr(struct arena *a, int depth)
{
	static const char kinds[] = "tt&&||!";
	struct expr *x = arena_new(a, struct expr);
	x->kind = depth ? kinds[rand_r(&seed) % 7] : 't';
	if (x->kind == 't')
		x->t = random_term();
	else
		x->a = random_expr(a, depth - 1);
	if (x->kind == '&' || x->kind == '|')
		x->b = random_expr(a, depth - 1);
	return x;
}

/* With parentheses only where they are needed, so that precedence is tried too. */
static void say(const struct expr *x, struct buf *b)
{
	const char *joint = x->kind == '&' ? " and " : " or ";
	switch (x->kind) {
	case 't':
		if (x->t.version)
			buf_printf(b, "package \"%s\" %s %s", x->t.value, x->t.op, x->t.version);
		else
			buf_printf(b, "%s %s \"%s\"", x->t.field, x->t.op, x->t.value);
		return;
	case '!':
		buf_adds(b, x->a->kind == 't' || x->a->kind == '!' ? "not " : "not (");
		say(x->a, b);
		buf_adds(b, x->a->kind == 't' || x->a->kind == '!' ? "" : ")");
		return;
	default:
		for (int i = 0; i < 2; i++) {
			const struct expr *side = i ? x->b : x->a;
			bool wrap = x->kind == '&' && side->kind == '|';
			buf_adds(b, i ? joint : "");
			buf_adds(b, wrap ? "(" : "");
			say(side, b);
			buf_adds(b, wrap ? ")" : "");
		}
	}
}

static void compare(const struct match_view *v, const struct expr *x)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
	AUTO(filter_run_end) struct filter_run run;
	struct err e = { 0 };
	struct filter *f;
	roaring_bitmap_t *hosts;
	say(x, &text);
	filter_run_begin(&run, v, NOW);
	if (!filter_parse(buf_str(&text), &a, &f, NULL, &e) || !filter_hosts(&run, f, &hosts, &e))
		fail_msg("%s: %s", text.p, e.msg);
	for (uint32_t i = 0; i < fleet_host_count(v->fleet); i++) {
		const struct host *h = fleet_host(v->fleet, i);
		bool want = h->state == HOST_ACTIVE && fits(v, h, x);
		if (roaring_bitmap_contains(hosts, i) != want)
			fail_msg("%s: %s should %sbe in", text.p, h->id, want ? "" : "not ");
	}
	roaring_bitmap_free(hosts);
}

static void M_182_bitmaps_mean_what_hosts_say(void **state)
{
	enum { FLEETS = 12, FILTERS = 400 };
	uint64_t some = 0;
	for (int i = 0; i < FLEETS; i++) {
		struct sample s;
		struct match_view v;
		sample_open(&s, 10 + 8 * i);
		match_read(s.m, &v);
		for (int k = 0; k < FILTERS; k++) {
			AUTO(arena_done) struct arena a = { 0 };
			compare(&v, random_expr(&a, rand_r(&seed) % 5));
			some++;
		}
		match_read_end(&v);
		sample_close(&s);
	}
	assert_int_equal(some, FLEETS * FILTERS);
}

/* --- groups --- */

static bool may_be(struct sample *s, const char *text, const char *own, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(match_read_end) struct match_view v;
	struct filter *x;
	match_read(s->m, &v);
	assert_true(filter_parse(str_of(text), &a, &x, NULL, e));
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, &v, NOW);
	return filter_fits_group(&run, x, own, e);
}

static void groups_lead_nowhere_in_a_circle(void **state)
{
	struct sample s;
	struct err e = { 0 };
	char id[33];
	sample_open(&s, 5);
	snprintf(id, sizeof(id), "%s", fleet_group_find(s.f, STR_LIT("dynamic"))->id);
	assert_true(may_be(&s, "group = nested", "", &e));
	assert_true(may_be(&s, "group = static", id, &e));
	assert_false(may_be(&s, "os = x or group = nested", id, &e)); /* which asks for it */
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(may_be(&s, "group = dynamic", id, &e));
	assert_false(may_be(&s, "not group = nobody", "", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	struct match_view v;
	match_read(s.m, &v);
	const struct group *g = fleet_group_find(s.f, STR_LIT("static"));
	assert_string_equal(filter_group_user(&v, g)->name, "nested");
	assert_null(filter_group_user(&v, fleet_group_find(s.f, STR_LIT("unique"))));
	match_read_end(&v);
	sample_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_written_plainly),
		cmocka_unit_test(refusals_say_where_and_what),
		cmocka_unit_test(what_is_too_much),
		cmocka_unit_test(M_182_bitmaps_mean_what_hosts_say),
		cmocka_unit_test(groups_lead_nowhere_in_a_circle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
