/* SPDX-License-Identifier: Apache-2.0
 * Approval of patches (M-098, M-186, M-187): the settings, what is pending and how that will be
 * decided, and the decisions of people. */
#include "api/approvals.h"
#include "api/api_int.h"
#include "api/failures.h"
#include "api/patch_json.h"
#include "api/patch_list.h"
#include "api/policies.h"
#include "api/selection.h"
#include "deploy/auto/auto.h"

#define APPROVE_MAX_BODY (2u << 20)
#define AUDIT_IDS 20

const char *word_approval(unsigned i)
{
	static const char *const words[] = { "not_approved", "approved", "declined" };
	return i < ARRAY_LEN(words) ? words[i] : NULL;
}

enum approval_state approval_state(struct call *c, const struct match_view *v, uint32_t patch)
{
	if (c->approved && c->approved_of != v->catalog)
		approvals_done(c);
	if (!c->approved) {
		c->approved = approval_approved(c->conf->deploy, v->catalog);
		c->approved_of = v->catalog;
	}
	if (match_is_declined(v, patch))
		return STATE_DECLINED_PATCH;
	return roaring_bitmap_contains(c->approved, patch) ? STATE_APPROVED : STATE_NOT_APPROVED;
}

void approvals_done(struct call *c)
{
	if (c->approved)
		roaring_bitmap_free(c->approved);
	c->approved = NULL;
}

void approval_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into)
{
	struct approval ap;
	json_t *j = json_object();
	approval_of(c->conf->deploy, v->catalog->patches[patch].id, c->arena, &ap);
	json_object_set_new(into, "approval",
			    json_string(word_approval(approval_state(c, v, patch))));
	json_object_set_new(j, "how", json_string(approval_how_name(ap.how)));
	json_object_set_new(j, "by", words_text_or_null(ap.actor));
	json_object_set_new(j, "reason", words_text_or_null(ap.reason));
	json_object_set_new(j, "since", json_time(ap.changed_ms));
	json_object_set_new(into, "approval_detail", j);
}

/* --- settings --- */

static json_t *settings_json(struct call *c)
{
	struct approval_settings s;
	json_t *counts = json_object();
	uint32_t n[APPROVAL_STATES_] = { 0 };
	approval_settings_get(c->conf->deploy, c->arena, &s);
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	for (uint32_t i = 0; i < v.catalog->n_patches; i++)
		if (match_is_declined(&v, i) ? match_count(&v, i, VERDICT_MISSING) > 0
					     : match_due_count(&v, i, VERDICT_MISSING) > 0)
			n[approval_state(c, &v, i)]++;
	for (unsigned i = 0; i < APPROVAL_STATES_; i++)
		json_object_set_new(counts, word_approval(i), json_integer(n[i]));
	json_t *j = approval_settings_write(&s);
	json_object_set_new(j, "missing", counts);
	json_object_set_new(j, "changed", json_time(s.changed_ms));
	json_object_set_new(j, "changed_by", words_text_or_null(s.changed_by));
	return j;
}

static bool get_settings(struct call *c, struct err *e)
{
	(void)e;
	return call_json(c, 200, settings_json(c));
}

static bool read_existing(const json_t *body, enum approval_existing *out, bool *told,
			  struct err *e)
{
	const char *text = "";
	if (!json_opt_str(body, "existing", 20, &text, e))
		return false;
	*told = text[0] != '\0';
	*out = APPROVAL_KEEP;
	for (unsigned i = 0; *told && i < APPROVAL_EXISTING_; i++)
		if (strcmp(approval_existing_name((enum approval_existing)i), text) == 0) {
			*out = (enum approval_existing)i;
			return true;
		}
	return !*told || err_set(e, ERR_INVALID, "'existing' must be keep, approve or unapprove");
}

static bool change_settings(struct call *c, struct err *e)
{
	static const char *const known[] = { "mode", "test", "existing", NULL };
	AUTO(json_free) json_t *body = NULL;
	struct approval_settings s;
	enum approval_existing existing;
	bool told;
	if (!call_body(c, known, &body, e) || !read_existing(body, &existing, &told, e))
		return false;
	(void)json_object_del(body, "existing");
	if (!approval_settings_read(body, c->arena, &s, e) || !policy_known(c, s.policy, e))
		return false;
	if (!told && s.mode != approval_mode_now(c->conf->deploy))
		return call_fail(c, e, 400, "existing_needed",
				 "with another mode 'existing' must say what becomes of the "
				 "patches that are there: keep, approve or unapprove");
	if (!approval_configure(c->conf->deploy, &s, existing, c->who.name, e))
		return false;
	json_t *detail = approval_settings_write(&s);
	json_object_set_new(detail, "existing", json_string(approval_existing_name(existing)));
	return call_audit(c, "approval.change", "", detail, e) &&
	       call_json(c, 200, settings_json(c));
}

/* --- pending --- */

static json_t *decision_json(const struct approval_decision *d)
{
	json_t *j = json_object();
	json_object_set_new(j, "verdict", json_string(approval_verdict_name(d->verdict)));
	json_object_set_new(j, "at", json_time(d->at_ms));
	json_object_set_new(j, "succeeded", json_integer(d->succeeded));
	json_object_set_new(j, "tested", json_integer(d->tested));
	json_object_set_new(j, "needed", json_integer(d->needed));
	return j;
}

static bool list_pending(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct patch_filter f;
	struct list_page page;
	patch_filter_read(c, &f, &c->query, &v);
	f.view = VIEW_MISSING;
	f.approvals = UINT64_C(1) << STATE_NOT_APPROVED;
	if (!list_run(c, &patch_list_kind, &f, (struct list_input) { NULL, v.catalog->n_patches },
		      &page, e))
		return false;
	struct approval_decision *all = arena_array(c->arena, struct approval_decision, page.n + 1);
	json_t *items = json_array();
	AUTO(json_free) json_t *owned = items;
	if (!approval_decisions(c->conf->deploy, &v, page.items, page.n, all, e)) {
		json_free(page.page);
		json_free(page.facets);
		return false;
	}
	for (size_t i = 0; i < page.n; i++) {
		json_t *j = patch_json(c, &v, page.items[i], PATCH_LIST_CVES);
		json_object_set_new(j, "decision", decision_json(&all[i]));
		json_array_append_new(items, j);
	}
	return call_json(c, 200, list_reply(json_incref(items), &page));
}

/* --- decisions of people --- */

static json_t *audit_detail(const char **ids, size_t n, size_t changed, const char *reason)
{
	json_t *j = json_object(), *some = json_array();
	for (size_t i = 0; i < n && i < AUDIT_IDS; i++)
		json_array_append_new(some, json_text(str_of(ids[i])));
	json_object_set_new(j, "chosen", json_integer((int64_t)n));
	json_object_set_new(j, "changed", json_integer((int64_t)changed));
	json_object_set_new(j, "patches", some);
	json_object_set_new(j, "reason", words_text_or_null(reason));
	return j;
}

static bool decide(struct call *c, bool approved, enum approval_how how, const char *verb,
		   struct err *e)
{
	static const char *const known[] = { "patches", "reason", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *reason = "", **ids;
	size_t n, changed;
	if (!call_body(c, known, &body, e) ||
	    !json_opt_str(body, "reason", APPROVAL_REASON_MAX, &reason, e))
		return false;
	const json_t *patches = json_object_get(body, "patches");
	if (!patches)
		return err_set(e, ERR_INVALID, "'patches' is missing");
	if (!selection_patches(c, patches, "/patches", &ids, &n, e) ||
	    !approval_set(c->conf->deploy, ids, n, approved, how, c->who.name, reason, &changed, e))
		return false;
	json_t *j = json_object();
	json_object_set_new(j, "chosen", json_integer((int64_t)n));
	json_object_set_new(j, "changed", json_integer((int64_t)changed));
	AUTO(json_free) json_t *reply = j;
	return call_audit(c, verb, n == 1 ? ids[0] : "", audit_detail(ids, n, changed, reason),
			  e) &&
	       call_json(c, 200, json_incref(reply));
}

static bool approve(struct call *c, struct err *e)
{
	return decide(c, true, APPROVAL_BY_PERSON, "patch.approve", e);
}

static bool unapprove(struct call *c, struct err *e)
{
	return decide(c, false, APPROVAL_BY_PERSON, "patch.unapprove", e);
}

static bool test_again(struct call *c, struct err *e)
{
	return decide(c, false, APPROVAL_NEW, "patch.test_again", e);
}

static const struct param pending_params[] = { PARAMS_SORTED, PARAMS_PATCH_COMMON, PARAM_LAST };

const struct route approvals_routes[] = {
	ROUTE(GET, API "/approval", PERM_VIEW, get_settings),
	ROUTE(PATCH, API "/approval", PERM_DEPLOY, change_settings, .max_body = APPROVE_MAX_BODY),
	ROUTE(GET, API "/approval/pending", PERM_VIEW, list_pending, .query = pending_params),
	ROUTE(POST, API "/patches:approve", PERM_DEPLOY, approve, .max_body = APPROVE_MAX_BODY),
	ROUTE(POST, API "/patches:unapprove", PERM_DEPLOY, unapprove, .max_body = APPROVE_MAX_BODY),
	ROUTE(POST, API "/patches:test-again", PERM_DEPLOY, test_again,
	      .max_body = APPROVE_MAX_BODY),
	ROUTE_TABLE_END,
};
