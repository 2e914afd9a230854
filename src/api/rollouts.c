/* SPDX-License-Identifier: Apache-2.0
 * Rollouts: what a request asks for, how far one is, halting and resuming it. */
#include "api/rollouts.h"
#include "api/api_int.h"
#include "api/deployments.h"
#include "api/words.h"
#include "deploy/rollout/waves.h"

#define REASON_MAX_BODY 8192

bool rollouts_read(struct call *c, const json_t *body, const struct rollout **out, struct err *e)
{
	const json_t *j = json_object_get(body, "rollout");
	*out = NULL;
	if (!j || json_is_null(j))
		return true;
	struct rollout *r = arena_new(c->arena, struct rollout);
	const char *at = "/rollout";
	uint32_t wave;
	bool good = rollout_read(j, r, e);
	if (good && !deploy_rollout_bind(c->conf->deploy, r, &wave, e)) {
		good = false;
		at = arena_printf(c->arena, "/rollout/waves/%u/group", wave);
	}
	if (!good) {
		struct err why = *e;
		call_blame(c, at, "invalid_rollout", why.msg);
		return call_fail(c, e, 400, "invalid_rollout", "%s", why.msg);
	}
	*out = r;
	return true;
}

json_t *rollouts_sizes_json(const struct deploy_preview *p)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < p->n_waves; i++)
		json_array_append_new(list, json_integer(p->waves[i]));
	return list;
}

uint32_t rollouts_empty(const struct deploy_preview *p)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < p->n_waves; i++)
		n += !p->waves[i];
	return n;
}

static void add_counts(json_t *j, const struct rollout_counts *c)
{
	uint64_t all = (uint64_t)c->waiting + c->running + c->succeeded + c->failed + c->skipped +
		       c->forgiven;
	json_object_set_new(j, "targets", json_integer((json_int_t)all));
	json_object_set_new(j, "waiting", json_integer(c->waiting));
	json_object_set_new(j, "running", json_integer(c->running));
	json_object_set_new(j, "succeeded", json_integer(c->succeeded));
	json_object_set_new(j, "failed", json_integer(c->failed));
	json_object_set_new(j, "skipped", json_integer(c->skipped));
	json_object_set_new(j, "absent", json_integer(c->absent));
	json_object_set_new(j, "silent", json_integer(c->silent));
	json_object_set_new(j, "forgiven", json_integer(c->forgiven));
}

static void add_state(json_t *j, const struct rollout_judged *s, int64_t opened_ms)
{
	json_object_set_new(j, "state", json_string(rollout_state_name(s->state)));
	json_object_set_new(j, "why", words_text_or_null(rollout_why_name(s->why)));
	json_object_set_new(j, "until", json_time(s->until_ms));
	json_object_set_new(j, "opened", json_time(opened_ms));
}

static json_t *halted_json(const struct rollout_view *v)
{
	if (!v->halted)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "why", json_string(rollout_why_name(v->halted)));
	json_object_set_new(j, "wave", json_integer(v->open));
	json_object_set_new(j, "at", json_time(v->halted_ms));
	json_object_set_new(j, "by", words_text_or_null(v->halted_by));
	return j;
}

bool rollouts_json(struct call *c, const char *deployment, json_t **out, struct err *e)
{
	struct rollout_view v;
	bool present;
	if (!deploy_rollout(c->conf->deploy, deployment, c->arena, &v, &present, e))
		return false;
	if (!present) {
		*out = json_null();
		return true;
	}
	json_t *j = rollout_write(&v.plan), *waves = json_object_get(j, "waves");
	for (uint32_t i = 0; i < v.plan.n_waves; i++) {
		json_t *one = json_array_get(waves, i);
		add_counts(one, &v.counts[i]);
		add_state(one, &v.verdict.waves[i], v.counts[i].opened_ms);
	}
	json_object_set_new(j, "open", json_integer(v.open));
	json_object_set_new(j, "halted", halted_json(&v));
	json_object_set_new(j, "reason", words_text_or_null(v.reason));
	*out = j;
	return true;
}

static bool read_reason(struct call *c, const char **out, struct err *e)
{
	static const char *const known[] = { "reason", NULL };
	json_t *body = NULL;
	const char *reason;
	bool good = call_body(c, known, &body, e) &&
		    json_need_str(body, "reason", 1, WAVES_REASON_MAX, &reason, e);
	if (good)
		*out = arena_strdup(c->arena, reason);
	json_free(body);
	return good;
}

static bool turn(struct call *c, const char *action, const char *id, const char *reason,
		 struct err *e)
{
	json_t *detail = json_object();
	json_object_set_new(detail, "reason", json_text(str_of(reason)));
	return call_audit(c, action, id, detail, e) && deployments_answer(c, 200, id, e);
}

static bool halt_rollout(struct call *c, struct err *e)
{
	const char *id, *reason;
	if (!call_param_id(c, 0, &id, e) || !read_reason(c, &reason, e))
		return false;
	if (!deploy_halt(c->conf->deploy, id, c->who.name, reason, e))
		return call_code(c, e, ERR_CONFLICT, "not_haltable");
	return turn(c, "rollout.halt", id, reason, e);
}

static bool resume_rollout(struct call *c, struct err *e)
{
	const char *id, *reason;
	if (!call_param_id(c, 0, &id, e) || !read_reason(c, &reason, e))
		return false;
	if (!deploy_resume_rollout(c->conf->deploy, id, reason, e))
		return call_code(c, e, ERR_CONFLICT, "not_halted");
	return turn(c, "rollout.resume", id, reason, e);
}

const struct route rollouts_routes[] = {
	ROUTE(POST, API "/deployments/{deployment_id}:halt", PERM_DEPLOY, halt_rollout,
	      .max_body = REASON_MAX_BODY),
	ROUTE(POST, API "/deployments/{deployment_id}:resume-rollout", PERM_DEPLOY, resume_rollout,
	      .max_body = REASON_MAX_BODY),
	ROUTE_TABLE_END,
};
