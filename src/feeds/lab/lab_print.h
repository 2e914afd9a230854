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
/** Prints and frees one object. */
bool lab_print(struct lab_printer *p, json_t *j, struct err *e) MUST_CHECK;
#endif
