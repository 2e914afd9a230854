/* SPDX-License-Identifier: Apache-2.0
 * The rule language: a small boolean expression over inventory facts. One text form, one tree, two
 * evaluators that must agree: one host (with the fact that decided) and the whole fleet (bitmaps).
 *
 *   rule := (and rule...) | (or rule...) | (not rule)
 *         | (os "debian:12")
 *         | (deb-bin "name" "arch" [cmp "version"] [above "version"])
 *         | (deb-src "name" [cmp "version"] [above "version"])
 *         | (rpm "name" "arch" [cmp "evr"] [module "name:stream" [default]])
 *         | (apk "name" "arch" [cmp "version"]) | (apk-src "origin" [cmp "version"])
 *   cmp  := < | <= | = | >= | >
 *
 * (and) is true, (or) is false. Strings are "..." with \" and \\ as the only escapes. Without `cmp`
 * any version will do. `above`: facts whose version is not higher do not count at all (suites that
 * are offered as upgrades of their own packages only, apt_preferences(5)). Versions compare in the
 * order of their kind: dpkg's, rpm's, apk's.
 *
 * Architectures: "" matches every installed one, and so does the one for all of rpm and apk
 * ("noarch"); a package installed for all answers to conditions of the host's native architecture,
 * and "all" of dpkg is answered by packages for all and of the native one (what is for all belongs
 * to that: apt offers it for no other); every other architecture must be equal.
 *
 * rpm: of several installed packages of one name, architecture and lineage (kernels) only the
 * newest answers. Lineage is the module stream and the kind of build (rpm_lineage()): a modular
 * build answers only to conditions of its own stream, others never to modular conditions; without
 * `module` the condition is for packages of no stream, and modular (of an unknown stream) when its
 * release says so; module "*" is of a stream that is not known, for packages of every one. A
 * modular build whose stream is not known answers to every stream. Where either is not known,
 * versions rule out what the number in a stream's name contradicts. `default` says what the
 * repository does, and decides nothing here (hindrance.h). On a host that tells its modules all
 * that goes for builds that dnf filters; to one that it offers there any package of the name
 * answers (modules.h, which needs the catalog: a condition that was read from text does without).
 * (os "id:version") is
 * true when the host's os fact has that id, and that version or, for releases named by codename
 * (testing, sid), that codename. */
#ifndef MATCH_RULE_H
#define MATCH_RULE_H
#include "base/arena.h"
#include "base/buf.h"
#include "catalog/patch.h"
#include "fleet/fleet.h"

#define RULE_MODULE_ANY "*"
#define RULE_MAX_TEXT (4u << 20)
#define RULE_MAX_DEPTH 16
#define RULE_MAX_NODES 100000u
#define RULE_MAX_STRING 512u

enum rule_op {
	RULE_AND,
	RULE_OR,
	RULE_NOT,
	RULE_OS,
	RULE_DEB_BIN, /**< packages: from here on, in the order of enum component_kind */
	RULE_DEB_SRC,
	RULE_RPM,
	RULE_APK,
	RULE_APK_SRC,
	RULE_OPS_
};
enum rule_truth { RULE_FALSE, RULE_TRUE, RULE_UNKNOWN };
enum rule_compare { RULE_ANY, RULE_LT, RULE_LE, RULE_EQ, RULE_GE, RULE_GT, RULE_COMPARES_ };

struct rule {
	enum rule_op op;
	enum rule_compare compare;
	struct str name;	       /**< RULE_OS: "id:version"; else the package or source */
	struct str arch;	       /**< RULE_DEB_BIN, RULE_RPM, RULE_APK; "" = any */
	struct str version, above;     /**< "" = none */
	struct str module;	       /**< RULE_RPM: "name:stream"; "" = none */
	bool by_default;	       /**< ... which is the module's default */
	uint32_t component;	       /**< index in the catalog it was made of, or CATALOG_NONE */
	const struct catalog *catalog; /**< ... where module streams have a say, else NULL */
	struct rule *children;
	uint32_t n_children;
};

const char *rule_op_name(enum rule_op op);	/**< "and", "deb-bin", ... */
const char *rule_truth_name(enum rule_truth t); /**< "true", "false", "unknown" */

/** Text to tree, allocated (strings too) from `a`. ERR_CORRUPT with the position, ERR_LIMIT. */
bool rule_parse(struct str text, struct arena *a, struct rule **out, struct err *e) MUST_CHECK;
/** Tree to text on one line; parsing it gives an equal tree. */
void rule_print(const struct rule *r, struct buf *out);

/** False for a component that a newer one replaces. One that states what an advisory fixes stays: a
 * later advisory does not make an earlier one fixed, and the vendor's own tools (debsecan, dnf
 * updateinfo, zypper) go on naming it. Such are source components without payload, and every
 * component of a patch that is a bulletin. */
bool rule_component_current(const struct catalog *c, const struct component *k);
/** The condition "outdated by this component". Strings are borrowed from the catalog. */
struct rule rule_of_component(const struct catalog *c, uint32_t component);
/** (and (os ...) (or ...)) over the current components: true = missing or held. Allocated from `a`.
 */
struct rule *rule_of_patch(const struct catalog *c, uint32_t patch, struct arena *a);
/** The same over all its components, superseded ones too. */
struct rule *rule_of_patch_all(const struct catalog *c, uint32_t patch, struct arena *a);

/** One installed package against one condition of its kind whose name it has. */
struct rule_hit {
	bool applies; /**< architecture, lineage and `above` do */
	bool holds;   /**< ... and the version comparison */
	bool beyond;  /**< ... or does not because the version is too high: hides an older one */
	bool native_only; /**< ... if the host's native architecture is rule_native_arch() */
};
/** Whether of two installed packages of one name only the newer answers (rpm); they then have the
 * same architecture and lineage. */
bool rule_facts_rival(const struct fact_package *a, const struct fact_package *b);
/** The order of a kind of installed package, and that of a condition for people: "dpkg version
 * order", "equal" for the os. */
enum pkgver_scheme rule_scheme(enum fact_kind kind);
const char *rule_comparator(enum rule_op op);
struct rule_hit rule_fact(const struct rule *condition, const struct fact_package *fact);
/** The same where dnf offers the condition's build (modules.h): whatever stream either is of. */
struct rule_hit rule_fact_offered(const struct rule *condition, const struct fact_package *fact);
/** Of a condition and a package of which one is for all: the other's architecture. */
struct str rule_native_arch(const struct rule *condition, const struct fact_package *fact);
/** Whether an os fact satisfies "id:version"; "" is satisfied by every one. */
bool rule_os_matches(struct str condition, const struct fact_os *fact);
/** Facts that bear the condition's name. */
const uint32_t *rule_facts(const struct rule *condition, const struct fleet *f, uint32_t *n_out);

/** A host for the one-host evaluator: its facts, ascending. */
struct rule_host {
	const struct fleet *fleet;
	const uint32_t *facts;
	uint32_t n_facts;
	bool scanned; /**< false: every condition is unknown */
};
bool rule_host_has(const struct rule_host *h, uint32_t fact);
/** Whether `h` has "arch <TAB> arch". */
bool rule_host_native(const struct rule_host *h, struct str arch);
/** Truth on one host. */
enum rule_truth rule_eval_host(const struct rule *r, const struct rule_host *h);
/** Truth of one condition, and the fact that decided: one that makes it true, else one that
 * applies, else INTERN_NONE. */
enum rule_truth rule_eval_condition(const struct rule *condition, const struct rule_host *h,
				    uint32_t *fact_out);
/** Active hosts on which the rule is true; those for which it is unknown go to *unknown_out (may be
 *  NULL). The caller frees both with roaring_bitmap_free(). Read lock held. */
roaring_bitmap_t *rule_eval_fleet(const struct rule *r, const struct fleet *f,
				  roaring_bitmap_t **unknown_out);
#endif
