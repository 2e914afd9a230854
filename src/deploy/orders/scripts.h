/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts as the server keeps them (M-168, M-173): uploaded as they were signed offline,
 * named by the SHA-256 of that file, handed to agents as they are. The server holds no key that
 * could make one; that a signature is good says nothing here about whose it is. */
#ifndef DEPLOY_SCRIPTS_H
#define DEPLOY_SCRIPTS_H
#include "deploy/deploy.h"
#include "proto/script.h"

#define SCRIPTS_MAX 500

struct script_row {
	char id[SHA256_HEX];
	char *name, *platform, *keys, *uploaded_by; /**< keys: hex, blanks between */
	int64_t version, expires_ms, script_size, size, uploaded_ms;
	char **policies; /**< names of those that have it */
	size_t n_policies;
};
/** By name, the newest version first. */
bool script_list(struct deploy *d, struct arena *a, struct script_row **out, size_t *n_out,
		 struct err *e) MUST_CHECK;
/** ERR_NOT_FOUND. */
bool script_get(struct deploy *d, const char *id, struct arena *a, struct script_row *out,
		struct err *e) MUST_CHECK;
/** The signed file, appended. ERR_NOT_FOUND. */
bool script_sealed(struct deploy *d, const struct sha256 *id, struct buf *out, struct err *e)
	MUST_CHECK;
/** Takes a signed file: whole, its signatures good for the keys they name, for linux, not expired.
 * ERR_INVALID with *why_out "script_platform", "script_expired" or "invalid_script"; ERR_CONFLICT
 * when it is there already, ERR_LIMIT. */
bool script_add(struct deploy *d, struct str sealed, const char *by, char id_out[static SHA256_HEX],
		const char **why_out, struct err *e) MUST_CHECK;
/** ERR_NOT_FOUND; ERR_CONFLICT while a policy has it. */
bool script_remove(struct deploy *d, const char *id, struct err *e) MUST_CHECK;

/** What an agent says of a script it was to run. */
struct target_script {
	bool after; /**< stage */
	char *name;
	int64_t version;
	char *state; /**< "ended", "interrupted", "refused" */
	int64_t exit_status;
	bool timed_out, good;
	int64_t started_ms, finished_ms;
};
/** Of a target's last result; at most two. */
bool target_scripts(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct target_script **out, size_t *n_out, struct err *e) MUST_CHECK;
#endif
