/* SPDX-License-Identifier: Apache-2.0
 * openapi.yaml against the route table, both ways: every path and method, and the query parameters
 * of each. The file is written by hand in one style, so a reader of lines is enough; what it does
 * not understand fails the test. */
#include "api/api_int.h"
#include "api/openapi.h"
#include "api/query.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct operation {
	char path[200];
	enum route_method method;
	char params[24][40]; /* query parameters */
	int n_params;
	bool matched;
};
static struct operation ops[200];
static int n_ops;
/* components/parameters: name in the file -> query parameter's name ("" = not a query parameter) */
static struct {
	char ref[40], name[40];
} refs[60];
static int n_refs;

static bool cut(struct str line, const char *before, const char *until, char *out, size_t size)
{
	const char *p = memmem(line.p, line.n, before, strlen(before));
	if (!p)
		return false;
	p += strlen(before);
	size_t n = 0;
	while (p + n < line.p + line.n && !strchr(until, p[n]))
		n++;
	assert_true(n < size);
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static bool has(struct str line, const char *s)
{
	return memmem(line.p, line.n, s, strlen(s)) != NULL;
}

static int indent(struct str line)
{
	int n = 0;
	while (n < (int)line.n && line.p[n] == ' ')
		n++;
	return n;
}

static void read_refs(struct str text)
{
	struct str line;
	bool inside = false;
	while (str_line(&text, &line)) {
		if (line.n == 0)
			continue;
		if (indent(line) == 2)
			inside = str_starts(line, "  parameters:");
		if (!inside || indent(line) != 4)
			continue;
		assert_true(cut((struct str) { line.p + 4, line.n - 4 }, "", ":", refs[n_refs].ref,
				sizeof(refs[0].ref)));
		if (has(line, "in: query"))
			assert_true(
				cut(line, "name: ", ",", refs[n_refs].name, sizeof(refs[0].name)));
		n_refs++;
	}
}

static void add_param(struct operation *op, struct str line)
{
	char ref[60], name[40];
	if (cut(line, "#/components/parameters/", "\"", ref, sizeof(ref))) {
		for (int i = 0; i < n_refs; i++)
			if (strcmp(refs[i].ref, ref) == 0 && refs[i].name[0])
				(void)snprintf(op->params[op->n_params++], 40, "%s", refs[i].name);
	} else if (has(line, "in: query") && cut(line, "name: ", ",", name, sizeof(name))) {
		(void)snprintf(op->params[op->n_params++], 40, "%s", name);
	}
}

static void read_operations(struct str text)
{
	struct str line;
	char path[200] = "", word[200];
	struct operation *op = NULL;
	bool paths = false, root = false;
	while (str_line(&text, &line)) {
		if (line.n == 0 || line.p[indent(line)] == '#')
			continue;
		if (indent(line) == 0)
			paths = str_is(line, "paths:");
		if (!paths || indent(line) == 0)
			continue;
		if (indent(line) == 2) {
			(void)snprintf(path, sizeof(path), "%.*s", (int)line.n - 3, line.p + 2);
			op = NULL;
			root = false;
		} else if (indent(line) == 4) {
			root |= str_starts(line, "    servers: [{ url: / }]");
			(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(line.p + 4, ":"),
				       line.p + 4);
			for (char *p = word; *p; p++)
				*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
			op = NULL;
			if (route_method_parse(word) == ROUTE_END)
				continue;
			op = &ops[n_ops++];
			op->method = route_method_parse(word);
			(void)snprintf(op->path, sizeof(op->path), "%s%.150s", root ? "" : API,
				       path);
		} else if (op && indent(line) >= 6) {
			add_param(op, line);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	read_refs(openapi_text());
	read_operations(openapi_text());
	return n_ops < 40;
}

static bool described(const struct operation *op, const char *param)
{
	for (int i = 0; i < op->n_params; i++)
		if (strcmp(op->params[i], param) == 0)
			return true;
	return false;
}

static int compare_params(const struct operation *op, const struct route *r)
{
	int wrong = 0, known = 0;
	for (const struct param *p = r->query; p && p->type != PARAM_END; p++, known++)
		if (!described(op, p->name)) {
			print_error("%s %s takes '%s', which openapi.yaml does not describe\n",
				    route_method_name(r->method), r->pattern, p->name);
			wrong++;
		}
	if (!wrong && known != op->n_params) {
		print_error(
			"%s %s: openapi.yaml describes %d query parameters, the route takes %d\n",
			route_method_name(r->method), r->pattern, op->n_params, known);
		wrong++;
	}
	return wrong;
}

/* A25: the route table and the documentation are equal. */
static void A25_every_route_is_described_and_every_description_is_routed(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t t = 0; api_tables[t]; t++)
		for (const struct route *r = api_tables[t]; r->method != ROUTE_END; r++) {
			bool found = strcmp(r->pattern, "*") == 0; /* the console's files */
			for (int i = 0; i < n_ops && !found; i++)
				if (ops[i].method == r->method &&
				    strcmp(ops[i].path, r->pattern) == 0) {
					found = ops[i].matched = true;
					wrong += compare_params(&ops[i], r);
				}
			if (!found) {
				print_error("%s %s is not in openapi.yaml\n",
					    route_method_name(r->method), r->pattern);
				wrong++;
			}
		}
	for (int i = 0; i < n_ops; i++)
		if (!ops[i].matched) {
			print_error("%s %s of openapi.yaml is not routed\n",
				    route_method_name(ops[i].method), ops[i].path);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

static int count_public(const struct route *const *tables)
{
	int n = 0;
	for (size_t t = 0; tables[t]; t++)
		for (const struct route *r = tables[t]; r->method != ROUTE_END; r++) {
			assert_true(r->permission > PERM_UNDECLARED &&
				    r->permission < PERMISSIONS_);
			assert_non_null(r->handler);
			assert_true(r->method != ROUTE_GET || r->max_body == 0);
			bool in_public = tables[t] == public_routes ||
					 tables[t] == public_agent_routes;
			assert_int_equal(r->permission == PERM_PUBLIC, in_public);
			n += in_public;
		}
	return n;
}

static void A25_at_most_six_routes_need_no_identity(void **state)
{
	(void)state;
	assert_true(count_public(api_tables) + count_public(api_agent_tables) <= 6);
}

static void the_most_specific_pattern_decides(void **state)
{
	(void)state;
	static const struct {
		enum route_method method;
		const char *path, *pattern; /* NULL = none */
		const char *param;
	} cases[] = {
		{ ROUTE_GET, "/api/v1/patches", "/api/v1/patches", "" },
		{ ROUTE_GET, "/api/v1/patches/debian:12:a:1%2", "/api/v1/patches/{patch_id}",
		  "debian:12:a:1%2" },
		{ ROUTE_POST, "/api/v1/deployments/abc:cancel",
		  "/api/v1/deployments/{deployment_id}:cancel", "abc" },
		{ ROUTE_GET, "/api/v1/deployments/abc:cancel", NULL, "" },
		{ ROUTE_POST, "/api/v1/deployments/:cancel", NULL, "" },
		{ ROUTE_POST, "/api/v1/systems:scan", "/api/v1/systems:scan", "" },
		{ ROUTE_GET, "/api/v1/nothing", "*", "" },
		{ ROUTE_POST, "/api/v1/nothing", NULL, "" },
		{ ROUTE_GET, "/", "*", "" },
		{ ROUTE_GET, "/healthz", "/healthz", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route_match m;
		route_find(api_tables, cases[i].method, cases[i].path, &m);
		if (!cases[i].pattern) {
			assert_null(m.route);
			continue;
		}
		assert_non_null(m.route);
		assert_string_equal(m.route->pattern, cases[i].pattern);
		assert_true(str_is(m.params[0], cases[i].param));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A25_every_route_is_described_and_every_description_is_routed),
		cmocka_unit_test(A25_at_most_six_routes_need_no_identity),
		cmocka_unit_test(the_most_specific_pattern_decides),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
