/* SPDX-License-Identifier: Apache-2.0
 * Mails to administrators: what waits, was sent or given up, and trying the mail server. Its
 * settings are ordinary settings (settings.c); nothing here ever shows a secret. */
#include "api/api_int.h"
#include "api/page.h"
#include "api/words.h"
#include "format/mail_address.h"
#include "mail/mail.h"

static json_t *row_json(const struct mail_row *r)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(r->id));
	json_object_set_new(j, "created", json_time(r->at_ms));
	json_object_set_new(j, "about", json_string(r->about));
	json_object_set_new(j, "about_id", json_text(str_of(r->subject_id)));
	json_object_set_new(j, "to", json_text(str_of(r->to)));
	json_object_set_new(j, "subject", json_text(str_of(r->subject)));
	json_object_set_new(j, "state", json_string(mail_state_name(r->state)));
	json_object_set_new(j, "attempts", json_integer(r->attempts));
	json_object_set_new(j, "next_attempt",
			    r->state == MAIL_WAITING ? json_time(r->next_ms) : json_null());
	json_object_set_new(j, "ended", r->ended_ms ? json_time(r->ended_ms) : json_null());
	json_object_set_new(j, "error", words_text_or_null(r->error));
	return j;
}

static bool list_mails(struct call *c, struct err *e)
{
	struct page_rows p;
	struct mail_row *rows;
	size_t n;
	int64_t counts[MAIL_STATES_], total = 0;
	if (!page_rows_read(c, &p, e) ||
	    !mail_list(c->conf->mail, &p.ask, c->arena, &rows, &n, counts, e))
		return false;
	page_rows_came(&p, n);
	rows += p.skip;
	json_t *items = json_array(), *by_state = json_object();
	for (size_t i = 0; i < p.n; i++)
		json_array_append_new(items, row_json(&rows[i]));
	for (int s = 0; s < MAIL_STATES_; s++) {
		total += counts[s];
		json_object_set_new(by_state, mail_state_name((enum mail_state)s),
				    json_integer(counts[s]));
	}
	json_t *j = page_rows_reply(c, &p, items, total, &rows->at_ms, rows->id, sizeof(*rows));
	json_object_set_new(j, "configured", json_boolean(mail_configured(c->conf->mail)));
	json_object_set_new(j, "by_state", by_state);
	return call_json(c, 200, j);
}

static bool retry_mail(struct call *c, struct err *e)
{
	const char *id;
	struct mail_row row;
	return call_param_id(c, 0, &id, e) && mail_again(c->conf->mail, id, e) &&
	       call_audit(c, "mail.retry", id, NULL, e) &&
	       mail_get(c->conf->mail, id, c->arena, &row, e) && call_json(c, 200, row_json(&row));
}

static bool answer_try(struct call *c, int status, const char *id, struct err *e)
{
	struct mail_try t;
	if (!mail_try_get(c->conf->mail, id, c->arena, &t, e))
		return false;
	json_t *j = json_object(), *lines = json_array();
	for (size_t i = 0; i < t.n_lines; i++)
		json_array_append_new(lines, json_text(str_of(t.lines[i])));
	json_object_set_new(j, "id", json_string(t.id));
	json_object_set_new(j, "to", json_text(str_of(t.to)));
	json_object_set_new(j, "state", json_string(mail_try_state_name(t.state)));
	json_object_set_new(j, "started", json_time(t.started_ms));
	json_object_set_new(j, "ended", t.ended_ms ? json_time(t.ended_ms) : json_null());
	json_object_set_new(j, "error", words_text_or_null(t.error));
	json_object_set_new(j, "transcript", lines);
	return call_json(c, status, j);
}

static bool start_try(struct call *c, struct err *e)
{
	static const char *const known[] = { "to", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *to = "";
	char id[33];
	if (!call_body(c, known, &body, e) || !json_opt_str(body, "to", MAIL_ADDRESS_MAX, &to, e))
		return false;
	if (!mail_address_ok(str_of(to))) {
		call_blame(c, "/to", "invalid", "an e-mail address such as 'you@example.org'");
		return call_fail(c, e, 400, "invalid",
				 "'to' must be an e-mail address such as 'you@example.org'");
	}
	if (!mail_try_start(c->conf->mail, to, id, e))
		return e->code == ERR_INVALID ? call_fail(c, e, 409, "mail_settings", "%s",
							  arena_strdup(c->arena, e->msg))
					      : false;
	json_t *detail = json_object();
	json_object_set_new(detail, "to", json_text(str_of(to)));
	return call_audit(c, "mail.test", id, detail, e) && answer_try(c, 202, id, e);
}

static bool get_try(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && answer_try(c, 200, id, e);
}

static const struct param list_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route mails_routes[] = {
	ROUTE(GET, API "/mails", PERM_SETTINGS, list_mails, .query = list_params),
	ROUTE(POST, API "/mails/{mail_id}:retry", PERM_SETTINGS, retry_mail),
	ROUTE(POST, API "/mail-tests", PERM_SETTINGS, start_try, .max_body = 4096),
	ROUTE(GET, API "/mail-tests/{test_id}", PERM_SETTINGS, get_try),
	ROUTE_TABLE_END,
};
