/* SPDX-License-Identifier: Apache-2.0
 * Offices and enrolment tokens: how systems come in. */
#include "api/api_int.h"
#include "api/words.h"
#include "base/intern.h"
#include "base/vec.h"

#define SMALL_BODY (16u << 10)
#define OFFICE_LOCAL "local"

/* --- offices --- */

struct office {
	uint32_t systems, online;
};
struct offices {
	const struct fleet *fleet;
	struct intern *names;
	VEC(struct office) rows;
};

static struct office *office_row(struct offices *o, struct str name)
{
	uint32_t no = intern_add(o->names, name);
	if (no == o->rows.n)
		VEC_PUSH(&o->rows, ((struct office) { 0 }));
	return &o->rows.p[no];
}

static bool visit(uint32_t host, void *arg)
{
	struct offices *o = arg;
	const struct host *h = fleet_host(o->fleet, host);
	struct office *row = office_row(o, str_of(h->office));
	row->systems++;
	row->online += h->online;
	return true;
}

static json_t *office_name(struct str id)
{
	bool local = str_is(id, OFFICE_LOCAL);
	json_t *j = json_object();
	json_object_set_new(j, "en", local ? json_string("Local office") : json_text(id));
	json_object_set_new(j, "ja", local ? json_string("ローカルオフィス") : json_text(id));
	return j;
}

static bool list_offices(struct call *c, struct err *e)
{
	(void)e;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct offices o = { .fleet = v.fleet, .names = intern_new() };
	(void)office_row(&o, STR_LIT(OFFICE_LOCAL));
	roaring_iterate(fleet_active(v.fleet), visit, &o);
	json_t *items = json_array(), *j = json_object();
	for (uint32_t i = 0; i < o.rows.n; i++) {
		json_t *one = json_object();
		json_object_set_new(one, "id", json_text(intern_get(o.names, i)));
		json_object_set_new(one, "name", office_name(intern_get(o.names, i)));
		json_object_set_new(one, "systems", json_integer(o.rows.p[i].systems));
		json_object_set_new(one, "online", json_integer(o.rows.p[i].online));
		json_array_append_new(items, one);
	}
	intern_free(o.names);
	VEC_DONE(&o.rows);
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
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
	AUTO(xfree) struct enrol_token *tokens = NULL;
	size_t n;
	if (!auth_enrol_token_list(c->conf->auth, &tokens, &n, e))
		return false;
	json_t *items = json_array(), *j = json_object();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, token_json(&tokens[i], c->now_ms));
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
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

const struct route enrolment_routes[] = {
	ROUTE(GET, API "/offices", PERM_VIEW, list_offices),
	ROUTE(GET, API "/enrolment-tokens", PERM_AGENTS, list_enrolment_tokens),
	ROUTE(POST, API "/enrolment-tokens", PERM_AGENTS, create_enrolment_token,
	      .max_body = SMALL_BODY),
	ROUTE(DELETE, API "/enrolment-tokens/{token_id}", PERM_AGENTS, revoke_enrolment_token),
	ROUTE_TABLE_END,
};
