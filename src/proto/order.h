/* SPDX-License-Identifier: Apache-2.0
 * The order: what the server's deploy key signs and the root half of an agent verifies, alone,
 * before anything is installed. docs/agent-protocol.md section 4 is the specification. */
#ifndef PROTO_ORDER_H
#define PROTO_ORDER_H
#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "proto/actions.h"
#include "proto/offer.h"
#include "window/notice.h"
#include "window/schedule.h"

#define ORDER_DOMAIN "order"
#define ORDER_MAX (4u << 20)
#define ORDER_MAX_PACKAGES 20000 /**< also the most files in one list */
#define ORDER_MAX_ARCHIVES 64
#define ORDER_MAX_UNITS 200
/** The actions: what else an order holds depends on it. */
#define ORDER_INSTALL "install"
#define ORDER_RESTART_SERVICES "restart_services"
#define ORDER_UNINSTALL "uninstall" /**< packages go back to an older version */
#define ORDER_REBOOT "reboot"

/** What its packages are; by it names, versions and archives are checked. */
enum order_kind { ORDER_DEB, ORDER_RPM };
struct order_package {
	/** Exact. deb: characters as in Debian policy 5.6; rpm: version is [epoch:]version-release,
	 *  without an epoch 0. */
	struct str name, arch, version;
	/** Of ORDER_UNINSTALL only, in `packages`: the version that is there now, from which it
	 * goes back. */
	struct str from;
};
struct order_file {
	struct str path; /**< relative, no empty, "." or ".." segment */
	struct sha256 sha256;
	int64_t size;
};
struct order_archive {
	struct str id; /**< [a-z0-9][a-z0-9.-]* : directory of the partial mirror */
	/** suite: deb: below dists/; rpm: the release of the system, "9". keyring: absolute path on
	 * the endpoint. rpm: components and keyring may be ""; without a keyring only keys that rpm
	 *  already trusts there count. */
	struct str suite, components, keyring;
	struct order_file *index; /**< metadata: InRelease and package indices, or repodata/ */
	uint32_t n_index;
	struct order_file *payload; /**< package files */
	uint32_t n_payload;
	bool hotfix; /**< rpm: dnf takes from it whatever module streams are enabled */
};
struct order {
	struct str org;	       /**< installation id */
	struct str id;	       /**< unique id of this order, [0-9a-f]{32} */
	struct str deployment; /**< deployment id */
	struct str agent;      /**< agent id it is for */
	uint64_t epoch, seq;   /**< seq rises per agent within an epoch */
	int64_t not_before_ms, not_after_ms;
	struct str action; /**< ORDER_... */
	struct order_package *packages;
	uint32_t n_packages; /**< to be there at exactly this version */
	struct order_package *extra;
	uint32_t n_extra; /**< agreed to be installed beside, when the resolver needs them */
	struct order_archive *archives;
	uint32_t n_archives;
	enum order_kind kind;
	/** rpm: installed packages, exactly these, that may go because one that comes obsoletes
	 * them. Not in the text when there are none. */
	struct order_package *replaced;
	uint32_t n_replaced;
	/** When it may start; NULL = at any time. Once it has, it goes on to its end. */
	const struct window_schedule *window;
	int64_t forced_ms; /**< outside its windows, too, from here on; 0 = never */
	/** What logged-in users are told before; NULL = nothing, it is silent. */
	const struct notification *notification;
	/** It is published to the machine's users (offer.h); NULL = it is not. Of ORDER_INSTALL
	 * only. */
	const struct offer *offer;
	/** "" = carried out without; PLAN_ASK = only planned, nothing is changed; else the hash of
	 * the approved plan (plan.h): any other is not carried out. Not of ORDER_RESTART_SERVICES.
	 */
	struct str plan;
	/** Of ORDER_RESTART_SERVICES, which has these and no packages, kind or archives: names of
	 * services (units.h), each once. */
	struct str *units;
	uint32_t n_units;
	/** Beside installing; not in the text when there are none. An ORDER_REBOOT has nothing
	 * else: its `after` is ACTIONS_REBOOT or ACTIONS_SHUTDOWN. */
	struct actions actions;
};
/** An order to restart services. */
static inline bool order_restarts(const struct order *o)
{
	return o->n_units > 0;
}
/** Its packages go back to older versions. */
static inline bool order_goes_back(const struct order *o)
{
	return str_is(o->action, ORDER_UNINSTALL);
}
static inline bool order_reboots(const struct order *o)
{
	return str_is(o->action, ORDER_REBOOT);
}
/** Has packages, and so something to download, to plan and to look up afterwards. */
static inline bool order_installs(const struct order *o)
{
	return !order_restarts(o) && !order_reboots(o);
}
/** The signed scripts that the order needs beside its archives, as files of the spool; how many. */
uint32_t order_scripts(const struct order *o, struct order_file out[static 2]);
/** Canonical JSON of the order, appended. */
void order_write(const struct order *o, struct buf *out);
/** Whether name, arch and version are such as an order of that kind may hold. */
bool order_package_ok(enum order_kind kind, const struct order_package *p);
/** Strict: unknown members, bad names, paths or counts are ERR_CORRUPT, more than ORDER_MAX bytes
 * is ERR_LIMIT. All members of the action must be there; `packages` (`units`) holds at least one. A
 * package may be in both lists only at the same version, and never twice in one. Strings live in
 * `a`, NUL-terminated. */
bool order_parse(struct str json, struct arena *a, struct order *out, struct err *e) MUST_CHECK;

/** The envelope on the wire: {"order": base64url(json), "signature": base64url, "key": hex of the
 *  public key}. */
bool order_seal(struct str order_json, const struct sign_key *key, struct buf *envelope,
		struct err *e) MUST_CHECK;
/** Verifies with `pub` (pinned at enrolment) before a byte of the order is parsed. ERR_UNTRUSTED.
 */
bool order_open(struct str envelope, const uint8_t pub[static SIGN_PUBLIC_LEN], struct arena *a,
		struct order *out, struct err *e) MUST_CHECK;
#endif
