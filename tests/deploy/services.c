/* SPDX-License-Identifier: Apache-2.0
 * Deployments that restart services: only what the agent's evidence names, never what is protected,
 * an order of its own kind, and its end. */
#include "rig.h"

#define PROCESS(pid, unit, exe)                                                                    \
	"{\"pid\":" pid ",\"unit\":\"" unit "\",\"exe\":\"" exe                                    \
	"\",\"libraries\":[\"/usr/lib/libssl.so.3\"],\"packages\":[\"libssl3\"]}"

static void evidence(struct world *w, int i, const char *processes)
{
	struct err e = { 0 };
	AUTO(xfree) char *health = xasprintf("{\"restart\":[%s]}", processes);
	struct host_attrs attrs = { .hostname = i ? (char[]) { "web2" } : (char[]) { "web1" },
				    .os_id = (char[]) { "debian" },
				    .os_version = (char[]) { "12" },
				    .arch = (char[]) { "amd64" },
				    .health_json = health };
	ok(fleet_contact(w->fleet, w->host[i], &attrs, &e), &e);
}

#define NGINX PROCESS("10", "nginx.service", "/usr/sbin/nginx")
#define NGINX_WORKER PROCESS("11", "nginx.service", "/usr/sbin/nginx")
#define SSH PROCESS("12", "ssh.service", "/usr/sbin/sshd")
#define DBUS PROCESS("13", "dbus.service", "/usr/bin/dbus-daemon")
#define OURS PROCESS("14", "x.service", "/opt/tsukuroi-agent/tsukuroi-agent")
#define SHELL PROCESS("15", "session-1.scope", "/bin/bash")

static int rig(void **state)
{
	assert_int_equal(setup(state), 0);
	evidence(*state, 0, NGINX "," NGINX_WORKER "," SSH "," DBUS "," OURS "," SHELL);
	return 0;
}

/* The deployment's id in id_out, or why there is none. */
static const char *restart(struct world *w, size_t n_systems, const char *const *services, size_t n,
			   char id_out[static 33])
{
	struct deploy_restart_request r = { .systems = w->id,
					    .n_systems = n_systems,
					    .services = services,
					    .n_services = n,
					    .policy = POLICY_ANYTIME,
					    .created_by = "t" };
	struct err e = { 0 };
	const char *why;
	if (deploy_restart(w->deploy, &r, id_out, &why, &e))
		return "";
	assert_true(e.msg[0]);
	return e.code == ERR_CONFLICT ? why : err_code_name(e.code);
}

static const char *const nginx[] = { "nginx.service", "ssh.service" };

static void all_that_may_be_restarted(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	assert_string_equal(restart(w, 2, NULL, 0, id), "");
	assert_int_equal(get(w, id, &a).operation, DEPLOYMENT_RESTART_SERVICES);
	assert_int_equal(get(w, id, &a).n_targets, 1); /* the second has nothing to restart */
	assert_string_equal(target(w, id, &a).services, "nginx.service ssh.service");
	assert_int_equal(w->woken, 1);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_true(order_restarts(&o) && str_is(o.action, ORDER_RESTART_SERVICES));
	assert_int_equal(o.n_units, 2);
	assert_true(str_is(o.units[0], "nginx.service") && str_is(o.units[1], "ssh.service"));
	assert_true(o.seq == 1 && o.epoch == 1 && o.n_packages == 0 && o.n_archives == 0);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1); /* the same again, not another one */
	assert_true(str_eq(opened(w, list[0], &a).id, o.id));
	assert_int_equal(target(w, id, &a).state, TARGET_INSTALLING);
}

static void refused_are_names_out_of_the_evidence_and_protected_ones(void **state)
{
	static const struct {
		const char *name, *why;
	} cases[] = {
		{ "cron.service", "nothing_to_restart" },
		{ "x.service", "nothing_to_restart" }, /* the agent, by another name */
		{ "dbus.service", "service_protected" },
		{ "tsukuroi-agent.service", "service_protected" },
		{ "session-1.scope", "invalid" },
		{ "--help.service", "invalid" },
	};
	struct world *w = *state;
	char id[33];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *names[] = { "nginx.service", cases[i].name };
		assert_string_equal(restart(w, 2, names, 2, id), cases[i].why);
	}
	evidence(w, 0, DBUS "," OURS "," SHELL);
	assert_string_equal(restart(w, 2, NULL, 0, id), "nothing_to_restart");
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	int64_t n;
	ok(deploy_count(w->deploy, false, &n, &e), &e);
	assert_int_equal(n, 0);
}

static void an_order_holds_what_is_still_in_evidence(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	assert_string_equal(restart(w, 1, nginx, 2, id), "");
	evidence(w, 0, SSH);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.n_units, 1);
	assert_true(str_is(o.units[0], "ssh.service"));
}

static void what_was_restarted_meanwhile_needs_no_order(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	assert_string_equal(restart(w, 1, nginx, 1, id), "");
	evidence(w, 0, SSH);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_string_equal(target(w, id, &a).reason, "already_restarted");
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
}

static void its_result_is_the_end(void **state)
{
	static const struct {
		const char *outcome, *reason;
		enum target_state state;
	} cases[] = {
		{ "succeeded", "restarted", TARGET_SUCCEEDED },
		{ "failed", "restart_failed", TARGET_FAILED },
		{ "failed", "still_old", TARGET_FAILED },
		{ "refused", "not_in_evidence", TARGET_FAILED },
		{ "refused", "protected_unit", TARGET_FAILED },
	};
	struct world *w = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct err e = { 0 };
		char id[33], **list;
		const char *decision, *reason;
		assert_string_equal(restart(w, 1, nginx, 1, id), "");
		assert_int_equal(orders(w, 0, i, &a, &list), 1);
		struct order o = opened(w, list[0], &a);
		const char *order = arena_str(&a, o.id).p;
		/* an agent that claims to need packages for it gets none */
		struct plan_step step = { STR_LIT("openssl"), STR_LIT("amd64"), STR_LIT(""),
					  STR_LIT("3.0.2-1"), STR_LIT("install") };
		assert_false(deploy_plan(w->deploy, w->host[0], order, &step, 1, &decision, &reason,
					 &e));
		assert_int_equal(e.code, ERR_CONFLICT);
		struct deploy_result r = result_of(order, cases[i].outcome, cases[i].reason);
		ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
		assert_int_equal(target(w, id, &a).state, cases[i].state);
		assert_string_equal(target(w, id, &a).reason, cases[i].reason);
		assert_int_equal(orders(w, 0, i + 1, &a, &list), 0); /* nothing runs twice */
	}
}

static void cancelled_before_it_is_handed_out(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	assert_string_equal(restart(w, 1, nginx, 2, id), "");
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_CANCELLED);
}

static int group(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig, teardown)
	const struct CMUnitTest tests[] = {
		CASE(all_that_may_be_restarted),
		CASE(refused_are_names_out_of_the_evidence_and_protected_ones),
		CASE(an_order_holds_what_is_still_in_evidence),
		CASE(what_was_restarted_meanwhile_needs_no_order),
		CASE(its_result_is_the_end),
		CASE(cancelled_before_it_is_handed_out),
	};
	return cmocka_run_group_tests_name("deploy/services AC-03", tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
