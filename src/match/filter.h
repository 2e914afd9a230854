/* SPDX-License-Identifier: Apache-2.0
 * The one language in which systems are described: by dynamic groups, targets of deployments, lists
 * and the API. `os = debian and (health = highly_vulnerable or not last_contact < 7d)`.
 *
 *   filter := and { "or" and }          and := not { "and" not }
 *   not    := "not" not | "(" filter ")" | term
 *   term   := FIELD OP value | FIELD ["not"] "in" "(" value { "," value } ")" | FLAG
 *           | "package" value [OP value]
 *   OP     := "=" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A value is a word, or a text in double quotes (\" and \\ inside). Keywords and fields are written
 * in small letters. The fields, and what may be said of each, are in filter_fields(). In texts '*'
 * and '?' stand for any and for one character, and ASCII case does not matter; the order of
 * versions is that of the package's kind, else that of numbers at dots; an age is a number with m,
 * h, d or w, and what never happened is older than any. A package or version that a system does
 * not have is in no order. Only active systems are described.
 *
 * Evaluated to bitmaps from what the fleet and match keep: no host's record is read. */
#ifndef MATCH_FILTER_H
#define MATCH_FILTER_H
#include "base/arena.h"
#include "fleet/address.h"
#include "fleet/group.h"
#include "match/match.h"

#define FILTER_MAX 4000 /* bytes of text */
#define FILTER_TERMS 200
#define FILTER_DEPTH 30
#define FILTER_VALUES 100 /* of one "in" */

enum filter_op {
	FILTER_IS,
	FILTER_IS_NOT,
	FILTER_BELOW,
	FILTER_AT_MOST,
	FILTER_ABOVE,
	FILTER_AT_LEAST,
	FILTER_OPS_
};
const char *filter_op_name(enum filter_op o); /**< "=", "!=", ... */

enum filter_type {
	FILTER_TEXT,	/**< = != in: a pattern */
	FILTER_VERSION, /**< all: = and != compare texts, the others versions */
	FILTER_WORD,	/**< = != in: one of words */
	FILTER_NUMBER,	/**< all */
	FILTER_AGE,	/**< < <= > >= */
	FILTER_FLAG,	/**< = != yes or no; or alone */
	FILTER_ADDRESS, /**< = != in: an address or a range */
	FILTER_GROUP,	/**< = != in: a group's name or id */
	FILTER_PATCH,	/**< = != in: a patch's id */
	FILTER_PACKAGE, /**< = != in: a name; or a name and a version */
};
struct filter_field {
	const char *name;
	enum filter_type type;
	const char *const *words; /**< NULL-terminated; of FILTER_WORD and FILTER_FLAG */
};
const struct filter_field *filter_fields(size_t *n_out);

/** Where a text is wrong, and what may stand there. */
struct filter_error {
	size_t at;		  /**< character, counted from 1 */
	const char *const *words; /**< NULL-terminated; NULL = anything */
};

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_TERM };
/** A parsed filter; lives in the arena it was parsed into. */
struct filter {
	enum filter_kind kind;
	struct filter **of; /**< AND, OR: two or more; NOT: one */
	size_t n;
	/* TERM */
	const struct filter_field *field;
	enum filter_op op;
	struct str *values; /**< of `in` several, each as `=`; package: names */
	size_t n_values;
	struct str version; /**< of a package; p == NULL: none is asked for */
	int64_t number;	    /**< FILTER_NUMBER; FILTER_AGE in milliseconds; FILTER_FLAG 0 or 1 */
	uint64_t words;	    /**< FILTER_WORD: bits */
	struct address_range *ranges;
};
/** ERR_INVALID: the message names position and cause; `where` (may be NULL) has them apart. */
bool filter_parse(struct str text, struct arena *a, struct filter **out, struct filter_error *where,
		  struct err *e) MUST_CHECK;
/** The text of a filter in its plainest form; reads back to an equal one. */
void filter_write(const struct filter *x, struct buf *out);
/** Whether what it says depends on what counts as missing (health, numbers of missing patches, a
 * missing patch), itself or by a group it refers to: then nothing may be declined for it, since
 * that would change what it depends on. */
bool filter_asks_status(const struct match_view *v, const struct filter *x);
/** The same of a group, by id or name. */
bool filter_group_asks_status(const struct match_view *v, struct str id_or_name);
/** Whether a group is this one (by id), or its filter refers to it, itself or by other groups. */
bool filter_group_reaches(const struct match_view *v, struct str id_or_name, const char *id);
/** Whether it refers to this group, by id or name. */
bool filter_names_group(const struct filter *x, const struct group *g);

/** What several evaluations under one view share. */
struct filter_run {
	const struct match_view *v;
	int64_t now_ms;
	uint8_t *healths;
	roaring_bitmap_t **groups; /**< by number; NULL = not asked yet */
	uint8_t *entered;	   /**< by number: is being evaluated */
};
void filter_run_begin(struct filter_run *r, const struct match_view *v, int64_t now_ms);
void filter_run_end(struct filter_run *r);
AUTO_DEFINE_VALUE(struct filter_run, filter_run_end)
/** Active hosts it describes; the caller frees it. ERR_NOT_FOUND for a group that is not there (or
 * whose filter names one), ERR_CONFLICT for one that refers to itself. */
bool filter_hosts(struct filter_run *r, const struct filter *x, roaring_bitmap_t **out,
		  struct err *e) MUST_CHECK;
/** Active members of a group, by its number (fleet_group()). Borrowed until the run ends. */
bool filter_group(struct filter_run *r, uint32_t group, const roaring_bitmap_t **out, struct err *e)
	MUST_CHECK;
/** The same by id or name; ERR_NOT_FOUND. */
bool filter_group_named(struct filter_run *r, struct str id_or_name, const roaring_bitmap_t **out,
			struct err *e) MUST_CHECK;
/** Whether `x` may be the filter of the group `own` ("" for a new one): every group in it is there,
 * and none leads back to it. ERR_NOT_FOUND, ERR_CONFLICT. */
bool filter_fits_group(struct filter_run *r, const struct filter *x, const char *own, struct err *e)
	MUST_CHECK;
/** A dynamic group whose filter refers to this one; NULL = none. */
const struct group *filter_group_user(const struct match_view *v, const struct group *g);
#endif
