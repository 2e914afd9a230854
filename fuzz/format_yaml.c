/* SPDX-License-Identifier: Apache-2.0
 * The YAML stream. Property: collections handed out match, and the path is as deep as they are. */
#include "format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct yaml_event *ev, struct err *e)
{
	unsigned *depth = arg;
	(void)e;
	*depth -= ev->kind == YAML_MAP_DONE || ev->kind == YAML_LIST_DONE;
	ASSERT(ev->depth == *depth && *depth <= YAML_DEPTH);
	for (unsigned i = 0; i < ev->depth; i++)
		ASSERT(ev->path[i].p && strlen(ev->path[i].p) <= ev->path[i].n);
	*depth += ev->kind == YAML_MAP || ev->kind == YAML_LIST;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	unsigned depth = 0;
	if (yaml_text((struct str) { (const char *)data, size }, take, &depth, &e))
		ASSERT(depth == 0);
	return 0;
}
