/* SPDX-License-Identifier: Apache-2.0
 * What follows from a plan on this system, looked up with the package manager's own tools before
 * anything is changed. Advice: what cannot be told is left out, and never ends an order. */
#ifndef AGENT_ROOT_DETAILS_H
#define AGENT_ROOT_DETAILS_H
#include "agent/backends/backend.h"
#include "agent/root/runner_int.h"

/** Of the transaction, whose order's mirror is there and whose database is r->db; NULL when nothing
 * can be told. */
json_t *details_gather(struct run *r, const struct backend_transaction *t);
/** NULL, or why the disk cannot take what the details say it needs; `e` gets the figures. */
const char *details_space(const json_t *details, struct err *e);
#endif
