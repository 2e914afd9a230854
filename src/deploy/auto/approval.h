/* SPDX-License-Identifier: Apache-2.0
 * Approval of patches (M-098, M-186, M-187, S-08): which patches automatic deployment may install.
 * A deployment that a person makes is not held up by it. Whether a patch is declined stands in
 * decline.h and goes before anything said here. */
#ifndef DEPLOY_APPROVAL_H
#define DEPLOY_APPROVAL_H
#include "deploy/deploy.h"
#include "format/json.h"

enum approval_mode {
	APPROVAL_AUTOMATIC, /**< every new patch is approved */
	APPROVAL_MANUAL,    /**< a person approves */
	APPROVAL_TEST,	    /**< it is tested on the test systems first */
	APPROVAL_MODES_
};
/** How a patch came to its state. */
enum approval_how {
	APPROVAL_NEW,	      /**< nobody and nothing has decided yet */
	APPROVAL_BY_MODE,     /**< by the automatic mode */
	APPROVAL_BY_PERSON,   /**< by hand */
	APPROVAL_BY_TEST,     /**< its test succeeded */
	APPROVAL_TEST_FAILED, /**< its test failed: not approved until a person says so */
	APPROVAL_HOWS_
};
/** What becomes of the patches that are there when the mode changes. */
enum approval_existing {
	APPROVAL_KEEP,
	APPROVAL_APPROVE_ALL,
	APPROVAL_UNAPPROVE_ALL, /**< and they are new: the test begins with them */
	APPROVAL_EXISTING_
};
const char *approval_mode_name(enum approval_mode m);	      /**< "automatic", "manual", "test" */
const char *approval_how_name(enum approval_how h);	      /**< "new", "mode", "person", ... */
const char *approval_existing_name(enum approval_existing x); /**< "keep", "approve", "unapprove" */

#define APPROVAL_REASON_MAX 500
#define APPROVAL_DAYS_MAX 365

struct approval_settings {
	enum approval_mode mode;
	bool by_itself;	     /**< what its test shows to be good is approved without a person */
	int64_t after_days;  /**< so long after the first success, 0..APPROVAL_DAYS_MAX */
	int64_t percent;     /**< of the test systems that got it must have it by then, 1..100 */
	const char *policy;  /**< of the deployments to the test systems */
	const char *targets; /**< the test systems: JSON of a selector; "" = none */
	struct deploy_notify notify; /**< who is told of tests, and of those that failed */
	int64_t changed_ms;	     /**< 0 = as installed */
	const char *changed_by;
};
/** The settings as JSON, as the API takes and gives them; texts of the one read live in `a`.
 *  ERR_INVALID names the member. */
json_t *approval_settings_write(const struct approval_settings *s);
bool approval_settings_read(const json_t *j, struct arena *a, struct approval_settings *out,
			    struct err *e) MUST_CHECK;
/** The present ones, texts in `a`. From memory. */
void approval_settings_get(struct deploy *d, struct arena *a, struct approval_settings *out);
enum approval_mode approval_mode_now(struct deploy *d);
/** Changes them, and with another mode the patches that are there. `by` is noted. */
bool approval_configure(struct deploy *d, const struct approval_settings *s,
			enum approval_existing existing, const char *by, struct err *e) MUST_CHECK;

struct approval {
	bool approved;
	enum approval_how how;
	const char *actor, *reason; /**< "" = none */
	int64_t seen_ms;	    /**< first noted; 0 = not yet */
	int64_t changed_ms;	    /**< when it came to this state; 0 = not yet noted */
};
/** Of a patch, texts copied into `a`. From memory. Does not look whether it is declined. */
void approval_of(struct deploy *d, struct str patch, struct arena *a, struct approval *out);
/** Indices of the catalog's approved patches (declined ones are not looked at): a copy, the
 * caller's. Cheap: made anew only after something changed. */
roaring_bitmap_t *approval_approved(struct deploy *d, const struct catalog *c);
/** Sets patches; those that are so already keep how and when. How many changed in *n_out. `how`
 * APPROVAL_BY_PERSON, or of the test. */
bool approval_set(struct deploy *d, const char *const *patches, size_t n, bool approved,
		  enum approval_how how, const char *by, const char *reason, size_t *n_out,
		  struct err *e) MUST_CHECK;
/** Notes patches of the present catalog that were not there before: from now on "seen", and as the
 * mode says. How many in *n_out. */
bool approval_note(struct deploy *d, size_t *n_out, struct err *e) MUST_CHECK;
/** Another server may have changed something: reads everything again. */
bool approval_reload(struct deploy *d, struct err *e) MUST_CHECK;
#endif
