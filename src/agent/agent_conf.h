/* SPDX-License-Identifier: Apache-2.0
 * Where an agent's files are and what its configuration says. Shared by both halves: whatever the
 * root half trusts (identity, deploy key, policy) is under the configuration directory, which only
 * root can write; the network half's own files are under the state directory. */
#ifndef AGENT_AGENT_CONF_H
#define AGENT_AGENT_CONF_H
#include "base/arena.h"
#include "base/err.h"
#include "crypto/sign.h"
#include "proto/script.h"

#define AGENT_USER "tsukuroi-agent"
#define AGENT_REFRESH_S 5400 /**< the refresh cycle: 90 minutes (M-085) */

/** Directories; set by --config-dir, --state-dir, --run-dir and --sysroot so that several agents
 * can live side by side. `sysroot` is what is scanned ("" = this system). */
struct agent_paths {
	const char *config, *state, *run, *sysroot;
};
extern const struct agent_paths agent_paths_default;

/** "<dir>/<name>" for each kind; on the arena. */
const char *agent_config_file(const struct agent_paths *p, struct arena *a, const char *name);
const char *agent_state_file(const struct agent_paths *p, struct arena *a, const char *name);
const char *agent_run_file(const struct agent_paths *p, struct arena *a, const char *name);

/** agent.conf: what the administrator may change. */
struct agent_conf {
	const char *server;    /**< https://host[:port] without a path; several with commas */
	const char *proxy;     /**< "" = none */
	const char *log_level; /**< debug, info, warn, error */
	int64_t refresh_s;     /**< 0 = as the server says */
};
bool agent_conf_load(const struct agent_paths *p, struct arena *a, struct agent_conf *out,
		     struct err *e) MUST_CHECK;
/** ERR_INVALID unless `servers` is https://host[:port], or up to AGENT_SERVERS_MAX of them with
 * commas between. */
bool agent_conf_check_server(const char *servers, struct err *e) MUST_CHECK;
#define AGENT_SERVERS_MAX 8
/** Addresses in a good `servers`. */
unsigned agent_conf_servers(const char *servers);
/** The one whose turn it is: from 0, and again from the first after the last. */
struct str agent_conf_server(const char *servers, unsigned turn);

/** identity.conf and deploy.pub: who this agent is and whose orders it takes; written by enrolment
 *  alone. */
struct agent_identity {
	const char *agent_id, *org;
	int64_t epoch;
	uint8_t deploy_key[SIGN_PUBLIC_LEN];
};
/** ERR_NOT_FOUND with remedy when the machine is not enrolled. */
bool agent_identity_load(const struct agent_paths *p, struct arena *a, struct agent_identity *out,
			 struct err *e) MUST_CHECK;
/** Writes both files, readable by all, writable by the owner. */
bool agent_identity_save(const struct agent_paths *p, const struct agent_identity *id,
			 struct err *e) MUST_CHECK;

/** policy.conf: what this machine permits, whatever the server signs. Missing = the defaults. */
struct agent_policy {
	bool install;	/**< install = yes|no (yes) */
	bool any_suite; /**< suites = host|any (host): only suites of the installed release */
	/** unsigned = ID ID ... (none): rpm sources whose packages carry no signature and are
	 * installed all the same; whoever can send orders can then install anything from them. */
	const char *unsigned_sources;
	bool restart; /**< restart = yes|no (yes): whether services may be restarted by order */
	/** never_restart = NAME.service ... (none): services that are not, beside those that never
	 * are (proto/units.h) */
	const char *never_restart;
	/** downgrade = previous|any|no (previous): to which older versions an order may take
	 * packages back: such as this machine itself has had within downgrade_days = N (30), any
	 * that its archives offer, none. */
	enum agent_downgrade { DOWNGRADE_PREVIOUS, DOWNGRADE_ANY, DOWNGRADE_NO } downgrade;
	int64_t downgrade_days;
	/** content_keys = KEY KEY ... (none): whose scripts run here (proto/script.h); without one
	 * no script does. content_threshold = N (1): so many of them must have signed it. */
	struct script_keys content;
	bool reboot;	  /**< reboot = yes|never (yes): whether an order may restart the machine or
			   * switch it off */
	bool wake_on_lan; /**< wake_on_lan = yes|no (yes): whether the server's setting may set
			   * network cards up for waking */
};
bool agent_policy_load(const struct agent_paths *p, struct arena *a, struct agent_policy *out,
		       struct err *e) MUST_CHECK;

/** Takes --config-dir, --state-dir, --run-dir, --sysroot (with a value) off argv; unknown words
 * stay. Returns the new argc, or -1 with `e` when a value is missing. */
int agent_paths_take(struct agent_paths *p, int argc, char **argv, struct err *e);
#endif
