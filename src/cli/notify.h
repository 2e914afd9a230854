/* SPDX-License-Identifier: Apache-2.0
 * Who is mailed how a deployment stands: options, and what is shown. */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H
#include "cli/args.h"
#include "format/json.h"

#define NOTIFY_TO_MAX 20

struct notify_options {
	const char *to[NOTIFY_TO_MAX], *every;
	size_t n_to;
	bool nobody;
};
#define NOTIFY_OPTIONS(o)                                                                          \
	{ .name = "--notify", .list = (o).to, .n_list = &(o).n_to, .max_list = NOTIFY_TO_MAX },    \
	{                                                                                          \
		.name = "--notify-every", .value = &(o).every                                      \
	}
/** Sets `notify` of a request; without any of the options nothing. */
bool notify_request(const struct notify_options *o, json_t *req, struct err *e) MUST_CHECK;
/** A line of a deployment that tells somebody; none otherwise. */
void notify_print(const json_t *deployment);
#endif
