/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a deployment (S-11): drafts, changes, suspend, resume, cancel, retry, clone, the
 * trash; and why its targets failed, with the table of reasons. What is allowed when is decided by
 * the deploy room; every change is in the audit log. */
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/deployments.h"
#include "api/idempotency.h"
#include "api/policies.h"
#include "deploy/ask/notify.h"
#include "deploy/failure.h"

#define REQUEST_MAX_BODY (4u << 20)
#define RETRY_MAX_BODY (64u << 10)
#define RETRY_MAX_SYSTEMS 1000
#define RETRIES_MAX 20

static bool bad_member(struct call *c, const char *pointer, const char *code, const char *why,
		       struct err *e)
{
	call_blame(c, pointer, code, why);
	return call_fail(c, e, 400, code, "%s", why);
}

static bool read_expires(struct call *c, const json_t *body, struct deploy_terms *t, struct err *e)
{
	const json_t *v = json_object_get(body, "expires");
	const char *text = "";
	if (!v)
		return true;
	t->expires_ms = 0;
	if (!json_opt_str(body, "expires", CLOCK_RFC3339_LEN, &text, e))
		return false;
	if (text[0] && !clock_parse_rfc3339(str_of(text), &t->expires_ms))
		return bad_member(c, "/expires", "invalid_time",
				  "'expires' must be a time as in RFC 3339", e);
	if (text[0] && t->expires_ms <= c->now_ms)
		return bad_member(c, "/expires", "in_the_past", "'expires' is in the past", e);
	return true;
}

static bool read_retry(struct call *c, const json_t *body, struct deploy_terms *t, struct err *e)
{
	static const char *const known[] = { "refresh", "start_up", NULL };
	const json_t *v = json_object_get(body, "retry");
	if (!v)
		return true;
	t->retry_refresh = t->retry_start_up = 0;
	if (json_is_null(v))
		return true;
	if (!json_is_object(v) || !json_only(v, known, e) ||
	    !json_need_int(v, "refresh", 1, RETRIES_MAX, &t->retry_refresh, e) ||
	    !json_need_int(v, "start_up", 1, RETRIES_MAX, &t->retry_start_up, e) ||
	    t->retry_refresh + t->retry_start_up > DEPLOY_RETRIES_MAX)
		return bad_member(c, "/retry", "invalid_retry",
				  "'retry' must hold 'refresh' and 'start_up', neither of them 0, "
				  "together 20 at most",
				  e);
	return true;
}

static bool read_notify(struct call *c, const json_t *body, struct deploy_notify *out,
			struct err *e)
{
	const json_t *v = json_object_get(body, "notify");
	if (!v || notify_read(v, c->arena, out, e))
		return true;
	return bad_member(c, "/notify", "invalid_notify", arena_strdup(c->arena, e->msg), e);
}

bool deployment_terms_read(struct call *c, const json_t *body, struct deploy_terms *t,
			   struct deploy_notify *notify, struct err *e)
{
	const char *rule = t->hold_incomplete ? "hold" : "deploy_rest";
	if (!read_expires(c, body, t, e) || !read_retry(c, body, t, e) ||
	    !read_notify(c, body, notify, e) || !json_opt_str(body, "distribution", 20, &rule, e))
		return false;
	t->hold_incomplete = strcmp(rule, "hold") == 0;
	if (!t->hold_incomplete && strcmp(rule, "deploy_rest") != 0)
		return err_set(e, ERR_INVALID, "'distribution' must be deploy_rest or hold");
	return true;
}

/* --- drafts and changes --- */

static bool create_draft(struct call *c, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct deploy_request r = {
		.name = "", .description = "", .policy = POLICY_ANYTIME, .created_by = c->who.name
	};
	bool replayed;
	char id[33];
	if (!call_body(c, deployment_request_members, &body, e) ||
	    !idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	if (!json_need_str(body, "name", 1, 100, &r.name, e) ||
	    !json_opt_str(body, "description", 1000, &r.description, e) ||
	    !json_opt_str(body, "policy", 64, &r.policy, e) || !policy_known(c, r.policy, e) ||
	    !deployment_terms_read(c, body, &r.terms, &r.notify, e) ||
	    !deployment_chosen(c, body, &r.request, e))
		return false;
	if (!r.request)
		r.request = "{}";
	if (!deploy_draft(c->conf->deploy, &r, id, e))
		return false;
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", id));
	return call_audit(c, "deployment.draft", id, NULL, e) &&
	       deployments_answer(c, 201, arena_strdup(c->arena, id), e);
}

static json_t *changed_members(const json_t *body)
{
	json_t *j = json_object(), *list = json_array();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)body, key, value)
		json_array_append_new(list, json_string(key));
	json_object_set_new(j, "changed", list);
	return j;
}

static bool change_deployment(struct call *c, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct deployment_row row;
	struct deploy_edit x = { 0 };
	int64_t version;
	const char *id;
	bool stale;
	if (!call_param_id(c, 0, &id, e) || !call_if_match(c, "the deployment", &version, e) ||
	    !call_body(c, deployment_request_members, &body, e) ||
	    !deploy_get(c->conf->deploy, id, c->arena, &row, e))
		return false;
	struct deploy_terms terms = row.terms;
	struct deploy_notify notify;
	x.terms = &terms;
	x.notify = json_object_get(body, "notify") ? &notify : NULL;
	if (!json_opt_str(body, "name", 100, &x.name, e) ||
	    !json_opt_str(body, "description", 1000, &x.description, e) ||
	    !json_opt_str(body, "policy", 64, &x.policy, e) ||
	    (x.policy && !policy_known(c, x.policy, e)) ||
	    !deployment_terms_read(c, body, &terms, &notify, e) ||
	    !deployment_chosen(c, body, &x.request, e))
		return false;
	if (!deploy_change(c->conf->deploy, id, version, &x, &stale, e))
		return stale ? call_stale(c, e) : call_code(c, e, ERR_CONFLICT, "not_changeable");
	return call_audit(c, "deployment.change", id, changed_members(body), e) &&
	       deployments_answer(c, 200, id, e);
}

static json_t *texts(char *const *list, size_t n)
{
	json_t *j = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(j, json_text(str_of(list[i])));
	return j;
}

/* What was chosen for one that does not say so itself: its patches and systems, one by one. */
static bool chosen_by_id(struct call *c, const struct deployment_row *row, const char **out,
			 struct err *e)
{
	/* one more than fit: then it is refused */
	enum { SYSTEMS = DEPLOY_REQUEST_MAX / (sizeof(row->id) + 2) + 1 };
	char **patches, **systems;
	size_t n_patches, n_systems;
	if (!deploy_patches(c->conf->deploy, row->id, c->arena, &patches, &n_patches, e) ||
	    !deploy_systems(c->conf->deploy, row->id, SYSTEMS, c->arena, &systems, &n_systems, e))
		return false;
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:{s:o},s:{s:o}}", "operation",
			      deployment_operation_name(row->operation), "patches", "ids",
			      texts(patches, n_patches), "systems", "ids",
			      texts(systems, n_systems));
	return deployment_chosen(c, j, out, e);
}

static bool clone_deployment(struct call *c, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(DEPLOY_REQUEST_MAX + 1);
	struct deployment_row row;
	const char *id;
	bool replayed;
	char made[33];
	if (!call_param_id(c, 0, &id, e) || !idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	if (!deploy_get(c->conf->deploy, id, c->arena, &row, e) ||
	    !deploy_request_text(c->conf->deploy, id, &text, e))
		return false;
	if (row.operation != DEPLOYMENT_INSTALL && row.operation != DEPLOYMENT_UNINSTALL)
		return call_fail(c, e, 409, "not_cloneable",
				 "'%s' restarted what was to be restarted then", row.name);
	struct deploy_request r = { .name = row.name,
				    .description = row.description,
				    .policy = row.policy,
				    .created_by = c->who.name,
				    .terms = row.terms,
				    .request = text.n ? arena_strdup(c->arena, text.p) : NULL };
	if (r.terms.expires_ms <= c->now_ms)
		r.terms.expires_ms = 0;
	if (!deploy_notify_get(c->conf->deploy, id, c->arena, &r.notify, e) ||
	    (!r.request && !chosen_by_id(c, &row, &r.request, e)))
		return false;
	if (!deploy_draft(c->conf->deploy, &r, made, e))
		return false;
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", made));
	return call_audit(c, "deployment.clone", made, json_pack("{s:s}", "of", id), e) &&
	       deployments_answer(c, 201, arena_strdup(c->arena, made), e);
}

/* --- verbs --- */

static bool verb(struct call *c, const char *action, const char *conflict,
		 bool (*run)(struct deploy *d, const char *id, struct err *e), struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e))
		return false;
	if (!run(c->conf->deploy, id, e))
		return call_code(c, e, ERR_CONFLICT, conflict);
	return call_audit(c, action, id, NULL, e) && deployments_answer(c, 200, id, e);
}

static bool cancel_deployment(struct call *c, struct err *e)
{
	return verb(c, "deployment.cancel", "not_cancellable", deploy_cancel, e);
}

static bool suspend_deployment(struct call *c, struct err *e)
{
	return verb(c, "deployment.suspend", "not_suspendable", deploy_suspend, e);
}

static bool resume_deployment(struct call *c, struct err *e)
{
	return verb(c, "deployment.resume", "not_suspended", deploy_resume, e);
}

static bool restore(struct deploy *d, const char *id, struct err *e)
{
	return deploy_trash(d, id, false, e);
}

static bool restore_deployment(struct call *c, struct err *e)
{
	return verb(c, "deployment.restore", "not_in_trash", restore, e);
}

static bool remove_deployment(struct call *c, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e))
		return false;
	if (!deploy_trash(c->conf->deploy, id, true, e))
		return call_code(c, e, ERR_CONFLICT, "not_removable");
	return call_audit(c, "deployment.remove", id, NULL, e) && call_no_content(c);
}

static bool retry_deployment(struct call *c, struct err *e)
{
	static const char *const known[] = { "systems", "reason", NULL };
	AUTO(json_free) json_t *body = NULL;
	json_t *list = NULL;
	const char *id, *reason = "";
	size_t n = 0, n_retried;
	if (!call_param_id(c, 0, &id, e) || !call_body(c, known, &body, e) ||
	    !json_opt_array(body, "systems", RETRY_MAX_SYSTEMS, &list, e) ||
	    !json_opt_str(body, "reason", 64, &reason, e))
		return false;
	const char **systems = arena_array(c->arena, const char *, json_array_size(list) + 1);
	for (; n < json_array_size(list); n++)
		if (!(systems[n] = json_string_value(json_array_get(list, n))))
			return bad_member(c, "/systems", "invalid_selection",
					  "'systems' must hold ids", e);
	if (list && !n)
		return bad_member(c, "/systems", "invalid_selection",
				  "'systems' is empty; leave it out for all that failed", e);
	if (!deploy_retry(c->conf->deploy, id, systems, n, reason[0] ? reason : NULL, &n_retried,
			  e))
		return call_code(c, e, ERR_CONFLICT, "nothing_to_retry");
	return call_audit(
		       c, "deployment.retry", id,
		       json_pack("{s:I,s:s}", "systems", (json_int_t)n_retried, "reason", reason),
		       e) &&
	       deployments_answer(c, 200, id, e);
}

/* --- reasons --- */

static json_t *both(const char *const text[static REASON_LANGUAGES_])
{
	return json_pack("{s:s,s:s}", "en", text[REASON_EN], "ja", text[REASON_JA]);
}

/* A word that has no row says itself. */
static json_t *reason_json(const char *word)
{
	const struct reason *r = reason_find(word);
	const char *const itself[] = { word, word }, *const nothing[] = { "", "" };
	return json_pack("{s:s,s:s,s:b,s:o,s:o}", "reason", word, "kind",
			 reason_kind_name(r ? r->kind : REASON_FAILED), "transient",
			 r && r->transient, "title", both(r ? r->title : itself), "remedy",
			 both(r ? r->remedy : nothing));
}

static bool list_reasons(struct call *c, struct err *e)
{
	size_t n;
	const struct reason *all = reasons(&n);
	json_t *items = json_array();
	(void)e;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, reason_json(all[i].word));
	return call_json(c, 200, json_pack("{s:o}", "items", items));
}

static bool list_failures(struct call *c, struct err *e)
{
	struct failure_group *list;
	struct deployment_row row;
	size_t n;
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !deploy_get(c->conf->deploy, id, c->arena, &row, e) ||
	    !deploy_failures(c->conf->deploy, id, c->arena, &list, &n, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *j = reason_json(list[i].reason), *first = json_array();
		for (size_t k = 0; k < list[i].n_hosts; k++)
			json_array_append_new(
				first, json_pack("{s:s,s:o}", "id", list[i].hosts[k], "hostname",
						 json_text(str_of(list[i].hostnames[k]))));
		json_object_set_new(j, "systems", json_integer(list[i].n));
		json_object_set_new(j, "first", first);
		json_array_append_new(items, j);
	}
	return call_json(c, 200, json_pack("{s:o}", "items", items));
}

const struct route lifecycle_routes[] = {
	ROUTE(GET, API "/deployment-reasons", PERM_VIEW, list_reasons),
	ROUTE(POST, API "/deployments:draft", PERM_DEPLOY, create_draft,
	      .max_body = REQUEST_MAX_BODY),
	ROUTE(PATCH, API "/deployments/{deployment_id}", PERM_DEPLOY, change_deployment,
	      .max_body = REQUEST_MAX_BODY),
	ROUTE(DELETE, API "/deployments/{deployment_id}", PERM_DEPLOY, remove_deployment),
	ROUTE(POST, API "/deployments/{deployment_id}:cancel", PERM_DEPLOY, cancel_deployment),
	ROUTE(POST, API "/deployments/{deployment_id}:suspend", PERM_DEPLOY, suspend_deployment),
	ROUTE(POST, API "/deployments/{deployment_id}:resume", PERM_DEPLOY, resume_deployment),
	ROUTE(POST, API "/deployments/{deployment_id}:clone", PERM_DEPLOY, clone_deployment),
	ROUTE(POST, API "/deployments/{deployment_id}:retry", PERM_DEPLOY, retry_deployment,
	      .max_body = RETRY_MAX_BODY),
	ROUTE(POST, API "/deployments/{deployment_id}:restore", PERM_DEPLOY, restore_deployment),
	ROUTE(GET, API "/deployments/{deployment_id}/failures", PERM_VIEW, list_failures),
	ROUTE_TABLE_END,
};
