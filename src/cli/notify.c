/* SPDX-License-Identifier: Apache-2.0
 * The API's object `notify` from options, and back into words. */
#include "cli/notify.h"
#include "cli/print.h"

#include <stdio.h>

bool notify_request(const struct notify_options *o, json_t *req, struct err *e)
{
	int64_t seconds = 0;
	if (o->nobody && (o->n_to || o->every))
		return err_set(e, ERR_INVALID, "--notify-nobody stands alone");
	if (o->nobody)
		json_object_set_new(req, "notify", json_null());
	if (o->every && !o->n_to)
		return err_set(e, ERR_INVALID, "--notify-every needs --notify");
	if (o->every && (!args_duration(o->every, &seconds) || seconds < 60))
		return err_set(e, ERR_INVALID, "--notify-every is no time such as 30m or 2h");
	if (!o->n_to)
		return true;
	json_t *j = json_object(), *to = json_array();
	for (size_t i = 0; i < o->n_to; i++)
		json_array_append_new(to, json_text(str_of(o->to[i])));
	json_object_set_new(j, "to", to);
	if (o->every)
		json_object_set_new(j, "every_minutes", json_integer(seconds / 60));
	json_object_set_new(req, "notify", j);
	return true;
}

void notify_print(const json_t *deployment)
{
	const json_t *n = json_object_get(deployment, "notify"), *to = json_object_get(n, "to"),
		     *one;
	size_t i;
	if (!json_array_size(to))
		return;
	printf("mails every %lld min to", (long long)print_int(n, "every_minutes"));
	json_array_foreach(to, i, one) printf(" %s", json_string_value(one));
	printf("\n");
}
