/* SPDX-License-Identifier: Apache-2.0
 * Random fleets and catalogs that keep changing (scans, holds, retirements, new snapshots,
 * severities): after every few changes the bitmaps and counters must equal the forward pass, and
 * both rule evaluators must agree with the verdicts - on every pair, 0 differences, always. */
#include "world.h"

#define HOSTS 60
#define NAMES 12

static uint64_t state = 42;

static uint32_t next(uint32_t bound)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((state >> 33) % bound);
}

static const char *const archs[] = { "amd64", "all", "i386", "arm64" };
static const char *const rpm_archs[] = { "amd64", "noarch", "i386", "arm64" };
static const char *const oses[] = { "debian:12", "debian:13", "debian:forky", "-" };
static const char *const modules[] = { "-", "-", "-", "m:1", "m:2" };
static const char *const flags[] = { "-", "-", "-", "-", "-", "default", "default", "hotfix" };
static const char *const builds[] = { "", "", "", "", ".module", "_fips" };
static const char *const services[] = { "-", "-", "-", "-", "-",   "-",
					"-", "-", "-", "-", "esm", "pro" };
static const char *const severities[] = { "unrated", "low", "moderate", "important", "critical" };
static const char *const types[] = { "security", "bugfix", "rollup", "critical" };

static void random_component(struct buf *out, uint32_t version)
{
	if (next(4) == 0)
		buf_printf(out, "apk n%u %s %u\n", next(NAMES), rpm_archs[next(4)], version);
	else if (next(8) == 0)
		buf_printf(out, "apksrc s%u %u\n", next(NAMES / 2), version);
	else
		buf_printf(out, "rpm n%u %s %u-1%s %s %s\n", next(NAMES), rpm_archs[next(4)],
			   version, builds[next(ARRAY_LEN(builds))],
			   modules[next(ARRAY_LEN(modules))], flags[next(ARRAY_LEN(flags))]);
}

static struct catalog *random_catalog(uint32_t patches, uint32_t salt)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	uint64_t keep = state;
	for (uint32_t i = 0; i < patches; i++) {
		state = i * 7919u + 13; /* the same patch in every catalog ... */
		if (next(8) == 0)
			state += salt; /* ... but for some that change */
		const char *os = oses[next(4)], *bulletin = next(3) ? "-" : "b";
		buf_printf(&text, "patch pat%u %s %s %s %s %s\n", i, os, types[next(4)],
			   severities[next(5)], services[next(ARRAY_LEN(services))], bulletin);
		for (uint32_t k = next(3); k-- > 0 || k == UINT32_MAX - 1;) {
			uint32_t version = next(8);
			if (next(6) == 0)
				buf_printf(&text, "src s%u %u\n", next(NAMES / 2), version);
			else if (next(2) == 0)
				random_component(&text, version);
			else
				buf_printf(&text, "deb n%u %s %u %s\n", next(NAMES), archs[next(4)],
					   version, next(5) ? "-" : "3");
		}
		buf_printf(&text, "deb n%u %s %u\n", next(NAMES), archs[next(4)], next(8));
	}
	state = keep;
	return world_catalog(buf_str(&text));
}

static void random_hindrance(struct buf *out, const char *kind, uint32_t name, const char *arch)
{
	static const char *const reasons[] = { "pinned", "kept-back", "phased", "no-stream" };
	if (next(6) == 0)
		buf_printf(out, "kept %s n%u %s %s\n", kind, name, arch,
			   reasons[next(ARRAY_LEN(reasons))]);
	if (next(10) == 0)
		buf_printf(out, "hold %s n%u %s\n", kind, name, arch);
}

static void random_scan(struct fleet *f, uint32_t host)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	static const char *const os_lines[] = { "os debian 12 bookworm", "os debian 13 trixie",
						"os debian - forky", "os ubuntu 24.04 noble" };
	if (next(10))
		buf_printf(&text, "%s\n", os_lines[next(4)]);
	if (next(10))
		buf_printf(&text, "arch %s\n", next(3) ? "amd64" : "arm64");
	for (uint32_t n = next(14); n > 0; n--) {
		uint32_t name = next(NAMES), version = next(9);
		const char *arch = archs[next(4)];
		buf_printf(&text, "deb n%u %s %u s%u %u\n", name, arch, version, name / 2, version);
		if (next(6) == 0)
			buf_printf(&text, "hold deb n%u %s\n", name, arch);
		random_hindrance(&text, "deb", name, arch);
	}
	for (uint32_t n = next(14); n > 0; n--) {
		uint32_t name = next(NAMES), version = next(9);
		const char *arch = rpm_archs[next(4)];
		if (next(5) == 0)
			buf_printf(&text, "apk n%u %s %u s%u\n", name, arch, version, name / 2);
		for (uint32_t k = 1 + next(3); k > 0; k--) /* several of one name: kernels */
			buf_printf(&text, "rpm n%u %s %u-1%s s%u %s\n", name, arch, next(9),
				   builds[next(ARRAY_LEN(builds))], name / 2,
				   modules[next(ARRAY_LEN(modules))]);
		random_hindrance(&text, "rpm", name, next(3) ? arch : "-");
	}
	if (next(2)) /* of agents of before without it */
		buf_printf(&text, "module platform el8\n");
	if (next(3))
		buf_printf(&text, "module m %s\n", next(3) == 0 ? "-" : next(2) ? "1" : "2");
	if (next(3) == 0)
		buf_printf(&text, "subscription %s %s\n", next(2) ? "pro" : "ubuntu-pro",
			   next(2) ? "esm apps" : "-");
	world_scan(f, host, buf_str(&text));
}

/* Every pair by rule evaluators against verdicts. */
static void check_rules(struct match *m, struct fleet *f)
{
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	for (uint32_t p = 0; p < v.catalog->n_patches; p++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct rule *r = rule_of_patch(v.catalog, p, &a);
		roaring_bitmap_t *unknown, *yes = rule_eval_fleet(r, f, &unknown);
		for (uint32_t h = 0; h < fleet_host_count(f); h++) {
			const struct host *host = fleet_host(f, h);
			if (host->state != HOST_ACTIVE)
				continue;
			uint32_t facts[256];
			assert_true(host->n_facts <= ARRAY_LEN(facts));
			fleet_host_facts(host, facts);
			struct rule_host rh = { f, facts, host->n_facts, host->last_scan_ms != 0 };
			enum rule_truth truth = rule_eval_host(r, &rh);
			enum verdict verdict = match_verdict(&v, h, p);
			assert_int_equal(truth == RULE_TRUE, roaring_bitmap_contains(yes, h));
			assert_int_equal(truth == RULE_UNKNOWN,
					 roaring_bitmap_contains(unknown, h));
			assert_int_equal(verdict == VERDICT_UNKNOWN, host->last_scan_ms == 0);
			bool blocked = verdict == VERDICT_KEPT_BACK || verdict == VERDICT_PHASED ||
				       verdict == VERDICT_NEEDS_SUBSCRIPTION;
			assert_int_equal(truth == RULE_TRUE, verdict == VERDICT_MISSING ||
								     verdict == VERDICT_HELD ||
								     blocked);
			struct outdated *outdated;
			uint32_t n = match_outdated(&v, h, p, &outdated), held = 0;
			for (uint32_t i = 0; i < n; i++)
				held += outdated[i].held;
			xfree(outdated);
			assert_int_equal(n > held, verdict == VERDICT_MISSING);
			assert_int_equal(n > 0 && n == held, verdict == VERDICT_HELD);
			assert_int_equal(match_verdict_now(&v, h, p, world_now(NULL)), verdict);
			struct explanation x;
			explain(&v, h, p, &a, &x);
			assert_int_equal(x.verdict, verdict);
		}
		roaring_bitmap_free(yes);
		roaring_bitmap_free(unknown);
	}
	for (uint32_t h = 0; h < fleet_host_count(f); h++) {
		struct host_patch *list;
		uint32_t n = match_host_patches(&v, h, &list);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(match_verdict(&v, h, list[i].patch), list[i].verdict);
		xfree(list);
	}
}

static void agreement(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	struct err e = { 0 };
	uint64_t seen[VERDICTS_] = { 0 };
	for (int step = 0; step < 1500; step++) {
		uint32_t n = fleet_host_count(f), what = next(40);
		if (n < HOSTS && (n == 0 || what < 6)) {
			char id[16];
			snprintf(id, sizeof(id), "h%u", n);
			world_host(f, id);
		} else if (what < 30) {
			random_scan(f, next(n));
		} else if (what < 34) {
			assert_true(fleet_set_state(f, next(n), (enum host_state)next(3), &e));
		} else {
			AUTO(catalog_unref)
			struct catalog *c = random_catalog(40 + next(60), next(4));
			match_set_catalog(m, c);
		}
		if (step % 25 == 0) {
			assert_int_equal(match_verify(m), 0);
			check_rules(m, f);
			AUTO(match_read_end) struct match_view v;
			match_read(m, &v);
			for (uint32_t h = 0; h < n; h++)
				for (uint32_t p = 0; p < v.catalog->n_patches; p++)
					seen[match_verdict(&v, h, p)]++;
		}
	}
	for (int v = 0; v < VERDICTS_;
	     v++) /* the fleets were worth it: every verdict occurred often */
		if (seen[v] < 50)
			fail_msg("verdict %s occurred only %d times", verdict_name((enum verdict)v),
				 (int)seen[v]);
}

/* Random rules with not, all comparisons, unknown hosts: the two evaluators on every host. */
static void random_rule(struct buf *out, int depth)
{
	static const char *const compare[] = { "<", "<=", "=", ">=", ">" };
	uint32_t what = next(depth > 3 ? 3 : 6);
	if (what == 0) {
		buf_printf(out, "(os \"%s\")", oses[next(3)]);
	} else if (what < 3) {
		static const char *const words[] = { "deb-bin", "rpm", "rpm", "apk" };
		const char *word = words[next(4)];
		if (next(3) == 0)
			buf_printf(out, "(%s \"s%u\"", next(3) ? "deb-src" : "apk-src",
				   next(NAMES / 2));
		else if (strcmp(word, "deb-bin") != 0)
			buf_printf(out, "(%s \"n%u\" \"%s\"", word, next(NAMES),
				   next(4) ? rpm_archs[next(4)] : "");
		else
			buf_printf(out, "(deb-bin \"n%u\" \"%s\"", next(NAMES),
				   next(4) ? archs[next(4)] : "");
		if (next(5))
			buf_printf(out, " %s \"%u-1%s\"", compare[next(5)], next(9),
				   strcmp(word, "rpm") == 0 ? builds[next(ARRAY_LEN(builds))] : "");
		if (next(4) == 0)
			buf_printf(out, " above \"%u\"", next(9));
		buf_addc(out, ')');
	} else {
		buf_adds(out, what == 3 ? "(and" : what == 4 ? "(or" : "(not");
		for (uint32_t n = what == 5 ? 1 : next(4); n > 0; n--) {
			buf_addc(out, ' ');
			random_rule(out, depth + 1);
		}
		buf_addc(out, ')');
	}
}

static void random_rules(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	struct err e = { 0 };
	for (uint32_t h = 0; h < HOSTS; h++) {
		char id[16];
		snprintf(id, sizeof(id), "h%u", h);
		world_host(f, id);
		if (h % 9)
			random_scan(f, h);
		if (h % 11 == 0)
			assert_true(fleet_set_state(f, h, HOST_RETIRED, &e));
	}
	for (int run = 0; run < 3000; run++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(buf_done) struct buf text = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20);
		struct rule *r;
		random_rule(&text, 0);
		if (!rule_parse(buf_str(&text), &a, &r, &e))
			fail_msg("%s: %s", text.p, e.msg);
		rule_print(r, &again);
		assert_string_equal(text.p, again.p);
		roaring_bitmap_t *unknown, *yes = rule_eval_fleet(r, f, &unknown);
		for (uint32_t h = 0; h < HOSTS; h++) {
			const struct host *host = fleet_host(f, h);
			uint32_t facts[256];
			assert_true(host->n_facts <= ARRAY_LEN(facts));
			fleet_host_facts(host, facts);
			struct rule_host rh = { f, facts, host->n_facts, host->last_scan_ms != 0 };
			bool active = host->state == HOST_ACTIVE;
			enum rule_truth truth = rule_eval_host(r, &rh);
			if (roaring_bitmap_contains(yes, h) != (active && truth == RULE_TRUE) ||
			    roaring_bitmap_contains(unknown, h) !=
				    (active && truth == RULE_UNKNOWN))
				fail_msg("host %u: %s is %s", h, text.p, rule_truth_name(truth));
		}
		roaring_bitmap_free(yes);
		roaring_bitmap_free(unknown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreement),
		cmocka_unit_test(random_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
