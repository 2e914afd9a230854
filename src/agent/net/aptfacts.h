/* SPDX-License-Identifier: Apache-2.0
 * What apt itself says about this machine beyond what is installed: offered versions that it would
 * not install now and why, sources it takes without a signature, an Ubuntu Pro subscription. Asked
 * of apt's own configuration and lists, as they are; nothing is refreshed, nothing changed. */
#ifndef AGENT_NET_APTFACTS_H
#define AGENT_NET_APTFACTS_H
#include "agent/agent_conf.h"
#include "agent/pkgdb.h"
#include "proto/inventory.h"

/** Adds "kept" lines as apt's last answer has them, "unsigned" and "subscription" lines. */
bool aptfacts_add(const struct agent_paths *p, struct inventory *i, struct err *e) MUST_CHECK;

/** apt's lists, its configuration or dpkg's status have changed since apt was asked: ask again. */
bool aptfacts_stale(const struct agent_paths *p);
/** Asks apt by a dry run (a second or two of CPU at the lowest priority, at most two minutes) and
 * keeps the answer in the state directory. *changed_out: a scan would now say something else. */
bool aptfacts_refresh(const struct agent_paths *p, bool *changed_out, struct err *e) MUST_CHECK;

/* --- what is read; exposed for tests and fuzzing --- */
enum aptfacts_section { APTFACTS_KEPT, APTFACTS_PHASED };
/** Calls `fn` for each name[:arch] that `apt-get -s dist-upgrade` says it leaves as it is. */
void aptfacts_parse_dry_run(struct str text,
			    void (*fn)(void *arg, enum aptfacts_section s, struct str name),
			    void *arg);
/** One package of `apt-cache policy`. */
struct aptfacts_policy {
	struct str name; /**< with ":arch" where apt says it */
	bool pinned; /**< a newer version is offered that apt's preferences keep from being taken */
	bool phased; /**< the version to be taken is given to a part of all machines only, as yet */
};
void aptfacts_parse_policy(struct str text, void (*fn)(void *arg, const struct aptfacts_policy *p),
			   void *arg);
/** "esm-apps esm-infra" from Ubuntu Pro's status.json; false when the machine is not attached. */
bool aptfacts_parse_pro(struct str text, struct buf *services_out) MUST_CHECK;
#endif
