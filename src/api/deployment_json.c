/* SPDX-License-Identifier: Apache-2.0
 * What the API says about a deployment and a target. */
#include "api/deployment_json.h"

#include "api/policies.h"
#include "api/words.h"
#include "deploy/orders/scripts.h"
#include "deploy/wol/wol.h"

static void add_terms(json_t *j, const struct deploy_terms *t)
{
	json_object_set_new(j, "expires", json_time(t->expires_ms));
	json_object_set_new(j, "retry",
			    t->retry_refresh ? json_pack("{s:I,s:I}", "refresh",
							 (json_int_t)t->retry_refresh, "start_up",
							 (json_int_t)t->retry_start_up)
					     : json_null());
	json_object_set_new(j, "distribution",
			    json_string(t->hold_incomplete ? "hold" : "deploy_rest"));
}

json_t *deployment_json(const struct deployment_row *d)
{
	json_t *j = json_object(), *targets = json_object();
	json_object_set_new(targets, "total", json_integer(d->n_targets));
	for (int s = 0; s < TARGET_STATES_; s++)
		json_object_set_new(targets, target_state_name((enum target_state)s),
				    json_integer(d->targets[s]));
	json_object_set_new(j, "id", json_string(d->id));
	json_object_set_new(j, "name", json_text(str_of(d->name)));
	json_object_set_new(j, "description", json_text(str_of(d->description)));
	json_object_set_new(j, "operation", json_string(deployment_operation_name(d->operation)));
	json_object_set_new(j, "policy", json_text(str_of(d->policy)));
	json_object_set_new(j, "policy_name", policy_name_json(d->policy_name));
	json_object_set_new(j, "now", json_boolean(d->now));
	json_object_set_new(j, "option", json_string(d->published ? "publish" : "deploy"));
	json_object_set_new(j, "deadline", json_time(d->deadline_ms));
	json_object_set_new(j, "state", json_string(deployment_state_name(d->state)));
	json_object_set_new(j, "created", json_time(d->created_ms));
	json_object_set_new(j, "started", json_time(d->started_ms));
	json_object_set_new(j, "finished", json_time(d->finished_ms));
	json_object_set_new(j, "created_by", json_text(str_of(d->created_by)));
	json_object_set_new(j, "patches", json_integer(d->n_patches));
	json_object_set_new(j, "targets", targets);
	json_object_set_new(j, "suspended", json_time(d->suspended_ms));
	json_object_set_new(j, "removed", json_time(d->removed_ms));
	add_terms(j, &d->terms);
	return j;
}

/* A window whose zone is only known to the system is told by its clocks. */
static json_t *window_json(const struct target_row *t)
{
	char start[CLOCK_RFC3339_LEN], end[CLOCK_RFC3339_LEN];
	if (!t->window_zone)
		return json_null();
	bool ends = t->window.end_ms != WINDOW_NO_END;
	if (t->window_zone[0])
		return json_pack("{s:s,s:o,s:o,s:n,s:n}", "zone", t->window_zone, "start",
				 json_time(t->window.start_ms), "end",
				 ends ? json_time(t->window.end_ms) : json_null(), "local_start",
				 "local_end");
	return json_pack("{s:n,s:n,s:n,s:o,s:o}", "zone", "start", "end", "local_start",
			 json_stringn(clock_rfc3339(t->window.start_ms, start), 16), "local_end",
			 ends ? json_stringn(clock_rfc3339(t->window.end_ms, end), 16)
			      : json_null());
}

static json_t *services_json(const char *text)
{
	json_t *list = json_array();
	struct str rest = str_of(text), name;
	while (*text && str_split(&rest, ' ', &name))
		json_array_append_new(list, json_text(name));
	return list;
}

/* It waits for its users: before it begins, or before its machine is restarted. An older agent says
 * nothing of the latter. */
static bool waits_for_users(const struct target_row *t)
{
	return (t->state == TARGET_PENDING && deploy_waits_for_user(t->reason)) ||
	       (t->state == TARGET_INSTALLING && t->next_attempt_ms &&
		deploy_counts_down(t->reason));
}

/* What its agent said of its users; null unless it waits for them. */
static bool notice_json(struct call *c, const char *deployment, const struct target_row *t,
			json_t **out, struct err *e)
{
	struct target_notice n;
	*out = NULL;
	if (!waits_for_users(t))
		return true;
	if (!deploy_notice_of(c->conf->deploy, deployment, t->host, &n, e))
		return false;
	json_t *j = *out = json_object();
	json_object_set_new(j, "shown", json_time(n.shown_ms));
	json_object_set_new(j, "postponed", json_integer(n.postponed));
	json_object_set_new(j, "allowed", json_integer(n.allowed));
	json_object_set_new(j, "deadline", json_time(n.deadline_ms));
	return true;
}

/* What became of its scripts, in the order of their stages. */
static bool scripts_json(struct call *c, const char *deployment, const struct target_row *t,
			 json_t **out, struct err *e)
{
	struct target_script *list;
	size_t n;
	if (!target_scripts(c->conf->deploy, deployment, t->host, c->arena, &list, &n, e))
		return false;
	*out = json_array();
	for (size_t i = 0; i < n; i++) {
		const struct target_script *s = &list[i];
		bool ended = strcmp(s->state, "ended") == 0;
		json_t *j = json_object();
		json_object_set_new(j, "stage", json_string(s->after ? "after" : "before"));
		json_object_set_new(j, "name", json_text(str_of(s->name)));
		json_object_set_new(j, "version", json_integer(s->version));
		json_object_set_new(j, "state", json_string(s->state));
		json_object_set_new(j, "exit_status",
				    ended ? json_integer(s->exit_status) : json_null());
		json_object_set_new(j, "timed_out", json_boolean(s->timed_out));
		json_object_set_new(j, "good", json_boolean(s->good));
		json_object_set_new(j, "started", json_time(s->started_ms));
		json_object_set_new(j, "finished", json_time(s->finished_ms));
		json_array_append_new(*out, j);
	}
	return true;
}

/* Null when nobody was to be woken yet. */
static bool wake_json(struct call *c, const char *deployment, const struct target_row *t,
		      json_t **out, struct err *e)
{
	struct target_wol w;
	if (!wol_of(c->conf->deploy, deployment, t->host, c->arena, &w, e))
		return false;
	*out = json_null();
	if (!w.state)
		return true;
	*out = json_pack("{s:s,s:o,s:o,s:o}", "state", w.state, "by",
			 words_text_or_null(w.hostname), "at", json_time(w.at_ms), "window",
			 json_time(w.window_ms));
	return true;
}

bool deployment_target_json(struct call *c, const char *deployment, const struct target_row *t,
			    json_t **out, struct err *e)
{
	json_t *notice, *scripts, *wake;
	if (!notice_json(c, deployment, t, &notice, e) ||
	    !scripts_json(c, deployment, t, &scripts, e) || !wake_json(c, deployment, t, &wake, e))
		return false;
	bool ran = t->finished_ms != 0 &&
		   (t->state == TARGET_SUCCEEDED || t->state == TARGET_FAILED);
	json_t *j = json_object();
	json_object_set_new(j, "system", json_string(t->host));
	json_object_set_new(j, "hostname", json_text(str_of(t->hostname)));
	json_object_set_new(j, "state", json_string(target_state_name(t->state)));
	json_object_set_new(j, "reason", words_text_or_null(t->reason));
	json_object_set_new(j, "detail", words_text_or_null(t->detail));
	json_object_set_new(j, "updated", json_time(t->updated_ms));
	json_object_set_new(j, "started", json_time(t->started_ms));
	/* what it told when it stopped to be approved is no end */
	json_object_set_new(j, "finished",
			    t->state == TARGET_AWAITING_APPROVAL ? json_null()
								 : json_time(t->finished_ms));
	json_object_set_new(j, "next_attempt", json_time(t->next_attempt_ms));
	json_object_set_new(j, "attempts", json_integer(t->attempts));
	json_object_set_new(j, "exit_status", ran ? json_integer(t->exit_status) : json_null());
	json_object_set_new(j, "done", json_integer(t->done));
	json_object_set_new(j, "total", json_integer(t->total));
	json_object_set_new(j, "patches", json_integer(t->n_patches));
	json_object_set_new(j, "services", services_json(t->services));
	json_object_set_new(j, "wave", json_integer(t->wave + 1));
	json_object_set_new(j, "reboot_needed", json_boolean(t->reboot_needed));
	json_object_set_new(j, "reboot", words_text_or_null(t->reboot));
	json_object_set_new(j, "reboot_due", json_time(t->reboot_due_ms));
	json_object_set_new(j, "has_log", json_boolean(t->has_log));
	json_object_set_new(j, "cause", words_text_or_null(t->cause));
	json_object_set_new(j, "retried",
			    json_pack("{s:I,s:I}", "refresh", (json_int_t)t->retried_refresh,
				      "start_up", (json_int_t)t->retried_start_up));
	json_object_set_new(j, "window", window_json(t));
	json_object_set_new(j, "notice", notice ? notice : json_null());
	json_object_set_new(j, "scripts", scripts);
	json_object_set_new(j, "wake", wake);
	*out = j;
	return true;
}
