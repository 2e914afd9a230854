/* SPDX-License-Identifier: Apache-2.0
 * Shared printing. Nothing here decides anything. */
#include "cli/print.h"

#include <stdio.h>

void print_json(const json_t *j)
{
	AUTO(buf_done) struct buf b = BUF_INIT(256u << 20);
	json_write(j, &b);
	fwrite(b.p, 1, b.n, stdout);
	putchar('\n');
}

int print_failure(const struct err *e)
{
	fprintf(stderr, "error: %s\n", e->msg);
	return err_exit_status(e->code);
}

const char *print_time(const json_t *rfc3339, int slot)
{
	static char text[4][24];
	const char *s = json_string_value(rfc3339);
	if (!s || strlen(s) < 16)
		return "-";
	snprintf(text[slot & 3], sizeof(text[0]), "%.10s %.5sZ", s, s + 11);
	return text[slot & 3];
}

const char *print_text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));
	return s ? s : "";
}

int64_t print_int(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}
