/* SPDX-License-Identifier: Apache-2.0
 * Offices and enrolment tokens: how systems come in. */
#include "api/api_int.h"
#include "api/list.h"
#include "api/words.h"
#include "fleet/roster.h"

#define SMALL_BODY (16u << 10)
#define OFFICE_LOCAL "local"

/* --- offices --- */

struct office {
	uint32_t systems, online;
};
/* By number of the office's word. */
static struct office *count_offices(struct call *c, const struct roster *r)
{
	struct roster_columns all;
	roster_columns(r, &all);
	const uint32_t *office = all.word[ROSTER_OFFICE];
	struct office *rows = arena_array(c->arena, struct office, roster_words(r, ROSTER_OFFICE));
	for (uint32_t h = 0; h < all.n; h++) {
		bool active = all.state[h] == HOST_ACTIVE;
		rows[office[h]].systems += active;
		rows[office[h]].online += active && all.online[h];
	}
	return rows;
}

static json_t *office_name(struct str id)
{
	bool local = str_is(id, OFFICE_LOCAL);
	json_t *j = json_object();
	json_object_set_new(j, "en", local ? json_string("Local office") : json_text(id));
	json_object_set_new(j, "ja", local ? json_string("ローカルオフィス") : json_text(id));
	return j;
}

static json_t *office_json(struct str id, const struct office *o)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(id));
	json_object_set_new(j, "name", office_name(id));
	json_object_set_new(j, "systems", json_integer(o->systems));
	json_object_set_new(j, "online", json_integer(o->online));
	return j;
}

/* An office on the list. */
struct shown_office {
	struct str id;
	struct office count;
};
enum { BY_ID, BY_LOCAL };

static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct shown_office *o = &((struct shown_office *)arg)[item];
	*out = (struct page_value) { .is_text = column == BY_ID,
				     .i = str_is(o->id, OFFICE_LOCAL),
				     .s = o->id };
}

static const char *const columns[] = { "id", "local", NULL };
static const struct list_kind kind = { .columns = columns,
				       .default_sort = "-local",
				       .value = value };

/* The local office is there before it has a system, and comes first. */
static bool list_offices(struct call *c, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct roster *r = fleet_roster(v.fleet);
	const struct office *rows = count_offices(c, r);
	uint32_t words = roster_words(r, ROSTER_OFFICE), n = 1;
	struct shown_office *all = arena_array(c->arena, struct shown_office, words + 1);
	struct list_page page;
	all[0].id = STR_LIT(OFFICE_LOCAL);
	for (uint32_t i = 0; i < words; i++) {
		struct str id = roster_word(r, ROSTER_OFFICE, i);
		if (str_is(id, OFFICE_LOCAL))
			all[0].count = rows[i];
		else if (rows[i].systems > 0)
			all[n++] = (struct shown_office) { id, rows[i] };
	}
	if (!list_run(c, &kind, all, (struct list_input) { NULL, n }, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(
			items, office_json(all[page.items[i]].id, &all[page.items[i]].count));
	return call_json(c, 200, list_reply(items, &page));
}

/* --- tokens --- */

static const char *token_state(const struct enrol_token *t, int64_t now_ms)
{
	if (t->revoked)
		return "revoked";
	if (t->expires_ms <= now_ms)
		return "expired";
	return t->uses >= t->max_uses ? "used_up" : "usable";
}

static json_t *token_json(const struct enrol_token *t, int64_t now_ms)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(t->id));
	json_object_set_new(j, "office", json_text(str_of(t->office)));
	json_object_set_new(j, "label", json_text(str_of(t->label)));
	json_object_set_new(j, "created", json_time(t->created_ms));
	json_object_set_new(j, "expires", json_time(t->expires_ms));
	json_object_set_new(j, "max_uses", json_integer(t->max_uses));
	json_object_set_new(j, "uses", json_integer(t->uses));
	json_object_set_new(j, "state", json_string(token_state(t, now_ms)));
	return j;
}

static bool list_enrolment_tokens(struct call *c, struct err *e)
{
	struct page_rows p;
	struct enrol_token *list;
	size_t n;
	int64_t total;
	if (!page_rows_read(c, &p, e) ||
	    !auth_enrol_token_list(c->conf->auth, &p.ask, c->arena, &list, &n, &total, e))
		return false;
	page_rows_came(&p, n);
	list += p.skip;
	json_t *items = json_array();
	for (size_t i = 0; i < p.n; i++)
		json_array_append_new(items, token_json(&list[i], c->now_ms));
	return call_json(
		c, 200,
		page_rows_reply(c, &p, items, total, &list->created_ms, list->id, sizeof(*list)));
}

/* "{url}" and "{token}" replaced. */
static char *command(struct call *c, const char *template, const char *token)
{
	AUTO(buf_done) struct buf b = BUF_INIT(8192);
	for (const char *p = template; *p;) {
		if (strncmp(p, "{url}", 5) == 0) {
			buf_adds(&b, c->conf->agent_url);
			p += 5;
		} else if (strncmp(p, "{token}", 7) == 0) {
			buf_adds(&b, token);
			p += 7;
		} else {
			buf_addc(&b, *p++);
		}
	}
	ASSERT(!b.overflowed);
	return arena_strdup(c->arena, buf_str(&b).p);
}

static json_t *install_json(struct call *c, const char *token)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->conf->n_installers; i++) {
		json_t *j = json_object();
		json_object_set_new(j, "platform", json_string(c->conf->installers[i].platform));
		json_object_set_new(j, "command",
				    json_string(command(c, c->conf->installers[i].command, token)));
		json_array_append_new(list, j);
	}
	return list;
}

static bool good_office(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-'))
			return false;
	return *s != '\0';
}

static bool create_enrolment_token(struct call *c, struct err *e)
{
	static const char *const known[] = { "office", "label", "expires_in_s", "max_uses", NULL };
	const char *office = OFFICE_LOCAL, *label = "";
	int64_t ttl_s = 7 * 24 * 3600, max_uses = 1;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) || !json_opt_str(body, "office", 32, &office, e) ||
	    !json_opt_str(body, "label", 100, &label, e) ||
	    !json_opt_int(body, "expires_in_s", 300, 365 * 24 * 3600, &ttl_s, e) ||
	    !json_opt_int(body, "max_uses", 1, 1000000, &max_uses, e))
		return false;
	if (!good_office(office))
		return err_set(e, ERR_INVALID, "'office' must be small letters, digits and '-'");
	char secret[64], pin[SHA256_HEX];
	struct enrol_token t;
	if (!auth_enrol_token_new(c->conf->auth, office, label, ttl_s, max_uses, c->who.name,
				  secret, &t, e) ||
	    !call_audit(c, "enrolment_token.create", t.id, token_json(&t, c->now_ms), e))
		return false;
	struct sha256 ca_pin = x509_ca_pin(c->conf->ca);
	const char *token = arena_printf(c->arena, "tsk1.%s.%s.%s", t.id, secret,
					 digest_hex(&ca_pin, pin));
	json_t *j = json_object();
	json_object_set_new(j, "enrolment_token", token_json(&t, c->now_ms));
	json_object_set_new(j, "token", json_string(token));
	json_object_set_new(j, "server_url", json_string(c->conf->agent_url));
	json_object_set_new(j, "install", install_json(c, token));
	return call_json(c, 201, j);
}

static bool revoke_enrolment_token(struct call *c, struct err *e)
{
	return auth_enrol_token_revoke(c->conf->auth, call_param(c, 0), e) &&
	       call_audit(c, "enrolment_token.revoke", call_param(c, 0), NULL, e) &&
	       call_no_content(c);
}

static const struct param list_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route enrolment_routes[] = {
	ROUTE(GET, API "/offices", PERM_VIEW, list_offices, .query = list_params),
	ROUTE(GET, API "/enrolment-tokens", PERM_AGENTS, list_enrolment_tokens,
	      .query = list_params),
	ROUTE(POST, API "/enrolment-tokens", PERM_AGENTS, create_enrolment_token,
	      .max_body = SMALL_BODY),
	ROUTE(DELETE, API "/enrolment-tokens/{token_id}", PERM_AGENTS, revoke_enrolment_token),
	ROUTE_TABLE_END,
};
