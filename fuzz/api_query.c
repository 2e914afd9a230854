/* SPDX-License-Identifier: Apache-2.0
 * Query parameters and paths from outside: "path LF name=value LF ...". What query_add() lets
 * through every getter must be able to read, and a path must always lead to at most one row. */
#include "api/api_int.h"
#include "api/patch_list.h"
#include "api/system_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct param patch_params[] = { PARAMS_SORTED, PARAMS_PATCH, PARAM_LAST };
static const struct param system_params[] = { PARAMS_SORTED, PARAMS_SYSTEM, PARAM_LAST };

static void read_all(const struct query *q)
{
	struct patch_filter patches;
	struct system_filter systems;
	struct str *facets;
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	static const struct api_conf none;
	struct call call = { .conf = &none };
	patch_filter_read(&call, &patches, q, NULL);
	system_filter_read(&call, &systems, q, NULL);
	ASSERT(query_list(q, "facets", &facets) <= QUERY_MAX_LIST);
	int64_t limit = query_number(q, "limit", 50);
	ASSERT(limit >= 1 && limit <= 200);
	query_canonical(q, &text);
}

static void one_spec(const struct param *spec, struct str lines)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct query q = { .arena = &a };
	struct str line;
	const char *code;
	while (str_line(&lines, &line)) {
		struct str name = line, value = line;
		if (!str_split(&value, '=', &name) || !value.p)
			continue;
		(void)!query_add(&q, spec, arena_str(&a, name).p, arena_str(&a, value).p, &code,
				 NULL);
	}
	read_all(&q);
}

static void one_path(struct str path)
{
	AUTO(xfree) char *copy = str_dup(path);
	const struct route *const *faces[] = { api_tables, api_agent_tables };
	for (size_t f = 0; f < ARRAY_LEN(faces); f++)
		for (int m = ROUTE_GET; m < ROUTE_METHODS_; m++) {
			struct route_match found;
			route_find(faces[f], (enum route_method)m, copy, &found);
			ASSERT(!found.route || found.allowed >> m & 1);
			for (size_t i = 0; i < ROUTE_MAX_PARAMS; i++)
				ASSERT(!memchr(found.params[i].p ? found.params[i].p : "", '/',
					       found.params[i].n));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, path = { 0 };
	if (size == 0 || size > 65536 || memchr(data, '\0', size))
		return 0;
	if (str_line(&rest, &path) && path.n > 0 && path.p[0] == '/')
		one_path(path);
	one_spec(patch_params, rest);
	one_spec(system_params, rest);
	return 0;
}
