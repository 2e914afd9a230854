/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the laboratory's records as JSON, one object a line. */
#ifndef FEEDS_LAB_PRINT_H
#define FEEDS_LAB_PRINT_H
#include "feeds/lab/lab.h"
#include "format/json.h"

struct lab_printer {
	lab_line line;
	void *arg;
	struct buf text;
};
struct lab_text {
	const char *key;
	struct str text; /**< NULL counts as "" */
};
/** Members that are texts; lab_set_or_null: null instead of "". */
void lab_texts(json_t *j, const struct lab_text *texts, size_t n);
void lab_set(json_t *j, const char *key, struct str s);
void lab_set_or_null(json_t *j, const char *key, struct str s);
/** Prints and frees one object. */
bool lab_print(struct lab_printer *p, json_t *j, struct err *e) MUST_CHECK;
#endif
