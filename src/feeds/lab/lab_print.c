/* SPDX-License-Identifier: Apache-2.0
 * One object, one line. */
#include "feeds/lab/lab_print.h"

void lab_set(json_t *j, const char *key, struct str s)
{
	json_object_set_new(j, key, json_text(s.p ? s : STR_LIT("")));
}

void lab_set_or_null(json_t *j, const char *key, struct str s)
{
	json_object_set_new(j, key, s.n ? json_text(s) : json_null());
}

void lab_texts(json_t *j, const struct lab_text *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lab_set(j, texts[i].key, texts[i].text);
}

bool lab_print(struct lab_printer *p, json_t *j, struct err *e)
{
	buf_reset(&p->text);
	json_write(j, &p->text);
	json_free(j);
	return buf_ok(&p->text, "record", e) && p->line(p->arg, buf_str(&p->text), e);
}
