/* SPDX-License-Identifier: Apache-2.0
 * The exact plan of an order: the transaction that a system's own package manager would make of it,
 * as text that is the same wherever the plan is the same; its SHA-256 is what a person approves. */
#ifndef PROTO_PLAN_H
#define PROTO_PLAN_H
#include "crypto/digest.h"
#include "format/json.h"

#define PLAN_TEXT_MAX (16u << 20)
/** What `plan` of an order is when it is made to learn the plan, not to carry it out. */
#define PLAN_ASK "ask"

/** Appends the text of a transaction, a list of {name, arch, from, to, action}: a line a step,
 * "action name arch from to" separated by tabs, sorted bytewise. ERR_CORRUPT, ERR_LIMIT. */
bool plan_text(const json_t *steps, struct buf *out, struct err *e) MUST_CHECK;
/** SHA-256 of that text in hex. */
bool plan_hash(const json_t *steps, char out[static SHA256_HEX], struct err *e) MUST_CHECK;
#endif
