/* SPDX-License-Identifier: Apache-2.0
 * Deployments: preview, create, watch; what becomes of one is in lifecycle.c. The request is
 * resolved to ids here; what it means is decided by the deploy room, and a preview's token binds
 * the two. */
#include "api/deployments.h"
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/failures.h"
#include "api/filters.h"
#include "api/idempotency.h"
#include "api/page.h"
#include "api/patch_json.h"
#include "api/policies.h"
#include "api/portal.h"
#include "api/rollouts.h"
#include "api/selection.h"
#include "api/words.h"
#include "deploy/ask/notify.h"
#include "deploy/ask/uninstall.h"

#define REQUEST_MAX_BODY (4u << 20)
#define MAX_LOG (2u << 20)

const char *const deployment_request_members[] = {
	"name",	    "description",   "patches", "systems",	"targets",   "policy",
	"now",	    "expires",	     "retry",	"distribution", "operation", "rollout",
	"approval", "only_approved", "option",	"deadline",	"drift",     "notify",
	NULL
};
/* Beside those of a request. */
static const char *const create_members[] = { "preview_token", "draft", NULL };

/* Columns of a deployment, or none of its business. */
static const char *const not_chosen[] = { "name",    "description", "policy",	    "now",
					  "expires", "retry",	    "distribution", "preview_token",
					  "draft",   "notify" };

bool deployment_chosen(struct call *c, const json_t *body, const char **out, struct err *e)
{
	AUTO(json_free) json_t *chosen = json_deep_copy(body);
	AUTO(buf_done) struct buf text = BUF_INIT(DEPLOY_REQUEST_MAX + 1);
	const char *key;
	json_t *value;
	for (size_t i = 0; i < ARRAY_LEN(not_chosen); i++)
		(void)json_object_del(chosen, not_chosen[i]);
	*out = NULL;
	if (!json_object_size(chosen))
		return true;
	json_object_foreach(chosen, key, value)
		/* what matched then is no measure of later */
		(void) json_object_del(value, "expected_count");
	json_write(chosen, &text);
	if (!buf_ok(&text, "what the deployment chooses", NULL))
		return err_set(
			e, ERR_LIMIT,
			"the deployment chooses too much one by one; use a filter or a group");
	*out = arena_strdup(c->arena, buf_str(&text).p);
	return true;
}

/* The body as the deploy room wants it; texts live in the body or the arena. */
static bool read_request(struct call *c, const json_t *body, struct deploy_request *out,
			 bool *uninstall_out, struct err *e)
{
	const char *operation = "install", *approval = "none", *drift = "identical";
	const json_t *patches = json_object_get(body, "patches"),
		     *systems = json_object_get(body, "systems"),
		     *targets = json_object_get(body, "targets");
	struct deploy_request r = {
		.name = "", .description = "", .policy = POLICY_ANYTIME, .created_by = c->who.name
	};
	const char **ids;
	if (!json_opt_str(body, "name", 100, &r.name, e) ||
	    !json_opt_str(body, "description", 1000, &r.description, e) ||
	    !json_opt_str(body, "policy", 64, &r.policy, e) ||
	    !json_opt_bool(body, "now", &r.now, e) || !portal_read(body, &r, e) ||
	    !json_opt_str(body, "operation", 20, &operation, e) ||
	    !json_opt_str(body, "approval", 20, &approval, e) ||
	    !json_opt_str(body, "drift", 20, &drift, e) ||
	    !json_opt_bool(body, "only_approved", &r.only_approved, e))
		return false;
	r.approve_plans = strcmp(approval, "plan") == 0;
	if (!r.approve_plans && strcmp(approval, "none") != 0)
		return err_set(e, ERR_INVALID, "'approval' is none or plan");
	if (!plan_drift_of_name(drift, &r.plan_drift))
		return err_set(e, ERR_INVALID, "'drift' is identical, newer or dependencies");
	if (r.plan_drift != PLAN_DRIFT_NONE && !r.approve_plans)
		return err_set(e, ERR_INVALID, "'drift' is of approved plans: 'approval' plan");
	*uninstall_out = strcmp(operation, "uninstall") == 0;
	if (!*uninstall_out && strcmp(operation, "install") != 0)
		return err_set(e, ERR_INVALID, "'operation' is install or uninstall");
	if (*uninstall_out && !patches)
		return call_fail(c, e, 400, "invalid_selection",
				 "an uninstallation needs 'patches'");
	if (*uninstall_out && r.publish)
		return err_set(e, ERR_INVALID, "only what installs can be published");
	if (!policy_known(c, r.policy, e) || !rollouts_read(c, body, &r.rollout, e) ||
	    !deployment_terms_read(c, body, &r.terms, &r.notify, e))
		return false;
	if (systems && targets)
		return call_fail(c, e, 400, "invalid_targets",
				 "'systems' and 'targets' exclude each other");
	if (!patches && !systems && !targets)
		return call_fail(c, e, 400, "invalid_selection",
				 "one of 'patches', 'systems' and 'targets' is needed");
	if (targets) {
		struct selector *s = arena_new(c->arena, struct selector);
		if (!filters_targets(c, "/targets", targets, s, e))
			return false;
		r.targets = s;
	}
	if (patches) {
		if (!selection_patches(c, patches, "/patches", &ids, &r.n_patches, e))
			return false;
		r.patches = (const char *const *)ids;
	}
	if (systems) {
		if (!selection_systems(c, systems, "/systems", &ids, &r.n_systems, e))
			return false;
		r.systems = (const char *const *)ids;
	}
	*out = r;
	return true;
}

/* --- preview --- */

static void warn(json_t *list, const char *code, uint32_t count)
{
	if (count == 0)
		return;
	json_t *j = json_object(), *params = json_object();
	json_object_set_new(params, "count", json_integer(count));
	json_object_set_new(j, "code", json_string(code));
	json_object_set_new(j, "params", params);
	json_array_append_new(list, j);
}

static json_t *preview_json(const struct deploy_preview *p)
{
	json_t *j = json_object(), *warnings = json_array();
	warn(warnings, "nothing_to_do", p->pairs == 0);
	warn(warnings, "offline", p->offline);
	warn(warnings, "unknown", p->unknown);
	warn(warnings, "superseded", p->superseded);
	warn(warnings, "held", p->held);
	warn(warnings, "rolled_back", p->rolled_back);
	warn(warnings, "declined", p->declined);
	warn(warnings, "reboots", p->reboots);
	warn(warnings, "unapproved", p->unapproved);
	warn(warnings, "empty_waves", p->pairs ? rollouts_empty(p) : 0);
	json_object_set_new(j, "preview_token", json_string(p->token));
	json_object_set_new(j, "patches", json_integer(p->patches));
	json_object_set_new(j, "systems", json_integer(p->systems));
	json_object_set_new(j, "pairs", json_integer(p->pairs));
	json_object_set_new(j, "reboots", json_integer(p->reboots));
	json_object_set_new(j, "offline", json_integer(p->offline));
	json_object_set_new(j, "unknown", json_integer(p->unknown));
	json_object_set_new(j, "superseded", json_integer(p->superseded));
	json_object_set_new(j, "held", json_integer(p->held));
	json_object_set_new(j, "rolled_back", json_integer(p->rolled_back));
	json_object_set_new(j, "declined", json_integer(p->declined));
	json_object_set_new(j, "unapproved", json_integer(p->unapproved));
	json_object_set_new(j, "download_bytes", json_integer(p->download_bytes));
	json_object_set_new(j, "stored_bytes", json_integer(p->stored_bytes));
	json_object_set_new(j, "by_severity", words_severity_counts(p->severity));
	json_object_set_new(j, "waves", rollouts_sizes_json(p));
	json_object_set_new(j, "warnings", warnings);
	return j;
}

#define STEPS_SHOWN 500

static json_t *uninstall_json(const struct uninstall_preview *p)
{
	json_t *j = preview_json(&p->counts), *steps = json_array(), *left = json_array();
	for (size_t i = 0; i < MIN(p->n_steps, (size_t)STEPS_SHOWN); i++) {
		const struct uninstall_step *s = &p->steps[i];
		json_array_append_new(
			steps,
			json_pack("{s:o,s:o,s:o,s:o,s:o,s:b,s:I}", "patch", json_text(s->patch),
				  "name", json_text(s->name), "arch", json_text(s->arch), "from",
				  json_text(s->from), "to", json_text(s->to), "recorded",
				  s->recorded, "systems", (json_int_t)s->systems));
	}
	for (size_t i = 0; i < p->n_refusals; i++)
		json_array_append_new(left, json_pack("{s:o,s:s,s:I}", "patch",
						      json_text(p->refusals[i].patch), "reason",
						      p->refusals[i].reason, "systems",
						      (json_int_t)p->refusals[i].systems));
	json_object_set_new(j, "steps", steps);
	json_object_set_new(j, "n_steps", json_integer((json_int_t)p->n_steps));
	json_object_set_new(j, "not_applicable", left);
	return j;
}

static bool preview_deployment(struct call *c, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct deploy_request r;
	struct deploy_preview p;
	struct uninstall_preview back;
	bool uninstall;
	if (!call_body(c, deployment_request_members, &body, e) ||
	    !read_request(c, body, &r, &uninstall, e))
		return false;
	if (uninstall)
		return uninstall_preview(c->conf->deploy, &r, c->arena, &back, e) &&
		       call_json(c, 200, uninstall_json(&back));
	return deploy_preview(c->conf->deploy, &r, &p, e) && call_json(c, 200, preview_json(&p));
}

/* --- one deployment --- */

/* Our own text; null for a deployment that names systems. */
static json_t *aimed_at(const char *text)
{
	json_t *j = NULL;
	return text && json_parse(str_of(text), REQUEST_MAX_BODY, &j, NULL) ? j : json_null();
}

bool deployments_answer(struct call *c, int status, const char *id, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(DEPLOY_REQUEST_MAX + 1);
	struct deployment_row row;
	json_t *request = NULL, *rollout;
	struct deploy_notify notify;
	const char *aim;
	if (!deploy_notify_get(c->conf->deploy, id, c->arena, &notify, e) ||
	    !deploy_get(c->conf->deploy, id, c->arena, &row, e) ||
	    !deploy_aim(c->conf->deploy, id, c->arena, &aim, e) ||
	    !rollouts_json(c, id, &rollout, e))
		return false;
	if (row.state == DEPLOYMENT_DRAFT &&
	    (!deploy_request_text(c->conf->deploy, id, &text, e) ||
	     !json_parse(buf_str(&text), DEPLOY_REQUEST_MAX, &request, e)))
		return false;
	json_t *j = deployment_json(&row);
	json_object_set_new(j, "rollout", rollout);
	json_object_set_new(j, "notify", notify_write(&notify));
	json_object_set_new(j, "aimed_at", aimed_at(aim));
	json_object_set_new(j, "request", request ? request : json_null());
	call_etag(c, row.version);
	return call_json(c, status, j);
}

static const char *const *members_of_both(struct call *c, const char *const *a,
					  const char *const *b)
{
	const char **all = arena_array(c->arena, const char *, 64);
	size_t n = 0;
	for (; *a; a++)
		all[n++] = *a;
	for (; *b; b++)
		all[n++] = *b;
	ASSERT(n < 64);
	all[n] = NULL;
	return all;
}

static bool create_deployment(struct call *c, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct deploy_request r;
	const char *token, *draft = "", *why;
	bool replayed, uninstall;
	char id[33];
	const char *const *known = members_of_both(c, deployment_request_members, create_members);
	if (!call_body(c, known, &body, e) || !idempotency_begin(c, true, &replayed, e))
		return false;
	if (replayed)
		return true;
	if (!json_need_str(body, "preview_token", 1, 64, &token, e) ||
	    !json_opt_str(body, "draft", 32, &draft, e) ||
	    !read_request(c, body, &r, &uninstall, e) || !deployment_chosen(c, body, &r.request, e))
		return false;
	r.draft = draft[0] ? draft : NULL;
	if (!(uninstall ? uninstall_create : deploy_create)(c->conf->deploy, &r, token, id, &why,
							    e))
		return call_code(c, e, ERR_CONFLICT, why);
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", id));
	return call_audit(c, uninstall ? "deployment.uninstall" : "deployment.create", id, NULL,
			  e) &&
	       deployments_answer(c, 201, arena_strdup(c->arena, id), e);
}

static bool get_deployment(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && deployments_answer(c, 200, id, e);
}

/* --- lists from the database: keyset pages in both directions --- */

static void copy_id(char out[static 33], struct str id)
{
	(void)snprintf(out, 33, "%.*s", (int)MIN(id.n, 32), id.p);
}

static bool list_deployments(struct call *c, struct err *e)
{
	struct page_rows p;
	struct deployment_row from = { 0 }, *rows;
	size_t n;
	int64_t total;
	if (!page_rows_read(c, &p, e))
		return false;
	from.created_ms = p.ask.ms;
	copy_id(from.id, str_of(p.ask.id));
	const struct deployment_row *key = p.ask.from ? &from : NULL;
	bool trash = query_bool(&c->query, "trash") > 0;
	bool ok = p.ask.newer ? deploy_list_newer(c->conf->deploy, trash, key, p.ask.limit,
						  c->arena, &rows, &n, e)
			      : deploy_list(c->conf->deploy, trash, key, p.ask.limit, c->arena,
					    &rows, &n, e);
	if (!ok || !deploy_count(c->conf->deploy, trash, &total, e))
		return false;
	page_rows_came(&p, n);
	rows += p.skip;
	json_t *items = json_array();
	for (size_t i = 0; i < p.n; i++)
		json_array_append_new(items, deployment_json(&rows[i]));
	return call_json(
		c, 200,
		page_rows_reply(c, &p, items, total, &rows->created_ms, rows->id, sizeof(*rows)));
}

/* A target's key: hostname and system in one text each, the hostname unclipped. */
static void target_key(struct call *c, const struct target_row *t, struct page_value out[static 1])
{
	out[0] = (struct page_value) {
		.is_text = true, .s = str_of(arena_printf(c->arena, "%s/%s", t->host, t->hostname))
	};
}

static void target_from_key(struct call *c, struct str key, struct target_row *out)
{
	struct str host = { 0 }, rest = key;
	if (str_split(&rest, '/', &host)) {
		copy_id(out->host, host);
		out->hostname = arena_strdup(c->arena, rest.p ? rest.p : "");
	}
}

static bool list_targets(struct call *c, struct err *e)
{
	struct page_position at;
	struct target_row from = { .hostname = arena_strdup(c->arena, "") }, *rows;
	struct deployment_row deployment;
	size_t limit, n;
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !page_read(c, 1, &limit, &at, e) ||
	    !deploy_get(c->conf->deploy, id, c->arena, &deployment, e))
		return false;
	if (at.present)
		target_from_key(c, at.at[0].s, &from);
	int state = query_word(&c->query, "state");
	const struct target_row *key = at.present ? &from : NULL;
	bool ok = at.backward ? deploy_targets_before(c->conf->deploy, id, state, key, limit + 1,
						      c->arena, &rows, &n, e)
			      : deploy_targets(c->conf->deploy, id, state, key, limit + 1, c->arena,
					       &rows, &n, e);
	if (!ok)
		return false;
	bool more = n > limit;
	if (more) {
		rows += at.backward;
		n = limit;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one;
		if (!deployment_target_json(c, id, &rows[i], &one, e)) {
			json_free(items);
			return false;
		}
		json_array_append_new(items, one);
	}
	struct page_value first[1] = { 0 }, last[1] = { 0 };
	if (n) {
		target_key(c, &rows[0], first);
		target_key(c, &rows[n - 1], last);
	}
	int64_t total = state < 0 ? deployment.n_targets : deployment.targets[state];
	return call_json(c, 200,
			 page_reply(items, page_around(c, &at, more, n, first, last, 1, total)));
}

/* --- the patches of one deployment, by id --- */

static json_t *patch_items(struct call *c, char *const *ids, size_t n)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++) {
		uint32_t patch = catalog_find(v.catalog, str_of(ids[i]));
		json_t *one = json_object();
		json_object_set_new(one, "id", json_text(str_of(ids[i])));
		json_object_set_new(one, "patch",
				    patch == CATALOG_NONE
					    ? json_null()
					    : patch_json(c, &v, patch, PATCH_LIST_CVES));
		json_array_append_new(items, one);
	}
	return items;
}

/* How many of them, sorted by the database, come before the key, or are it. */
static size_t patches_until(char *const *ids, size_t n, struct str key, bool with_it)
{
	size_t at = 0;
	while (at < n && !str_eq(str_of(ids[at]), key))
		at++;
	return at < n ? at + with_it : 0;
}

static bool list_patches(struct call *c, struct err *e)
{
	struct page_position at;
	size_t limit, n, start = 0;
	const char *id;
	char **ids;
	struct deployment_row row;
	if (!call_param_id(c, 0, &id, e) || !page_read(c, 1, &limit, &at, e) ||
	    !deploy_get(c->conf->deploy, id, c->arena, &row, e) ||
	    !deploy_patches(c->conf->deploy, id, c->arena, &ids, &n, e) ||
	    !failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	size_t end = n;
	if (at.present && at.backward) {
		end = patches_until(ids, n, at.at[0].s, false);
		start = end > limit ? end - limit : 0;
	} else {
		start = at.present ? patches_until(ids, n, at.at[0].s, true) : 0;
		end = MIN(n, start + limit);
	}
	bool more = at.backward ? start > 0 : end < n;
	struct page_value first[1] = { 0 }, last[1] = { 0 };
	if (end > start) {
		first[0] = (struct page_value) { .is_text = true, .s = str_of(ids[start]) };
		last[0] = (struct page_value) { .is_text = true, .s = str_of(ids[end - 1]) };
	}
	return call_json(
		c, 200,
		page_reply(patch_items(c, ids + start, end - start),
			   page_around(c, &at, more, end - start, first, last, 1, (int64_t)n)));
}

static bool get_log(struct call *c, struct err *e)
{
	const char *id, *system;
	AUTO(buf_done) struct buf text = BUF_INIT(MAX_LOG);
	if (!call_param_id(c, 0, &id, e) || !call_param_id(c, 1, &system, e) ||
	    !deploy_log(c->conf->deploy, id, system, &text, e))
		return false;
	return call_text(c, 200, "text/plain; charset=utf-8", buf_str(&text));
}

static const struct param list_params[] = { PARAMS_LIST,
					    { .name = "trash", .type = PARAM_BOOL },
					    PARAM_LAST };
static const struct param list_of_patches[] = { PARAMS_LIST, PARAM_LAST };
static const struct param target_params[] = {
	PARAMS_LIST,
	{ .name = "state", .type = PARAM_WORD, .word = word_target, .words = TARGET_STATES_ },
	PARAM_LAST
};

const struct route deployments_routes[] = {
	ROUTE(GET, API "/deployments", PERM_VIEW, list_deployments, .query = list_params),
	ROUTE(POST, API "/deployments", PERM_DEPLOY, create_deployment,
	      .max_body = REQUEST_MAX_BODY),
	ROUTE(POST, API "/deployments:preview", PERM_DEPLOY, preview_deployment,
	      .max_body = REQUEST_MAX_BODY),
	ROUTE(GET, API "/deployments/{deployment_id}", PERM_VIEW, get_deployment),
	ROUTE(GET, API "/deployments/{deployment_id}/patches", PERM_VIEW, list_patches,
	      .query = list_of_patches),
	ROUTE(GET, API "/deployments/{deployment_id}/targets", PERM_VIEW, list_targets,
	      .query = target_params),
	ROUTE(GET, API "/deployments/{deployment_id}/targets/{system_id}/log", PERM_VIEW, get_log),
	ROUTE_TABLE_END,
};
