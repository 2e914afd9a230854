/* SPDX-License-Identifier: Apache-2.0
 * The organisation's signed scripts before and after an installation (M-168, M-173). Whose scripts
 * run here says this machine's policy.conf alone (`content_keys`): what the server signs chooses
 * one and cannot make one. Invariant: a stage is on disk as "started" before the script is, and a
 * started script is never started again, whatever was killed: what its end was is told by who
 * waited for it (script_run.h), or nobody knows ("interrupted").
 *
 * A stage in the job's record: {"name", "version", "state", "exit_status", "timed_out", "good",
 * "started", "finished"}, state "started", "ended" or "interrupted". */
#ifndef AGENT_ROOT_SCRIPTS_H
#define AGENT_ROOT_SCRIPTS_H
#include "agent/agent_conf.h"
#include "proto/order.h"

struct run;

/** Whether this machine takes scripts at all; with none in the order, true. ERR_DENIED. */
bool scripts_permitted(const struct agent_policy *policy, const struct order *o, struct err *e)
	MUST_CHECK;
/** While an order is prepared: its scripts, out of the spool into the job's directory, verified. On
 * failure *reason_out is the protocol's word: "digest", "script_untrusted", "script_expired",
 * "script_superseded", "internal". */
bool scripts_take(struct run *r, const char **reason_out, struct err *e) MUST_CHECK;
/** Before the installation: runs it unless that was done. *go_on_out: install now; else the job has
 * come to its end. False: try again. */
bool scripts_before(struct run *r, bool *go_on_out, struct err *e) MUST_CHECK;
/** Whether the stage before was begun: from then on it is not gone back behind it. */
bool scripts_begun(const struct run *r);
/** After it, whatever its outcome, which is in the record: runs it unless that was done. */
bool scripts_after(struct run *r, struct err *e) MUST_CHECK;
#endif
