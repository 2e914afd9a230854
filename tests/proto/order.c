/* SPDX-License-Identifier: Apache-2.0
 * proto/order.h: what is written is read back; whatever could leave its place is refused. */
#include "proto/order.h"
#include "base/enc.h"
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef"
#define S(lit) STR_LIT(lit)

static struct order sample(void)
{
	static struct order_package packages[] = { { S("bash"), S("amd64"), S("5.2.15-2+b7") },
						   { S("libstdc++6"), S("i386"),
						     S("1:12.2.0~rc1-14") } };
	static struct order_package extra[] = { { S("bash"), S("amd64"), S("5.2.15-2+b7") },
						{ S("zlib1g"), S("amd64"), S("1:1.2.13.dfsg-1") } };
	static struct order_file index[] = { { S("dists/bookworm/InRelease"), { { 1, 2 } }, 0 } };
	static struct order_file payload[] = {
		{ S("pool/main/b/bash/bash_5.2.15-2+b7_amd64.deb"), { { 0xff } }, 1490000 }
	};
	static struct order_archive archives[] = {
		{ S("debian-security"), S("bookworm-security"), S("main contrib"),
		  S("/usr/share/keyrings/debian-archive-keyring.gpg"), index, 1, payload, 1 }
	};
	return (struct order) { S(ID),
				S(ID),
				S(ID),
				S(ID),
				1,
				77,
				1795941660000,
				1795941660123,
				S("install"),
				packages,
				2,
				extra,
				2,
				archives,
				1 };
}

static void round_trip(void **state)
{
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), again = BUF_INIT(ORDER_MAX);
	order_write(&o, &b);
	assert_true(str_starts(buf_str(&b),
			       "{\"v\":1,\"org\":\"" ID "\",\"id\":\"" ID "\",\"deployment\":\""));
	assert_non_null(strstr(
		b.p,
		"\"not_before\":\"2026-11-29T08:41:00Z\",\"not_after\":\"2026-11-29T08:41:00.123Z\""));
	if (!order_parse(buf_str(&b), &a, &r, &e))
		fail_msg("%s", e.msg);
	order_write(&r, &again);
	assert_string_equal(b.p, again.p);
	assert_int_equal(r.archives[0].payload[0].sha256.b[0], 0xff);
	assert_int_equal(r.seq, 77);
}

/* The sample's text with `old` replaced by `new` must be refused. */
static void refuse(const char *old, const char *new, enum err_code code)
{
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), bad = BUF_INIT(ORDER_MAX);
	order_write(&o, &b);
	const char *at = strstr(b.p, old);
	assert_non_null(at);
	buf_add(&bad, b.p, (size_t)(at - b.p));
	buf_adds(&bad, new);
	buf_adds(&bad, at + strlen(old));
	if (order_parse(buf_str(&bad), &a, &r, &e))
		fail_msg("accepted: %s", bad.p);
	assert_int_equal(e.code, code);
	assert_null(r.org.p);
}

/* M-137: an order that goes back names from which version; no other order does. */
static void uninstall(void **state)
{
	static struct order_package back[] = { { S("bash"), S("amd64"), S("5.2.15-2+b7"),
						 S("5.2.15-2+b8") } };
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), bad = BUF_INIT(ORDER_MAX);
	o.action = S(ORDER_UNINSTALL);
	o.packages = back;
	o.n_packages = 1;
	o.n_extra = 0;
	order_write(&o, &b);
	if (!order_parse(buf_str(&b), &a, &r, &e))
		fail_msg("%s", e.msg);
	assert_true(order_goes_back(&r) && str_is(r.packages[0].from, "5.2.15-2+b8"));
	char *from = strstr(b.p, ",\"from\":\"5.2.15-2+b8\"");
	buf_add(&bad, b.p, (size_t)(from - b.p));
	buf_adds(&bad, strchr(from, '}'));
	assert_false(order_parse(buf_str(&bad), &a, &r, &e));
	o.action = S(ORDER_INSTALL);
	buf_reset(&b);
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
	assert_non_null(strstr(e.msg, "from"));
}

/* M-168, M-173: a script is named by the signed file, whose size must be there. */
static void scripts(struct order *o)
{
	static const char *const bad[][2] = {
		{ "\"size\":9000", "\"size\":0" },
		{ "\"size\":9000,", "" },
		{ "\"size\":9000", "\"size\":409601" },
		{ "\"timeout_s\":60", "\"timeout_s\":0" },
		{ "\"timeout_s\":60", "\"timeout_s\":7201" },
		{ "[0,7]", "[7,0]" },
		{ "[0,7]", "[]" },
		{ "[0,7]", "[0,256]" },
		{ "[0,7]", "[0,0]" },
		{ "\"exit_codes\"", "\"run\":\"rm\",\"exit_codes\"" },
		{ "\"script\":{", "\"script\":3,\"x\":{" },
	};
	struct order r = { 0 };
	struct err e = { 0 };
	struct order_file files[2];
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX);
	o->actions.script_before = (struct actions_script) { .there = true,
							     .sha256 = { { 0xab } },
							     .size = 9000,
							     .timeout_s = 60,
							     .codes = { 0, 7 },
							     .n_codes = 2 };
	assert_int_equal(order_scripts(o, files), 1);
	assert_int_equal(files[0].size, 9000);
	order_write(o, &b);
	assert_non_null(strstr(b.p, "\"before\":{\"reboot\":true,\"script\":{\"sha256\":\"ab00"));
	if (!order_parse(buf_str(&b), &a, &r, &e))
		fail_msg("%s", e.msg);
	AUTO(buf_done) struct buf again = BUF_INIT(ORDER_MAX);
	order_write(&r, &again);
	assert_string_equal(again.p, b.p);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf t = BUF_INIT(ORDER_MAX);
		const char *at = strstr(b.p, bad[i][0]);
		assert_non_null(at);
		buf_add(&t, b.p, (size_t)(at - b.p));
		buf_adds(&t, bad[i][1]);
		buf_adds(&t, at + strlen(bad[i][0]));
		if (order_parse(buf_str(&t), &a, &r, &e))
			fail_msg("accepted: %s", t.p);
	}
}

#define POSTPONE(wait, times, minutes, hours)                                                      \
	"\"wait_minutes\":" #wait ",\"postpone\":{\"times\":" #times ",\"minutes\":" #minutes      \
	",\"deadline_hours\":" #hours "}"

/* What comes before and after, and an order that does nothing but reboot. */
static void actions(void **state)
{
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), only = BUF_INIT(ORDER_MAX);
	order_write(&o, &b);
	assert_null(strstr(b.p, "\"before\"")); /* older agents take an order without */
	assert_null(strstr(b.p, "\"after\""));
	buf_reset(&b);
	o.actions = (struct actions) { .reboot_before = true,
				       .after = ACTIONS_REBOOT_IF_NEEDED,
				       .wait_minutes = 15 };
	order_write(&o, &b);
	assert_non_null(strstr(b.p, "\"before\":{\"reboot\":true},\"after\":{\"power\":"
				    "\"reboot_if_needed\",\"wait_minutes\":15}"));
	assert_true(order_parse(buf_str(&b), &a, &r, &e));
	assert_memory_equal(&r.actions, &o.actions, sizeof(o.actions));
	assert_true(order_installs(&r));
	assert_null(strstr(b.p, "\"postpone\"")); /* nor this one, when nothing can be put off */
	buf_reset(&b);
	o.actions.postpone = (struct notice_budget) { 3, 60, 8 };
	order_write(&o, &b);
	assert_non_null(strstr(b.p, "\"wait_minutes\":15,\"postpone\":{\"times\":3,\"minutes\":60,"
				    "\"deadline_hours\":8}}"));
	assert_true(order_parse(buf_str(&b), &a, &r, &e));
	assert_memory_equal(&r.actions, &o.actions, sizeof(o.actions));
	o.actions.postpone = (struct notice_budget) { 0 };

	scripts(&o);
	o = (struct order) { S(ID), S(ID),	   S(ID),	  S(ID),	  1,
			     7,	    1795941660000, 1795941660123, S(ORDER_REBOOT) };
	o.actions.after = ACTIONS_REBOOT;
	order_write(&o, &only);
	assert_true(order_parse(buf_str(&only), &a, &r, &e));
	assert_true(order_reboots(&r) && !order_installs(&r) && !r.n_packages);
	static const char *const bad[][2] = { { "\"reboot\",\"wait", "\"none\",\"wait" },
					      { "\"reboot\",\"wait",
						"\"reboot_if_needed\",\"wait" },
					      { "\"wait_minutes\":0", "\"wait_minutes\":1441" },
					      { "\"wait_minutes\":0", "\"now\":true" },
					      { "\"wait_minutes\":0", POSTPONE(0, 1, 60, 8) },
					      { "\"wait_minutes\":0", POSTPONE(15, 0, 60, 8) },
					      { "\"wait_minutes\":0", POSTPONE(15, 21, 60, 8) },
					      { "\"wait_minutes\":0", POSTPONE(15, 1, 4, 8) },
					      { "\"wait_minutes\":0", POSTPONE(15, 1, 1441, 8) },
					      { "\"wait_minutes\":0", POSTPONE(15, 1, 60, 25) },
					      { "\"wait_minutes\":0", POSTPONE(60, 1, 60, 1) },
					      { "\"after\"", "\"packages\":[],\"after\"" } };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf t = BUF_INIT(ORDER_MAX);
		const char *at = strstr(only.p, bad[i][0]);
		assert_non_null(at);
		buf_add(&t, only.p, (size_t)(at - only.p));
		buf_adds(&t, bad[i][1]);
		buf_adds(&t, at + strlen(bad[i][0]));
		if (order_parse(buf_str(&t), &a, &r, &e))
			fail_msg("accepted: %s", t.p);
	}
}

/* M-143: an order that is published says so, and nothing in it steers a terminal. */
static void offered(void **state)
{
	static const char *const bad[][2] = {
		{ "\"Tools\"", "\"\"" },
		{ "\"Tools\"", "\"To\\u001bols\"" },
		{ "\"Tools\"", "\"To\\nols\"" },
		{ "\"Tools\"", "\"To\\u009bols\"" },
		{ "\"Tools\"", "\"To\\u202eols\"" },
		{ "\"Tools\"", "7" },
		{ "b\\nc", "b\\rc" },
		{ "\"deadline\":null", "\"deadline\":\"soon\"" },
		{ "\"deadline\":null", "\"deadline\":0" },
		{ ",\"deadline\":null", "" },
		{ "\"deadline\":null", "\"deadline\":null,\"more\":1" },
	};
	struct offer offer = { S("Tools"), S("b\nc"), 0 };
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), dated = BUF_INIT(ORDER_MAX);
	(void)state;
	order_write(&o, &b);
	assert_null(strstr(b.p, "\"offer\"")); /* older agents take an order without */
	buf_reset(&b);
	o.offer = &offer;
	order_write(&o, &b);
	if (!order_parse(buf_str(&b), &a, &r, &e))
		fail_msg("%s", e.msg);
	assert_true(str_is(r.offer->name, "Tools") && str_is(r.offer->description, "b\nc"));
	assert_int_equal(r.offer->deadline_ms, 0);
	assert_true(offer_waits(r.offer, INT64_MAX));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf t = BUF_INIT(ORDER_MAX);
		const char *at = strstr(b.p, bad[i][0]);
		assert_non_null(at);
		buf_add(&t, b.p, (size_t)(at - b.p));
		buf_adds(&t, bad[i][1]);
		buf_adds(&t, at + strlen(bad[i][0]));
		if (order_parse(buf_str(&t), &a, &r, &e))
			fail_msg("accepted: %s", t.p);
	}
	offer.deadline_ms = 1795941660000;
	order_write(&o, &dated);
	assert_true(order_parse(buf_str(&dated), &a, &r, &e));
	assert_int_equal(r.offer->deadline_ms, offer.deadline_ms);
	assert_true(offer_waits(r.offer, offer.deadline_ms - 1) &&
		    !offer_waits(r.offer, offer.deadline_ms));
	/* what reboots or goes back is not a user's choice */
	o.action = S(ORDER_UNINSTALL);
	buf_reset(&b);
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
}

static void refused(void **state)
{
	static const char *const cases[][2] = {
		{ "\"v\":1", "\"v\":2" },
		{ "\"v\":1,", "" },
		{ "\"v\":1", "\"v\":1,\"w\":1" },
		{ "\"org\":\"" ID, "\"org\":\""
				   "0123456789ABCDEF0123456789abcdef" },
		{ "\"id\":\"" ID, "\"id\":\"12" },
		{ "\"epoch\":1", "\"epoch\":0" },
		{ "\"seq\":77", "\"seq\":-1" },
		{ "\"seq\":77", "\"seq\":9007199254740992" },
		{ "\"seq\":77", "\"seq\":\"77\"" },
		{ "08:41:00.123Z", "08:41:00Z" },
		{ "2026-11-29T08:41:00Z", "2026-11-31T08:41:00Z" },
		{ "\"install\"", "\"remove\"" },
		{ "\"bash\"", "\"Bash\"" },
		{ "\"bash\"", "\"-bash\"" },
		{ "\"bash\"", "\"b\"" },
		{ "\"bash\"", "\"ba/sh\"" },
		{ "\"bash\"", "\"bash=1\"" },
		{ "\"bash\"", "\"bash\\n\"" },
		{ "\"amd64\"", "\"any amd64\"" },
		{ "\"amd64\"", "\"\"" },
		{ "5.2.15-2+b7\"}", "5.2.15-\"}" },
		{ "5.2.15-2+b7\"}", "-5.2\"}" },
		{ "5.2.15-2+b7\"}", "1;2\"}" },
		{ "5.2.15-2+b7\"}", "a:2\"}" },
		{ "5.2.15-2+b7\"}", ":2\"}" },
		{ "5.2.15-2+b7\"}", "1:\"}" },
		{ "5.2.15-2+b7\"}", "5.2.15-2:3\"}" },
		{ "5.2.15-2+b7\"}", "5.2.15-2+b8\"}" }, /* another version as extra */
		{ "libstdc++6\",\"arch\":\"i386", "bash\",\"arch\":\"amd64" },
		{ "\"debian-security\"", "\"../x\"" },
		{ "\"debian-security\"", "\".x\"" },
		{ "\"bookworm-security\"", "\"bookworm security\"" },
		{ "\"bookworm-security\"", "\"a/../b\"" },
		{ "\"main contrib\"", "\"main  contrib\"" },
		{ "\"main contrib\"", "\"main\\ncontrib\"" },
		{ "\"/usr/share/keyrings/", "\"usr/share/keyrings/" },
		{ "\"/usr/share/keyrings/", "\"/usr/../keyrings/" },
		{ "\"/usr/share/keyrings/", "\"/usr/share/key rings/" },
		{ "\"dists/", "\"/dists/" },
		{ "\"dists/", "\"../dists/" },
		{ "\"dists/", "\"dists//" },
		{ "\"dists/", "\"dists/./" },
		{ "\"dists/", "\"dists\\\\" },
		{ "\"pool/main/b/bash/bash_5.2.15-2+b7_amd64.deb\"",
		  "\"dists/bookworm/InRelease\"" },
		{ "\"sha256\":\"0102", "\"sha256\":\"01g2" },
		{ "\"sha256\":\"0102", "\"sha256\":\"01" },
		{ "\"size\":0", "\"size\":-1" },
		{ "\"size\":0", "\"size\":0.5" },
		{ ",\"payload\"", ",\"payloads\"" },
		{ "\"archives\":[", "\"archives\":[1," },
		{ "\"extra\":[", "\"extra\":null,\"z\":[" },
		{ "{\"v\"", "[{\"v\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		refuse(cases[i][0], cases[i][1], ERR_CORRUPT);
}

/* What may go is signed like what comes; only rpm knows such a thing. */
static void replaced(void **state)
{
	static struct order_package wanted[] = { { S("new"), S("noarch"), S("1:2-1.el9") } };
	static struct order_package gone[] = { { S("old"), S("x86_64"), S("1-1.el9") } };
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), again = BUF_INIT(ORDER_MAX);
	o.kind = ORDER_RPM;
	o.packages = wanted;
	o.n_packages = 1;
	o.n_extra = 0;
	o.replaced = gone;
	o.n_replaced = 1;
	order_write(&o, &b);
	if (!order_parse(buf_str(&b), &a, &r, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(r.n_replaced, 1);
	assert_true(str_is(r.replaced[0].version, "1-1.el9"));
	order_write(&r, &again);
	assert_string_equal(b.p, again.p);
	gone[0].version = S("1");
	assert_false(order_package_ok(ORDER_RPM, gone));
	buf_reset(&b);
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
	refuse("\"extra\":[", "\"replaced\":[],\"extra\":[", ERR_CORRUPT);
}

/* A restart is an order of its own kind: services by name, and nothing of an installation. */
static void restarts(void **state)
{
	static const char *const names[] = { "nginx.service", "getty@tty1.service",
					     "a\\x2db:c_d.service" };
	static const char *const bad[] = { "nginx",	     ".service",    "-x.service",
					   "..service",	     "a/b.service", "a b.service",
					   "a\n.service",    "x.socket",    "x.service.d",
					   "--force.service" };
	struct str units[] = { S("a.service"), S("b.service"), S("c.service") };
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	o.action = S(ORDER_RESTART_SERVICES);
	o.units = units;
	o.n_units = 3;
	for (size_t i = 0; i < ARRAY_LEN(names) + ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX), again = BUF_INIT(ORDER_MAX);
		bool good = i < ARRAY_LEN(names);
		units[0] = str_of(good ? names[i] : bad[i - ARRAY_LEN(names)]);
		order_write(&o, &b);
		assert_null(strstr(b.p, "packages"));
		if (order_parse(buf_str(&b), &a, &r, &e) != good)
			fail_msg("%.*s: %s", STR_ARG(units[0]), e.msg);
		if (!good)
			continue;
		assert_true(order_restarts(&r) && r.n_units == 3 && r.n_packages == 0);
		order_write(&r, &again);
		assert_string_equal(b.p, again.p);
	}
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX);
	units[0] = units[2];
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e)); /* twice */
	AUTO(buf_done) struct buf long_name = BUF_INIT(1000);
	for (int i = 0; i < 248; i++)
		buf_addc(&long_name, 'x');
	buf_adds(&long_name, ".service");
	units[0] = buf_str(&long_name);
	buf_reset(&b);
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
	refuse("\"install\"", "\"restart_services\"", ERR_CORRUPT);
	refuse("\"extra\":[", "\"units\":[\"a.service\"],\"extra\":[", ERR_CORRUPT);
}

static void counts(void **state)
{
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(2 * ORDER_MAX);
	o.n_packages = 0;
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
	assert_string_equal(e.msg, "order: 'packages' is empty");
	buf_reset(&b);
	o.n_packages = ORDER_MAX_PACKAGES + 1;
	o.packages = arena_array(&a, struct order_package, o.n_packages);
	for (uint32_t i = 0; i < o.n_packages; i++)
		o.packages[i] = (struct order_package) { str_of(arena_printf(&a, "p%u", i)),
							 S("all"), S("1") };
	order_write(&o, &b);
	assert_false(order_parse(buf_str(&b), &a, &r, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	buf_reset(&b);
	o.n_packages--;
	order_write(&o, &b);
	assert_true(order_parse(buf_str(&b), &a, &r, &e));
	assert_int_equal(r.n_packages, ORDER_MAX_PACKAGES);
	AUTO(xfree) char *big = xcalloc(1, ORDER_MAX + 1);
	assert_false(order_parse((struct str) { big, ORDER_MAX + 1 }, &a, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

/* S-33: only the pinned key opens, and only what was signed as an order. */
static void sealed(void **state)
{
	struct order o = sample(), r = { 0 };
	struct err e = { 0 };
	uint8_t pub[SIGN_PUBLIC_LEN], other[SIGN_PUBLIC_LEN];
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(sign_key_free) struct sign_key *key = NULL;
	AUTO(sign_key_free) struct sign_key *stranger = NULL;
	AUTO(buf_done) struct buf json = BUF_INIT(ORDER_MAX), env = BUF_INIT(2 * ORDER_MAX);
	assert_true(sign_key_new(&key, &e) && sign_key_new(&stranger, &e));
	sign_key_public(key, pub);
	sign_key_public(stranger, other);
	order_write(&o, &json);
	assert_true(order_seal(buf_str(&json), key, &env, &e));
	assert_true(order_open(buf_str(&env), pub, &a, &r, &e));
	assert_int_equal(r.seq, 77);
	r = (struct order) { 0 };
	assert_false(order_open(buf_str(&env), other, &a, &r, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_null(r.org.p);
	/* The first character of the order and of the signature, changed. */
	static const char *const members[] = { "\"order\":\"", "\"signature\":\"" };
	for (size_t i = 0; i < 2; i++) {
		char *p = strstr(env.p, members[i]) + strlen(members[i]), was = *p;
		*p = was == 'A' ? 'B' : 'A';
		assert_false(order_open(buf_str(&env), pub, &a, &r, &e));
		assert_int_equal(e.code, ERR_UNTRUSTED);
		*p = was;
	}
	/* The stranger's seal names the right key: the envelope's word counts for nothing. */
	AUTO(buf_done) struct buf forged = BUF_INIT(2 * ORDER_MAX);
	assert_true(order_seal(buf_str(&json), stranger, &forged, &e));
	memcpy(strstr(forged.p, "\"key\":\""), strstr(env.p, "\"key\":\""), 7 + 64);
	assert_false(order_open(buf_str(&forged), pub, &a, &r, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	/* Signed for another purpose. */
	uint8_t sig[SIGN_SIGNATURE_LEN];
	assert_true(sign_message(key, "plan", buf_str(&json), sig, &e));
	buf_reset(&forged);
	buf_adds(&forged, "{\"order\":\"");
	enc_base64url(&forged, json.p, json.n);
	buf_adds(&forged, "\",\"signature\":\"");
	enc_base64url(&forged, sig, sizeof(sig));
	buf_adds(&forged, strstr(env.p, "\",\"key\""));
	assert_false(order_open(buf_str(&forged), pub, &a, &r, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	static const char *const broken[] = { "", "{}", "{\"order\":\"AA\",\"signature\":\"AA\"}",
					      "[]" };
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		assert_false(order_open(str_of(broken[i]), pub, &a, &r, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions),    cmocka_unit_test(offered),
		cmocka_unit_test(round_trip), cmocka_unit_test(uninstall),
		cmocka_unit_test(refused),    cmocka_unit_test(replaced),
		cmocka_unit_test(restarts),   cmocka_unit_test(counts),
		cmocka_unit_test(sealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
