/* SPDX-License-Identifier: Apache-2.0
 * Deployments that restart services. Invariant: a target's services are fixed when it is made, from
 * the evidence of then; an order holds those of them that the evidence still names. The root half
 * of the agent looks for itself and has the last word. */
#include "deploy/deploy_int.h"
#include "deploy/orders/policy.h"
#include "format/json.h"
#include "proto/units.h"

#include <stdio.h>

#define EVIDENCE_MAX (256u << 10)
#define NAME_MAX_BYTES 160

static bool is_among(const struct str *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i], s))
			return true;
	return false;
}

static struct str member(const json_t *entry, const char *key)
{
	const json_t *v = json_object_get(entry, key);
	return (struct str) { json_is_string(v) ? json_string_value(v) : "",
			      json_string_length(v) };
}

/* The services that the host's last evidence calls to be restarted, each once, in `a`; one of whose
 * processes only a reboot helps is none. */
static size_t in_evidence(const struct host *h, struct arena *a, struct str **out)
{
	AUTO(json_free) json_t *evidence = NULL;
	const json_t *restart, *x;
	size_t i, n = 0, n_not = 0;
	*out = NULL;
	if (!h->attrs.health_json ||
	    !json_parse(str_of(h->attrs.health_json), EVIDENCE_MAX, &evidence, NULL))
		return 0;
	restart = json_object_get(evidence, "restart");
	struct str *list = arena_array(a, struct str, json_array_size(restart) + 1);
	struct str *not = arena_array(a, struct str, json_array_size(restart) + 1);
	json_array_foreach(restart, i, x)
	{
		struct str unit = member(x, "unit");
		if (unit_remedy_of(json_integer_value(json_object_get(x, "pid")), unit,
				   member(x, "exe")) != UNIT_RESTART)
			not [n_not++] = arena_str(a, unit);
		else if (!is_among(list, n, unit))
			list[n++] = arena_str(a, unit);
	}
	size_t kept = 0;
	for (i = 0; i < n; i++)
		if (!is_among(not, n_not, list[i]))
			list[kept++] = list[i];
	*out = list;
	return MIN(kept, (size_t)ORDER_MAX_UNITS);
}

void services_left(const struct host *h, struct str wanted, struct arena *a, struct order_set *out)
{
	struct str *have, unit;
	size_t n = in_evidence(h, a, &have);
	out->units = arena_array(a, struct str, n + 1);
	while (str_split(&wanted, ' ', &unit))
		if (out->n_units < n && is_among(have, n, unit) &&
		    !is_among(out->units, out->n_units, unit))
			out->units[out->n_units++] = unit;
}

/* --- creating -----------------------------------------------------------------------------------
 */

struct creation {
	const struct deploy_restart_request *r;
	char name[NAME_MAX_BYTES];
	struct errand errand;
};

static bool check_names(const struct deploy_restart_request *r, const char **why_out, struct err *e)
{
	for (size_t i = 0; i < r->n_services; i++) {
		struct str unit = str_of(r->services[i]);
		if (!unit_is_service(unit))
			return err_set(e, ERR_INVALID, "'%.100s' is not the name of a service",
				       r->services[i]);
		if (unit_remedy_of(0, unit, STR_LIT("")) != UNIT_RESTART) {
			*why_out = "service_protected";
			return err_set(e, ERR_CONFLICT,
				       "'%.100s' is never restarted from here; reboot the system",
				       r->services[i]);
		}
	}
	return true;
}

/* The host's services of the request with blanks between; "" = none. Those named are noted as seen.
 */
static char *units_of(const struct deploy_restart_request *r, const struct host *h, bool *seen,
		      struct arena *a)
{
	AUTO(buf_done) struct buf b = BUF_INIT(ORDER_MAX_UNITS * (UNIT_NAME_MAX + 1));
	struct str *have;
	size_t n = in_evidence(h, a, &have);
	for (size_t i = 0; i < n; i++) {
		bool wanted = !r->n_services;
		for (size_t k = 0; k < r->n_services; k++)
			if (str_is(have[i], r->services[k]))
				wanted = seen[k] = true;
		if (wanted)
			buf_printf(&b, "%s%.*s", b.n ? " " : "", STR_ARG(have[i]));
	}
	return arena_strdup(a, b.n ? b.p : "");
}

static bool gather(const struct match_view *v, struct creation *c, struct arena *a, struct err *e)
{
	const struct deploy_restart_request *r = c->r;
	bool *seen = arena_array(a, bool, r->n_services + 1);
	memset(seen, 0, r->n_services + 1);
	struct errand *k = &c->errand;
	k->targets = arena_array(a, struct errand_target, r->n_systems + 1);
	for (size_t i = 0; i < r->n_systems; i++) {
		const struct host *h = fleet_host_by_id(v->fleet, str_of(r->systems[i]));
		char *units = h && h->state == HOST_ACTIVE ? units_of(r, h, seen, a) : NULL;
		if (units && units[0])
			k->targets[k->n++] = (struct errand_target) { h, units };
	}
	for (size_t i = 0; i < r->n_services; i++)
		if (!seen[i])
			return err_set(
				e, ERR_CONFLICT,
				"'%.100s' runs no replaced files on the chosen systems, as far as their agents have told",
				r->services[i]);
	return k->n ||
	       err_set(e, ERR_CONFLICT, "no service of the chosen systems is to be restarted");
}

static void name_it(struct creation *c)
{
	const struct errand *k = &c->errand;
	char when[CLOCK_RFC3339_LEN];
	struct str rest = str_of(k->targets[0].units), first;
	size_t more = 0;
	clock_rfc3339(k->now_ms, when);
	(void)str_split(&rest, ' ', &first);
	for (size_t i = 0; i < rest.n; i++)
		more += rest.p[i] == ' ';
	more += rest.n > 0;
	if (more)
		snprintf(c->name, sizeof(c->name), "%.16s %.*s +%zu", when, (int)MIN(first.n, 100),
			 first.p, more);
	else
		snprintf(c->name, sizeof(c->name), "%.16s %.*s", when, (int)MIN(first.n, 100),
			 first.p);
}

static bool create_in_view(struct deploy *d, const struct match_view *v, struct creation *k,
			   struct arena *a, const char **why_out, struct err *e)
{
	if (!gather(v, k, a, e)) {
		*why_out = "nothing_to_restart";
		return false;
	}
	name_it(k);
	k->errand.name = k->name;
	return errand_create(d, &k->errand, e);
}

bool deploy_restart(struct deploy *d, const struct deploy_restart_request *r,
		    char id_out[static 33], const char **why_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct policy p;
	char id[33];
	*why_out = "conflict";
	if (!check_names(r, why_out, e) ||
	    (strcmp(r->policy, POLICY_ANYTIME) != 0 && !policy_get(d, r->policy, &a, &p, e)))
		return false;
	deploy_new_id(id);
	struct creation k = { .r = r,
			      .errand = { .operation = DEPLOYMENT_RESTART_SERVICES,
					  .id = id,
					  .policy = r->policy,
					  .created_by = r->created_by,
					  .now_ms = clock_now_ms(d->conf.clock) } };
	struct match_view v;
	match_read(d->conf.match, &v);
	bool ok = create_in_view(d, &v, &k, &a, why_out, e);
	match_read_end(&v);
	if (!ok)
		return false;
	memcpy(id_out, id, sizeof(id));
	d->conf.changed(d->conf.arg, id);
	return true;
}
