/* SPDX-License-Identifier: Apache-2.0
 * The exact plan of an order: the transaction that a system's own package manager would make of it,
 * as text that is the same wherever the plan is the same; its SHA-256 is what a person approves.
 *
 * Beside the plan an agent tells its details: what follows from it on that one system, as far as it
 * can be known before. They are advice and not in the hash: what is carried out is the transaction,
 * and room on a disk, running services and changed files are another thing on every system and at
 * every hour, so that no two plans would be equal and each would have drifted by the next. */
#ifndef PROTO_PLAN_H
#define PROTO_PLAN_H
#include "crypto/digest.h"
#include "format/json.h"

#define PLAN_TEXT_MAX (16u << 20)
/** What `plan` of an order is when it is made to learn the plan, not to carry it out. */
#define PLAN_ASK "ask"

#define PLAN_DETAILS_MAX (512u << 10) /**< bytes of their JSON */
#define PLAN_CONFIG_FILES_MAX 200
#define PLAN_SERVICES_MAX 100
#define PLAN_NAMES_MAX 20 /**< packages named of one service, or of a reboot */

/** Details, an object in which everything may be missing (the agent could not tell):
 *  download   bytes of the package files of the transaction
 *  disk       by how many bytes the disk fills, negative = less is used; the packages' own word
 *  free       bytes free where packages are installed
 *  config_files  [{package, path, fate}] of which a person has to know, at most
 *             PLAN_CONFIG_FILES_MAX. Files changed here (fate): "kept" (it stays, the new one is
 * put beside it), "replaced" (the new one is taken, the changed one is put aside), "left" (the new
 * version has none; it stays where it is), "saved" (likewise, but it is put aside); "deleted" (was
 * deleted here and stays so, the new one is put beside); "unknown" (what the new version brings
 * could not be read) services   [{unit, packages}] that run files of these packages now reboot
 * {why, packages, running, newest}: what the verdict would say afterwards; why: "none", "unknown",
 * "kernel", or "core" (what only a reboot ends runs files of these packages) ERR_INVALID for any
 * other form. */
bool plan_details_check(const json_t *details, struct err *e) MUST_CHECK;

/** What may differ between the plan that was approved and the one that is there when it is carried
 * out. Whatever it is, nothing else may be taken away, go back or be installed once more. */
enum plan_drift {
	PLAN_DRIFT_NONE,  /**< nothing: it is asked for again */
	PLAN_DRIFT_NEWER, /**< same packages, newer versions; what is done meanwhile is left out */
	PLAN_DRIFT_DEPENDENCIES, /**< also others, new or upgraded beside them */
	PLAN_DRIFTS_
};
const char *plan_drift_name(enum plan_drift d); /**< "identical", "newer", "dependencies" */
bool plan_drift_of_name(const char *name, enum plan_drift *out);
/** Is `now` within what `allowed` permits of `approved` (both lists of steps)? `compare` orders two
 * versions. */
bool plan_drift_within(const json_t *approved, const json_t *now, enum plan_drift allowed,
		       int (*compare)(struct str a, struct str b));

/** Appends the text of a transaction, a list of {name, arch, from, to, action}: a line a step,
 * "action name arch from to" separated by tabs, sorted bytewise. ERR_CORRUPT, ERR_LIMIT. */
bool plan_text(const json_t *steps, struct buf *out, struct err *e) MUST_CHECK;
/** SHA-256 of that text in hex. */
bool plan_hash(const json_t *steps, char out[static SHA256_HEX], struct err *e) MUST_CHECK;
#endif
