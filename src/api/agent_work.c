/* SPDX-License-Identifier: Apache-2.0
 * What agents report about orders: plan, progress, result. Everything is checked for type and size
 * here and judged by the deploy room, which knows whose order it is. */
#include "api/agent_work.h"

#include "api/agent_enrol.h"
#include "deploy/orders/scripts.h"
#include "proto/order.h"
#include "proto/plan.h"

#define MAX_LOG (1u << 20)
#define MAX_PACKAGES_JSON (8u << 20)

static bool read_word(const json_t *body, const char *key, const char **out, struct err *e)
{
	*out = "";
	if (!json_opt_str(body, key, 64, out, e))
		return false;
	if (strspn(*out, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(*out))
		return err_set(e, ERR_INVALID, "'%s' must be a word of small letters", key);
	return true;
}

static bool one_of(const char *key, const char *word, const char *const *words, struct err *e)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return err_set(e, ERR_INVALID, "'%s' does not know the word '%.60s'", key, word);
}

static bool read_step(const json_t *j, struct plan_step *out, struct err *e)
{
	static const char *const known[] = { "name", "arch", "from", "to", "action", NULL };
	static const char *const actions[] = { "install", "upgrade",  "downgrade", "reinstall",
					       "remove",  "replaced", "enable",	   NULL };
	const char *name, *arch, *from = "", *to = "", *action;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'transaction' must hold objects");
	if (!json_only(j, known, e) || !json_need_str(j, "name", 1, 200, &name, e) ||
	    !json_need_str(j, "arch", 1, 32, &arch, e) || !json_opt_str(j, "from", 200, &from, e) ||
	    !json_opt_str(j, "to", 200, &to, e) || !json_need_str(j, "action", 1, 16, &action, e) ||
	    !one_of("action", action, actions, e))
		return false;
	*out = (struct plan_step) { str_of(name), str_of(arch), str_of(from), str_of(to),
				    str_of(action) };
	return true;
}

bool agent_plan(struct call *c, struct err *e)
{
	static const char *const known[] = { "order", "deployment", "transaction", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *order, *deployment = "", *decision, *reason;
	json_t *list = NULL;
	if (!call_body(c, known, &body, e) || !agent_read_order(body, &order, e) ||
	    !json_opt_str(body, "deployment", 64, &deployment, e) ||
	    !json_opt_array(body, "transaction", ORDER_MAX_PACKAGES, &list, e))
		return false;
	size_t n = json_array_size(list);
	struct plan_step *steps = arena_array(c->arena, struct plan_step, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!read_step(json_array_get(list, i), &steps[i], e))
			return false;
	if (!deploy_plan(c->conf->deploy, c->host, order, steps, n, &decision, &reason, e))
		return false;
	json_t *j = json_object();
	json_object_set_new(j, "decision", json_string(decision));
	json_object_set_new(j, "reason", json_string(reason ? reason : ""));
	return call_json(c, 200, j);
}

static bool read_time(const json_t *body, const char *key, int64_t *out, struct err *e)
{
	const char *s = "";
	return json_opt_str(body, key, CLOCK_RFC3339_LEN, &s, e) &&
	       (!s[0] || clock_parse_rfc3339(str_of(s), out) ||
		err_set(e, ERR_INVALID, "'%s' must be an RFC 3339 time", key));
}

static bool read_notice(const json_t *body, struct target_notice *out, bool *there, struct err *e)
{
	static const char *const known[] = { "shown", "postponed", "allowed", "deadline", NULL };
	const json_t *j = json_object_get(body, "notice");
	*there = j != NULL;
	if (!j)
		return true;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'notice' must be an object");
	return json_only(j, known, e) && read_time(j, "shown", &out->shown_ms, e) &&
	       json_opt_int(j, "postponed", 0, 1000, &out->postponed, e) &&
	       json_opt_int(j, "allowed", 0, 1000, &out->allowed, e) &&
	       read_time(j, "deadline", &out->deadline_ms, e);
}

bool agent_progress(struct call *c, struct err *e)
{
	static const char *const known[] = { "order", "deployment",   "state",	"reason", "done",
					     "total", "next_attempt", "notice", NULL };
	static const char *const states[] = { "downloading", "preparing", "installing", "waiting",
					      NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *order, *state, *reason, *deployment = "";
	int64_t done = 0, total = 0, next_ms = 0;
	struct target_notice notice = { 0 };
	bool noticed;
	return call_body(c, known, &body, e) && agent_read_order(body, &order, e) &&
	       json_opt_str(body, "deployment", 64, &deployment, e) &&
	       json_need_str(body, "state", 1, 32, &state, e) &&
	       one_of("state", state, states, e) && read_word(body, "reason", &reason, e) &&
	       json_opt_int(body, "done", 0, INT64_MAX, &done, e) &&
	       json_opt_int(body, "total", 0, INT64_MAX, &total, e) &&
	       read_time(body, "next_attempt", &next_ms, e) &&
	       read_notice(body, &notice, &noticed, e) &&
	       (!noticed || deploy_notice(c->conf->deploy, c->host, order, &notice, e)) &&
	       deploy_progress(c->conf->deploy, c->host, order, state, reason, done, total, next_ms,
			       e) &&
	       call_no_content(c);
}

static bool read_packages(struct call *c, const json_t *body, const char **out, struct err *e)
{
	static const char *const known[] = { "name", "arch", "before", "after", "wanted", NULL };
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_PACKAGES_JSON);
	json_t *list = NULL;
	if (!json_opt_array(body, "packages", ORDER_MAX_PACKAGES, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *text = NULL;
		if (!json_is_object(one) || !json_only(one, known, e))
			return err_set(
				e, ERR_INVALID,
				"'packages' must hold objects of name, arch, before, after and wanted");
		for (size_t k = 0; known[k]; k++)
			if (!json_opt_str(one, known[k], 200, &text, e))
				return false;
	}
	if (list)
		json_write(list, &b);
	else
		buf_adds(&b, "[]");
	*out = arena_strdup(c->arena, buf_str(&b).p);
	return buf_ok(&b, "'packages'", e);
}

/* NULL without one; each step is checked as those of a plan that is sent by itself. */
static bool read_result_plan(struct call *c, const json_t *body, const char **out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_PACKAGES_JSON);
	json_t *list = NULL;
	struct plan_step step;
	if (!json_opt_array(body, "plan", ORDER_MAX_PACKAGES, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!read_step(json_array_get(list, i), &step, e))
			return false;
	if (!json_array_size(list))
		return true;
	json_write(list, &b);
	*out = arena_strdup(c->arena, b.n ? b.p : "[]");
	return buf_ok(&b, "'plan'", e);
}

/* NULL without them: older agents tell none. */
static bool read_details(struct call *c, const json_t *body, const char **out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(PLAN_DETAILS_MAX);
	const json_t *details = json_object_get(body, "details");
	if (!details)
		return true;
	if (!plan_details_check(details, e))
		return false;
	json_write(details, &b);
	if (!buf_ok(&b, "'details'", e))
		return false;
	*out = arena_strdup(c->arena, b.p);
	return true;
}

static bool read_script(struct call *c, const json_t *j, struct target_script *out, struct err *e)
{
	static const char *const known[] = { "stage",	    "name",	 "version", "state",
					     "exit_status", "timed_out", "good",    "started",
					     "finished",    NULL };
	static const char *const stages[] = { "before", "after", NULL };
	static const char *const states[] = { "ended", "interrupted", "refused", NULL };
	const char *stage, *name, *state;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'scripts' must hold objects");
	if (!json_only(j, known, e) || !json_need_str(j, "stage", 1, 10, &stage, e) ||
	    !one_of("stage", stage, stages, e) ||
	    !json_need_str(j, "name", 0, SCRIPT_NAME_MAX, &name, e) ||
	    !json_need_int(j, "version", 0, SCRIPT_VERSION_MAX, &out->version, e) ||
	    !json_need_str(j, "state", 1, 20, &state, e) || !one_of("state", state, states, e) ||
	    !json_opt_int(j, "exit_status", 0, 255, &out->exit_status, e) ||
	    !json_opt_bool(j, "timed_out", &out->timed_out, e) ||
	    !json_opt_bool(j, "good", &out->good, e) ||
	    !agent_read_time(j, "started", &out->started_ms, e) ||
	    !agent_read_time(j, "finished", &out->finished_ms, e))
		return false;
	out->after = strcmp(stage, "after") == 0;
	out->name = arena_strdup(c->arena, name);
	out->state = arena_strdup(c->arena, state);
	return true;
}

static bool read_scripts(struct call *c, const json_t *body, struct deploy_result *r, struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(body, "scripts", 2, &list, e))
		return false;
	struct target_script *out = arena_array(c->arena, struct target_script, 2);
	r->n_scripts = json_array_size(list);
	for (size_t i = 0; i < r->n_scripts; i++) {
		out[i] = (struct target_script) { 0 };
		if (!read_script(c, json_array_get(list, i), &out[i], e))
			return false;
		if (i && out[i].after == out[0].after)
			return err_set(e, ERR_INVALID, "'scripts' has a stage twice");
	}
	r->scripts = out;
	return true;
}

bool agent_result(struct call *c, struct err *e)
{
	static const char *const known[] = { "order",	      "deployment",  "seq",	 "outcome",
					     "reason",	      "detail",	     "started",	 "finished",
					     "attempts",      "exit_status", "packages", "log",
					     "reboot_needed", "plan",	     "details",	 "reboot",
					     "scripts",	      NULL };
	static const char *const outcomes[] = { "succeeded", "failed", "refused", NULL };
	AUTO(json_free) json_t *body = NULL;
	static const char *const reboots[] = { "",	     "came_back", "old_kernel",
					       "not_needed", "forbidden", "outside_window",
					       "failed",     "off",	  NULL };
	struct deploy_result r = { .detail = "", .log = "", .reason = "", .reboot = "" };
	const char *deployment = "";
	int64_t seq = 0;
	if (!call_body(c, known, &body, e) || !agent_read_order(body, &r.order, e) ||
	    !json_opt_str(body, "deployment", 64, &deployment, e) ||
	    !json_opt_int(body, "seq", 0, INT64_MAX, &seq, e) ||
	    !json_need_str(body, "outcome", 1, 32, &r.outcome, e) ||
	    !one_of("outcome", r.outcome, outcomes, e) ||
	    !read_word(body, "reason", &r.reason, e) ||
	    !json_opt_str(body, "detail", 4096, &r.detail, e) ||
	    !agent_read_time(body, "started", &r.started_ms, e) ||
	    !agent_read_time(body, "finished", &r.finished_ms, e) ||
	    !json_opt_int(body, "attempts", 0, INT32_MAX, &r.attempts, e) ||
	    !json_opt_int(body, "exit_status", INT32_MIN, INT32_MAX, &r.exit_status, e) ||
	    !read_packages(c, body, &r.packages_json, e) ||
	    !json_opt_str(body, "log", MAX_LOG, &r.log, e) ||
	    !json_opt_bool(body, "reboot_needed", &r.reboot_needed, e) ||
	    !json_opt_str(body, "reboot", 20, &r.reboot, e) ||
	    !one_of("reboot", r.reboot, reboots, e) ||
	    !read_result_plan(c, body, &r.plan_json, e) ||
	    !read_details(c, body, &r.details_json, e) || !read_scripts(c, body, &r, e))
		return false;
	return deploy_result(c->conf->deploy, c->host, &r, e) && call_no_content(c);
}
