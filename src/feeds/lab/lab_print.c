/* SPDX-License-Identifier: Apache-2.0
 * One object, one line. */
#include "feeds/lab/lab_print.h"

bool lab_print(struct lab_printer *p, json_t *j, struct err *e)
{
	buf_reset(&p->text);
	json_write(j, &p->text);
	json_free(j);
	return buf_ok(&p->text, "record", e) && p->line(p->arg, buf_str(&p->text), e);
}
