/* SPDX-License-Identifier: Apache-2.0
 * The decisions of automated deployment and of tests (S-08), pure: facts in, decision out. What is
 * shown as "will be deployed" or "will be approved" and what is done are the same answer (AC-13);
 * nothing here reads a clock, a database or a file. */
#ifndef DEPLOY_AUTO_DECIDE_H
#define DEPLOY_AUTO_DECIDE_H
#include "catalog/patch.h"
#include "deploy/auto/approval.h"

#define AUTO_DAY_MS INT64_C(86400000)
/** A pair is deployed so often at most, and not sooner than this after the last time. */
#define AUTO_TRIES_MAX 3
#define AUTO_TRY_AGAIN_MS AUTO_DAY_MS

/** What a task wants. Patterns are those of fnmatch(3). */
struct auto_criteria {
	uint32_t types, severities; /**< bits of the enums; 0 = all */
	const char *const *os;	    /**< patterns of "debian:12"; none = all */
	size_t n_os;
	const char *const *include; /**< patterns of product, package or patch id; none = all */
	size_t n_include;
	const char *const *exclude;
	size_t n_exclude;
	int64_t days;	     /**< so old at least */
	bool after_approval; /**< counted from the approval, else from the release */
	bool express;
	bool express_kev;     /**< known to be exploited: whatever its age */
	int64_t express_epss; /**< or so likely to be, millionths; -1 = not by that */
	uint32_t halt_after;  /**< failed on so many systems: not on any other; 0 = never */
	bool testing;	      /**< takes what waits for its test, instead of what is approved */
};
/** What there is to know of a patch. */
struct auto_patch {
	enum patch_type type;
	enum severity severity;
	struct str id, os, product;
	const struct component *components; /**< their names */
	uint32_t n_components;
	int64_t released_ms;	      /**< 0 = not said: seen_ms counts */
	int64_t seen_ms, approved_ms; /**< 0 = not noted yet */
	bool approved, declined;
	bool untested; /**< nobody and nothing has decided about it yet */
	bool kev;
	int64_t epss;	   /**< millionths, -1 = none */
	uint32_t failures; /**< systems on which the task failed with it, since the last reset */
};
enum auto_verdict {
	AUTO_DEPLOY,
	AUTO_EXPRESS, /**< deploy, by the express lane */
	AUTO_LATER,   /**< at at_ms, as things stand */
	AUTO_NOT_APPROVED,
	AUTO_DECLINED,
	AUTO_HALTED,   /**< it failed too often */
	AUTO_NO_MATCH, /**< not the task's business */
	AUTO_VERDICTS_
};
const char *auto_verdict_name(enum auto_verdict v); /**< "deploy", "express", "later", ... */
struct auto_decision {
	enum auto_verdict verdict;
	int64_t at_ms; /**< of AUTO_LATER, else 0 */
};
/** Whether it is the task's business at all. Feature updates never are (M-192). */
bool auto_matches(const struct auto_criteria *c, const struct auto_patch *p);
void auto_decide(const struct auto_criteria *c, const struct auto_patch *p, int64_t now_ms,
		 struct auto_decision *out);

/** How often a task has given a patch to a system that lacks it still. */
struct auto_tries {
	uint32_t ended;	 /**< deployments that have ended there */
	int64_t last_ms; /**< when the last one did */
	bool cancelled;	 /**< a person called one off */
};
enum auto_pair {
	AUTO_PAIR_DUE,
	AUTO_PAIR_WAITS,    /**< until last_ms + AUTO_TRY_AGAIN_MS */
	AUTO_PAIR_GIVEN_UP, /**< until a reset */
	AUTO_PAIR_CANCELLED /**< until a reset */
};
enum auto_pair auto_pair(const struct auto_criteria *c, const struct auto_tries *t, int64_t now_ms);

/** How the test of a patch stands on the test systems. */
struct approval_facts {
	bool has_targets; /**< there are test systems */
	uint32_t lacking; /**< of them lack it and have not been given it */
	uint32_t open;	  /**< have it under way */
	uint32_t succeeded, failed;
	int64_t first_ms; /**< of the first success */
};
enum approval_verdict {
	APPROVAL_WAITS_PERSON,	/**< a person decides */
	APPROVAL_WAITS_TARGETS, /**< no test systems are named */
	APPROVAL_WAITS_SYSTEM,	/**< no test system lacks it: there is nothing to test it on */
	APPROVAL_WAITS_START,	/**< its test has not begun */
	APPROVAL_WAITS_RESULT,	/**< no test system has it yet */
	APPROVAL_WAITS_DAYS,	/**< will be approved at at_ms, if nothing fails */
	APPROVAL_WAITS_SHARE,	/**< the days are over, too few test systems have it */
	APPROVAL_DUE,		/**< to be approved now */
	APPROVAL_FAILED,	/**< the test failed */
	APPROVAL_VERDICTS_
};
const char *approval_verdict_name(enum approval_verdict v); /**< "person", "targets", ... */
#define APPROVAL_WHY 200
struct approval_decision {
	enum approval_verdict verdict;
	int64_t at_ms;		    /**< earliest, where days are counted; else 0 */
	uint32_t succeeded, tested; /**< test systems that have it, of those that were given it */
	uint32_t needed;	    /**< so many must have it */
	char why[APPROVAL_WHY];	    /**< of the first failure: system and reason; else "" */
};
/** `untested`: nobody has decided about it yet. */
void approval_decide(const struct approval_settings *s, bool untested,
		     const struct approval_facts *f, int64_t now_ms, struct approval_decision *out);
#endif
