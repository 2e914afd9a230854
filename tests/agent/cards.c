/* SPDX-License-Identifier: Apache-2.0
 * agent/root/cards.h: what is remembered of network cards, what is decided about them, and that
 * policy.conf has the last word. Whether a driver obeys is for a machine that has such a card. */
#include "agent/root/cards.h"
#include "agent/root/rootd.h"
#include "root_bench.h"

#include <linux/ethtool.h>

static void M_166_options(void **state UNUSED)
{
	const uint32_t all = WAKE_PHY | WAKE_UCAST | WAKE_MAGIC;
	assert_int_equal(cards_options(true, all, 0, false), WAKE_MAGIC);
	assert_int_equal(cards_options(true, all, WAKE_PHY, false), WAKE_PHY | WAKE_MAGIC);
	assert_int_equal(cards_options(true, WAKE_PHY, 0, false), 0); /* it cannot */
	assert_int_equal(cards_options(false, all, WAKE_PHY | WAKE_MAGIC, true), WAKE_PHY);
	assert_int_equal(cards_options(false, all, WAKE_MAGIC, false), WAKE_MAGIC); /* not ours */
}

static void M_166_when_something_is_begun(void **state UNUSED)
{
	struct cards none = { 0 }, on = { .on = true }, left = { .n = 1 };
	struct cards_turn t = { 0 };
	assert_false(cards_due(&t, &none, false, 5));
	assert_true(cards_due(&t, &none, true, 5));
	assert_true(cards_due(&t, &on, false, 5));
	assert_true(cards_due(&t, &left, false, 5)); /* one is to be set back still */
	t = (struct cards_turn) { 5 + CARDS_AGAIN_MS, true };
	assert_false(cards_due(&t, &on, true, 6));
	assert_true(cards_due(&t, &on, true, 5 + CARDS_AGAIN_MS));
	assert_true(cards_due(&t, &on, false, 6)); /* another word is not put off */
}

static void M_166_what_is_remembered(void **state)
{
	struct bench *b = *state;
	const char *file = arena_printf(&b->a, "%s/cards", b->root);
	struct cards c = { .on = true, .n = 2 }, again;
	struct err e = { 0 };
	assert_true(reboot_boot_id(c.boot, &e));
	c.list[0] = (struct card) { "enp3s0", LAN_WAKE_ON, true };
	c.list[1] = (struct card) { "enp4s0", LAN_WAKE_NONE, false };
	assert_true(cards_save(b->root, &c, &e) && cards_load(b->root, &again, &e));
	assert_memory_equal(&c, &again, sizeof(c));

	AUTO(json_free) json_t *words = cards_words(b->root);
	const json_t *wake = json_object_get(words, "wake");
	assert_int_equal(json_object_size(wake), 2);
	assert_string_equal(json_string_value(json_object_get(wake, "enp3s0")), "on");
	assert_string_equal(json_string_value(json_object_get(wake, "enp4s0")), "none");

	snprintf(c.boot, sizeof(c.boot), "of before"); /* no word of another boot is told */
	assert_true(cards_save(b->root, &c, &e));
	AUTO(json_free) json_t *old = cards_words(b->root);
	assert_int_equal(json_object_size(json_object_get(old, "wake")), 0);

	c = (struct cards) { 0 };
	assert_true(cards_save(b->root, &c, &e));
	assert_false(file_exists(file));
	assert_true(cards_load(b->root, &again, &e) && !again.on && !again.n);
}

static void M_166_a_damaged_memory_is_named(void **state)
{
	struct bench *b = *state;
	const char *file = arena_printf(&b->a, "%s/cards", b->root);
	const char *const bad[] = {
		"", "{\"on\":1}", "{\"cards\":[7]}",
		"{\"cards\":[{\"name\":\"eth0\",\"wake\":\"perhaps\"}]}",
		"{\"cards\":[{\"name\":\"sixteen-and-more\",\"wake\":\"on\"}]}"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cards c;
		struct err e = { 0 };
		put(file, bad[i]);
		assert_false(cards_load(b->root, &c, &e));
		assert_non_null(strstr(e.msg, file));
	}
}

static json_t *says(struct rootd *d, const char *request)
{
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	assert_true(json_parse(str_of(request), 200, &j, &e));
	return rootd_answer(d, j);
}

static void M_166_the_verb(void **state)
{
	struct bench *b = *state;
	AUTO(rootd_free) struct rootd *d = NULL;
	struct err e = { 0 };
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "wake_on_lan = no\n");
	if (!rootd_new(&b->paths, NULL, &d, &e))
		fail_msg("%s", e.msg);
	/* forbidden: nothing is begun, and nothing remembered */
	AUTO(json_free) json_t *on = says(d, "{\"verb\":\"cards\",\"on\":true}");
	assert_null(json_object_get(on, "error"));
	assert_int_equal(json_object_size(json_object_get(on, "wake")), 0);
	assert_false(file_exists(arena_printf(&b->a, "%s/cards", b->root)));
	AUTO(json_free) json_t *off = says(d, "{\"verb\":\"cards\",\"on\":false}");
	assert_null(json_object_get(off, "error"));
	AUTO(json_free) json_t *look = says(d, "{\"verb\":\"cards\"}");
	assert_null(json_object_get(look, "error"));
	AUTO(json_free) json_t *word = says(d, "{\"verb\":\"cards\",\"on\":\"yes\"}");
	assert_non_null(json_object_get(word, "error"));
	AUTO(json_free)
	json_t *more = says(d, "{\"verb\":\"cards\",\"on\":true,\"card\":\"eth0\"}");
	assert_non_null(json_object_get(more, "error"));
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "wake_on_lan = often\n");
	AUTO(json_free) json_t *bad = says(d, "{\"verb\":\"cards\",\"on\":true}");
	assert_non_null(json_object_get(bad, "error"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_166_options),
		cmocka_unit_test(M_166_when_something_is_begun),
		cmocka_unit_test_setup_teardown(M_166_what_is_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(M_166_a_damaged_memory_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(M_166_the_verb, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
