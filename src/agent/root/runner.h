/* SPDX-License-Identifier: Apache-2.0
 * The process that carries one job out, apart from the root half's daemon so that either may die
 * without the other. It holds the job's lock while it works, and its commands inherit that. */
#ifndef AGENT_ROOT_RUNNER_H
#define AGENT_ROOT_RUNNER_H
#include "agent/agent_conf.h"

/** Goes on with job `id` from where its journal says. True also when somebody else works on it. */
bool runner_run(const struct agent_paths *p, const char *id, struct err *e) MUST_CHECK;

/** Starts a runner process for job `id`: as a unit of its own where systemd is, otherwise in its
 * own session and in the network namespace `netns` (descriptor, or -1). */
bool runner_start(const struct agent_paths *p, const char *id, int64_t attempt, int netns,
		  struct err *e) MUST_CHECK;
/** The same for a process that tells users something: `verb` is "tell-users" of job `id` that
 * starts at `ms`, "tell-leaving" of job `id` (leave_show()), or "tell-offer" of deployment `id`
 * (offers_show()). */
bool runner_tell(const struct agent_paths *p, const char *verb, const char *id, int64_t ms,
		 int netns, struct err *e) MUST_CHECK;
/** The same for the process that sets network cards up (cards_run()). */
bool runner_cards(const struct agent_paths *p, bool on, int netns, struct err *e) MUST_CHECK;
#endif
