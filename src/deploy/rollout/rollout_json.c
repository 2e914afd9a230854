/* SPDX-License-Identifier: Apache-2.0
 * A rollout as JSON: what the API takes and shows, and what is stored. Strict: a rollout that could
 * not be carried out is refused here, so that one that was read always ends. */
#include "base/enc.h"
#include "deploy/rollout/rollout.h"
#include "format/json.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MINUTES 1440
#define SYSTEMS_MAX 10000000

static bool read_group(const json_t *j, struct rollout_wave *out, struct err *e)
{
	const char *id = "", *name = "";
	struct rollout_wave w = { .kind = ROLLOUT_GROUP };
	uint8_t raw[16];
	if (!json_opt_str(j, "group", 32, &id, e) ||
	    !json_opt_str(j, "group_name", ROLLOUT_NAME_MAX, &name, e))
		return false;
	if (!enc_unhex(str_of(id), raw, sizeof(raw)))
		return err_set(e, ERR_INVALID, "'group' must be a group's id");
	memcpy(w.group, id, strlen(id) + 1);
	memcpy(w.group_name, name, strlen(name) + 1);
	*out = w;
	return true;
}

static bool read_wave(const json_t *j, bool stored, struct rollout_wave *out, struct err *e)
{
	static const char *const known[] = { "systems", "percent", "group", NULL },
				 *const known_stored[] = { "systems", "percent", "group",
							   "group_name", NULL };
	int64_t systems = 0, percent = 0;
	bool group = json_object_get(j, "group") != NULL;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "a wave must be an object");
	if (!json_only(j, stored ? known_stored : known, e) ||
	    !json_opt_int(j, "systems", 1, SYSTEMS_MAX, &systems, e) ||
	    !json_opt_int(j, "percent", 1, 100, &percent, e))
		return false;
	if (!!systems + !!percent + group != 1)
		return err_set(e, ERR_INVALID,
			       "a wave has one of 'systems', 'percent' and 'group'");
	if (group)
		return read_group(j, out, e);
	*out = (struct rollout_wave) { .kind = systems ? ROLLOUT_SYSTEMS : ROLLOUT_PERCENT,
				       .amount = (uint32_t)(systems ? systems : percent) };
	return true;
}

/* `n` waves come before it. */
static bool check_wave(const struct rollout_wave *w, size_t n, uint32_t *percent, struct err *e)
{
	const struct rollout_wave *first = w - n;
	if (w->kind != ROLLOUT_GROUP && *percent == 100)
		return err_set(e, ERR_INVALID,
			       "only groups may come after the wave of 100 percent");
	if (w->kind == ROLLOUT_PERCENT && w->amount <= *percent)
		return err_set(e, ERR_INVALID,
			       "each wave's 'percent' must be above the one before it");
	if (w->kind == ROLLOUT_PERCENT)
		*percent = w->amount;
	for (size_t i = 0; w->kind == ROLLOUT_GROUP && i < n; i++)
		if (strcmp(first[i].group, w->group) == 0)
			return err_set(e, ERR_INVALID, "a group is in one wave only");
	return true;
}

static bool read_waves(const json_t *j, bool stored, struct rollout *out, struct err *e)
{
	json_t *list = NULL;
	uint32_t percent = 0;
	if (!json_opt_array(j, "waves", ROLLOUT_WAVES_MAX, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct rollout_wave *w = &out->waves[out->n_waves++];
		if (!read_wave(json_array_get(list, i), stored, w, e) ||
		    !check_wave(w, i, &percent, e))
			return false;
	}
	return percent == 100 ||
	       err_set(e, ERR_INVALID,
		       "the last wave must be 100 percent, so that every target is in one");
}

/* Absent = as it is; null = no limit. */
static bool read_limit(const json_t *j, const char *key, int64_t min, int64_t max, uint32_t *limit,
		       struct err *e)
{
	int64_t n = *limit;
	if (json_is_null(json_object_get(j, key))) {
		*limit = ROLLOUT_NO_LIMIT;
		return true;
	}
	if (!json_opt_int(j, key, min, max, &n, e))
		return false;
	*limit = (uint32_t)n;
	return true;
}

static bool read_gate(const json_t *j, struct rollout *r, struct err *e)
{
	static const char *const known[] = {
		"success_percent",   "max_failures",	 "max_silent", "soak_minutes",
		"heartbeat_minutes", "patience_minutes", NULL
	};
	int64_t percent = r->success_percent, soak = r->soak_ms / MINUTE_MS,
		heartbeat = r->heartbeat_ms / MINUTE_MS, patience = r->patience_ms / MINUTE_MS;
	if (!j)
		return true;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'gate' must be an object");
	if (!json_only(j, known, e) || !json_opt_int(j, "success_percent", 0, 100, &percent, e) ||
	    !read_limit(j, "max_failures", 0, SYSTEMS_MAX, &r->max_failures, e) ||
	    !read_limit(j, "max_silent", 0, SYSTEMS_MAX, &r->max_silent, e) ||
	    !json_opt_int(j, "soak_minutes", 0, 30 * DAY_MINUTES, &soak, e) ||
	    !json_opt_int(j, "heartbeat_minutes", 1, 7 * DAY_MINUTES, &heartbeat, e) ||
	    !json_opt_int(j, "patience_minutes", 0, 90 * DAY_MINUTES, &patience, e))
		return false;
	r->success_percent = (uint32_t)percent;
	r->soak_ms = soak * MINUTE_MS;
	r->heartbeat_ms = heartbeat * MINUTE_MS;
	r->patience_ms = patience * MINUTE_MS;
	return true;
}

static bool read_halt(const json_t *j, struct rollout *r, struct err *e)
{
	static const char *const known[] = { "failures", "percent", NULL };
	if (!j)
		return true;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'halt' must be an object");
	return json_only(j, known, e) &&
	       read_limit(j, "failures", 0, SYSTEMS_MAX, &r->halt_failures, e) &&
	       read_limit(j, "percent", 0, 100, &r->halt_percent, e);
}

static bool read_all(const json_t *j, bool stored, struct rollout *out, struct err *e)
{
	static const char *const known[] = { "waves", "gate", "halt", NULL };
	struct rollout r = { .success_percent = 95,
			     .max_failures = ROLLOUT_NO_LIMIT,
			     .max_silent = 0,
			     .soak_ms = HOUR_MS,
			     .heartbeat_ms = 3 * HOUR_MS,
			     .patience_ms = 24 * HOUR_MS,
			     .halt_failures = ROLLOUT_NO_LIMIT,
			     .halt_percent = ROLLOUT_NO_LIMIT };
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'rollout' must be an object");
	if (!json_only(j, known, e) || !read_waves(j, stored, &r, e) ||
	    !read_gate(json_object_get(j, "gate"), &r, e) ||
	    !read_halt(json_object_get(j, "halt"), &r, e))
		return false;
	*out = r;
	return true;
}

bool rollout_read(const json_t *j, struct rollout *out, struct err *e)
{
	return read_all(j, false, out, e);
}

bool rollout_read_stored(const json_t *j, struct rollout *out, struct err *e)
{
	return read_all(j, true, out, e);
}

static json_t *wave_json(const struct rollout_wave *w)
{
	json_t *j = json_object();
	if (w->kind != ROLLOUT_GROUP) {
		json_object_set_new(j, w->kind == ROLLOUT_SYSTEMS ? "systems" : "percent",
				    json_integer(w->amount));
		return j;
	}
	json_object_set_new(j, "group", json_string(w->group));
	if (w->group_name[0])
		json_object_set_new(j, "group_name", json_text(str_of(w->group_name)));
	return j;
}

static json_t *limit_json(uint32_t n)
{
	return n == ROLLOUT_NO_LIMIT ? json_null() : json_integer(n);
}

json_t *rollout_write(const struct rollout *r)
{
	json_t *j = json_object(), *waves = json_array(), *gate = json_object(),
	       *halt = json_object();
	for (uint32_t i = 0; i < r->n_waves; i++)
		json_array_append_new(waves, wave_json(&r->waves[i]));
	json_object_set_new(gate, "success_percent", json_integer(r->success_percent));
	json_object_set_new(gate, "max_failures", limit_json(r->max_failures));
	json_object_set_new(gate, "max_silent", limit_json(r->max_silent));
	json_object_set_new(gate, "soak_minutes", json_integer(r->soak_ms / MINUTE_MS));
	json_object_set_new(gate, "heartbeat_minutes", json_integer(r->heartbeat_ms / MINUTE_MS));
	json_object_set_new(gate, "patience_minutes", json_integer(r->patience_ms / MINUTE_MS));
	json_object_set_new(halt, "failures", limit_json(r->halt_failures));
	json_object_set_new(halt, "percent", limit_json(r->halt_percent));
	json_object_set_new(j, "waves", waves);
	json_object_set_new(j, "gate", gate);
	json_object_set_new(j, "halt", halt);
	return j;
}
