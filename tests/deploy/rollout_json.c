/* SPDX-License-Identifier: Apache-2.0
 * Rollouts as JSON: read strictly, written as they are read. */
#include "deploy/rollout/rollout.h"
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool reads(const char *text, struct rollout *out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	return json_parse(str_of(text), ROLLOUT_JSON_MAX, &j, e) && rollout_read(j, out, e);
}

static void what_is_written_is_what_was_read(void **state UNUSED)
{
	struct rollout r, again;
	struct err e = { 0 };
	assert_true(reads("{\"waves\":[{\"systems\":5},{\"percent\":10},{\"percent\":100}],"
			  "\"gate\":{\"success_percent\":90,\"max_failures\":2,\"max_silent\":null,"
			  "\"soak_minutes\":5,\"heartbeat_minutes\":7,\"patience_minutes\":9},"
			  "\"halt\":{\"failures\":3,\"percent\":4}}",
			  &r, &e));
	assert_true(r.n_waves == 3 && r.waves[0].kind == ROLLOUT_SYSTEMS &&
		    r.waves[0].amount == 5 && r.waves[1].amount == 10);
	assert_true(r.success_percent == 90 && r.max_failures == 2 &&
		    r.max_silent == ROLLOUT_NO_LIMIT && r.halt_failures == 3 &&
		    r.halt_percent == 4);
	assert_true(r.soak_ms == 300000 && r.heartbeat_ms == 420000 && r.patience_ms == 540000);
	AUTO(json_free) json_t *j = rollout_write(&r);
	assert_true(rollout_read(j, &again, &e));
	assert_memory_equal(&r, &again, sizeof(r));
	assert_true(reads("{\"waves\":[{\"percent\":100}]}", &r, &e));
	assert_true(r.success_percent == 95 && r.max_silent == 0 &&
		    r.halt_percent == ROLLOUT_NO_LIMIT);
}

#define CANARIES "0123456789abcdef0123456789abcdef"
#define PILOT "fedcba9876543210fedcba9876543210"

static void groups_are_waves_and_keep_the_name_they_had(void **state UNUSED)
{
	struct rollout r, again;
	struct err e = { 0 };
	assert_true(reads("{\"waves\":[{\"group\":\"" CANARIES
			  "\"},{\"systems\":3},{\"percent\":25},"
			  "{\"percent\":100},{\"group\":\"" PILOT "\"}]}",
			  &r, &e));
	assert_true(r.n_waves == 5 && r.waves[0].kind == ROLLOUT_GROUP);
	assert_string_equal(r.waves[0].group, CANARIES);
	assert_string_equal(r.waves[4].group, PILOT);
	memcpy(r.waves[0].group_name, "\xe5\x85\x88\xe8\xa1\x8c", 7);
	AUTO(json_free) json_t *j = rollout_write(&r);
	assert_true(rollout_read_stored(j, &again, &e));
	assert_memory_equal(&r, &again, sizeof(r));
	assert_false(rollout_read(j, &again, &e)); /* nobody but the server gives it */
}

static void what_could_not_be_carried_out_is_refused(void **state UNUSED)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"waves\":[]}",
		"{\"waves\":[{\"percent\":99}]}",
		"{\"waves\":[{\"percent\":100},{\"systems\":1}]}",
		"{\"waves\":[{\"percent\":100},{\"percent\":100}]}",
		"{\"waves\":[{\"percent\":10},{\"percent\":5},{\"percent\":100}]}",
		"{\"waves\":[{\"percent\":0},{\"percent\":100}]}",
		"{\"waves\":[{\"percent\":1,\"systems\":1},{\"percent\":100}]}",
		"{\"waves\":[{},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":\"" CANARIES "\"}]}",
		"{\"waves\":[{\"group\":\"canaries\"},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":7},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":null},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":\"" CANARIES "0\"},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":\"" CANARIES "\",\"systems\":1},{\"percent\":100}]}",
		"{\"waves\":[{\"group\":\"" CANARIES "\"},{\"group\":\"" CANARIES
		"\"},{\"percent\":100}]}",
		"{\"waves\":[{\"percent\":100},{\"group\":\"" CANARIES "\"},{\"systems\":1}]}",
		"{\"waves\":[{\"percent\":50},{\"group\":\"" CANARIES "\"},{\"percent\":50}]}",
		"{\"waves\":[1,{\"percent\":100}]}",
		"{\"waves\":[{\"hosts\":1},{\"percent\":100}]}",
		"{\"waves\":[{\"percent\":100}],\"gates\":{}}",
		"{\"waves\":[{\"percent\":100}],\"gate\":[]}",
		"{\"waves\":[{\"percent\":100}],\"gate\":{\"success_percent\":101}}",
		"{\"waves\":[{\"percent\":100}],\"gate\":{\"max_failures\":-1}}",
		"{\"waves\":[{\"percent\":100}],\"gate\":{\"heartbeat_minutes\":0}}",
		"{\"waves\":[{\"percent\":100}],\"halt\":{\"percent\":101}}",
		"{\"waves\":[{\"percent\":100}],\"halt\":7}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		struct rollout r;
		assert_false(reads(bad[i], &r, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_was_read),
		cmocka_unit_test(groups_are_waves_and_keep_the_name_they_had),
		cmocka_unit_test(what_could_not_be_carried_out_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
