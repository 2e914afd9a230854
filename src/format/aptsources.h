/* SPDX-License-Identifier: Apache-2.0
 * apt's lists of archives, sources.list(5): the one-line form and the deb822 form. */
#ifndef FORMAT_APTSOURCES_H
#define FORMAT_APTSOURCES_H
#include "base/arena.h"
#include "base/err.h"

#define APTSOURCES_MAX (1u << 20) /**< bytes of one file */
#define APTSOURCES_MAX_ENTRIES 2000u

struct apt_words {
	struct str *p;
	size_t n;
};
struct apt_source {
	bool deb, deb_src; /**< Types */
	bool enabled;  /**< "Enabled: no" gives false; commented-out one-line entries are not there
			*/
	bool trusted;  /**< "trusted=yes": apt would not check signatures */
	bool insecure; /**< "allow-insecure=yes": apt would take an index without a signature */
	struct apt_words uris, suites, components;
	struct apt_words
		architectures; /**< empty = the system's own; "arch+=", "arch-=" are not in it */
	/** As written: absolute path(s) or fingerprints separated by commas or blanks, or an
	 * ASCII-armoured key in place (then with its LFs). Empty = apt's default keyrings. */
	struct str signed_by;
	uint32_t line; /**< where it begins, from 1 */
};
struct apt_sources {
	struct apt_source *p;
	size_t n;
};
/** sources.list text. Everything in *out lives in `a`. ERR_CORRUPT names the line; ERR_LIMIT. */
bool aptsources_parse_list(struct str text, struct arena *a, struct apt_sources *out, struct err *e)
	MUST_CHECK;
/** *.sources text (deb822). As above. */
bool aptsources_parse_deb822(struct str text, struct arena *a, struct apt_sources *out,
			     struct err *e) MUST_CHECK;
#endif
