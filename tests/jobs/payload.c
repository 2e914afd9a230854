/* SPDX-License-Identifier: Apache-2.0
 * Payloads from a vendor that answers as vendors do: with the file, with 404, with other bytes, not
 * at all. A real HTTP server on 127.0.0.1, the room's own threads, a real store. */
#include "rig.h"

#include <unistd.h>

struct world {
	struct rig rig;
	struct catalog *catalog;
	bool mended; /* the vendor serves what it did not */
};

static void serve(void *arg, struct http_req *r)
{
	const struct world *w = arg;
	const char *path = http_req_path(r);
	if (strstr(path, "/good_") || (w->mended && strstr(path, "/gone_")))
		http_reply(r, 200, "application/octet-stream",
			   str_of(strstr(path, "/good_") ? "good 1" : "gone 1"));
	else if (strstr(path, "/other_"))
		http_reply(r, 200, "application/octet-stream", STR_LIT("evil 1!"));
	else
		http_reply(r, 404, "text/plain", STR_LIT("no such file\n"));
}

/* good, gone and other at the vendor's address; `dead` at one where nobody listens. */
static struct catalog *make_catalog(uint16_t port)
{
	struct err e = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/x"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("http://x"),
				  .released_ms = 1,
				  .signer = STR_LIT("") };
	struct sink *s = sink_new(&feed);
	AUTO(xfree) char *url = xasprintf("http://127.0.0.1:%u/debian", port);
	const char *const urls[] = { url, "http://127.0.0.1:1/debian" };
	const char *const suites[] = { "bookworm", "bookworm-dead" };
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct archive ar = { .id = str_of(suites[i]),
				      .url = str_of(urls[i]),
				      .suite = str_of(suites[i]),
				      .release_components = STR_LIT("main"),
				      .keyring = STR_LIT("/k.gpg"),
				      .os = STR_LIT("debian:12") };
		struct archive_file f = { .path = STR_LIT("InRelease"),
					  .sha256 = digest_of(str_of(suites[i])),
					  .size = 1 };
		ok(sink_archive(s, &ar, &e) && sink_archive_file(s, &f, &e), &e);
	}
	kit_patch(s, "p", "1", PATCH_TYPE_BUGFIX);
	static const char *const names[] = { "good", "gone", "other", "dead" };
	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(xfree) char *body = xasprintf("%s 1", names[i]);
		AUTO(xfree) char *file = xasprintf("pool/%s_1.deb", names[i]);
		struct component c = { .kind = COMPONENT_DEB,
				       .name = str_of(names[i]),
				       .arch = STR_LIT("amd64"),
				       .version = STR_LIT("1"),
				       .file = str_of(file),
				       .sha256 = digest_of(str_of(body)),
				       .size = (int64_t)strlen(body),
				       .archive = i == 3 };
		ok(sink_component(s, &c, &e), &e);
	}
	return kit_end(s);
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	rig_open(&w->rig, serve, w);
	w->catalog = make_catalog(http_server_port(w->rig.vendor));
	struct jobs_conf conf = rig_conf(&w->rig, &kit_clock);
	conf.payload_retry_ms = 20;
	ok(jobs_open(&conf, &w->rig.jobs, &e), &e);
	jobs_lead(w->rig.jobs, 0); /* as the only server */
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	rig_close(&w->rig);
	catalog_unref(w->catalog);
	xfree(w);
	return 0;
}

static uint32_t component(const struct world *w, const char *name)
{
	uint32_t n;
	const uint32_t *list = catalog_by_name(w->catalog, COMPONENT_DEB, str_of(name), &n);
	assert_int_equal(n, 1);
	return list[0];
}

static bool stored(const struct world *w, const char *name)
{
	return store_has(w->rig.store, &w->catalog->components[component(w, name)].sha256, NULL);
}

/* Asks as a deployment does, until the trouble is as final as wanted; fails after 20 s. */
static struct payload_trouble trouble_of(struct world *w, const char *name, bool final)
{
	uint32_t c = component(w, name);
	struct payload_trouble t = { 0 };
	for (int i = 0; i < 400; i++, usleep(50000)) {
		jobs_want_payload(w->rig.jobs, w->catalog, &c, 1);
		if (jobs_payload_trouble(w->rig.jobs, &w->catalog->components[c].sha256, &t) &&
		    t.final == final)
			return t;
	}
	fail_msg("'%s' has no such trouble", name);
	return t;
}

static void wait_stored(struct world *w, const char *name)
{
	uint32_t c = component(w, name);
	for (int i = 0; i < 400 && !stored(w, name); i++, usleep(50000))
		jobs_want_payload(w->rig.jobs, w->catalog, &c, 1);
	assert_true(stored(w, name));
}

static void M_196_a_payload_is_fetched_once_by_its_digest(void **state)
{
	struct world *w = *state;
	struct payload_trouble t;
	wait_stored(w, "good");
	assert_false(jobs_payload_trouble(
		w->rig.jobs, &w->catalog->components[component(w, "good")].sha256, &t));
}

static void a_file_the_vendor_has_not_is_named_tried_again_and_final_at_last(void **state)
{
	struct world *w = *state;
	struct payload_trouble t = trouble_of(w, "gone", false);
	assert_string_equal(t.reason, "vendor_gone");
	assert_non_null(strstr(t.detail, "/debian/pool/gone_1.deb"));
	assert_non_null(strstr(t.detail, "404"));
	t = trouble_of(w, "gone", true);
	assert_string_equal(t.reason, "vendor_gone");
	w->mended = true; /* final is not for ever: as long as it is wanted it is tried */
	wait_stored(w, "gone");
	assert_false(jobs_payload_trouble(
		w->rig.jobs, &w->catalog->components[component(w, "gone")].sha256, &t));
}

static void A11_other_bytes_than_promised_never_enter_the_store(void **state)
{
	struct world *w = *state;
	struct payload_trouble t = trouble_of(w, "other", true);
	assert_string_equal(t.reason, "vendor_digest");
	assert_false(stored(w, "other"));
}

static void an_unreachable_vendor_is_told_apart(void **state)
{
	struct world *w = *state;
	struct payload_trouble t = trouble_of(w, "dead", false);
	assert_string_equal(t.reason, "vendor_unreachable");
	t = trouble_of(w, "dead", true);
	assert_string_equal(t.reason, "vendor_unreachable");
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(M_196_a_payload_is_fetched_once_by_its_digest),
		T(a_file_the_vendor_has_not_is_named_tried_again_and_final_at_last),
		T(A11_other_bytes_than_promised_never_enter_the_store),
		T(an_unreachable_vendor_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	role_main(argc, argv, jobs_roles);
	return engines_run(group);
}
