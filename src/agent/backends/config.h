/* SPDX-License-Identifier: Apache-2.0
 * What becomes of configuration files, told before: dpkg's and rpm's own rules, applied to what was
 * installed, what comes and what is there. Runs nothing and reads nothing.
 *
 * Sources: dpkg's deferred_configure_conffile() with --force-confdef --force-confold
 * (apt_write_config sets both; by hand dpkg would ask where "kept" and "deleted" stand), rpm's
 * rpmfilesDecideFate(), rpmfilesConfigConflict() and handleOverlappedFiles(). What maintainer
 * scripts do beside (ucf, dpkg-maintscript-helper, debconf) cannot be told before. */
#ifndef AGENT_BACKENDS_CONFIG_H
#define AGENT_BACKENDS_CONFIG_H
#include "agent/backends/details.h"

struct config_case {
	struct str path;
	size_t step; /**< of the new version; of the old one, where no new one brings the file */
	const struct details_file *old, *anew; /**< NULL = that version has none */
	bool unread; /**< a package that comes, perhaps its own, could not be read */
	/* what is there now: whoever may look fills it in */
	bool there;	      /**< with dpkg behind links, with rpm the name itself */
	bool odd;	      /**< there, but no file that could be compared */
	bool as_old, as_anew; /**< has that version's content */
};
/** Every configuration file of the old or new versions, sorted by path; in d->a. */
struct config_case *config_cases(struct details *d, size_t *n_out);
/** dpkg: whether the verdict hangs on the new version's content (its digest may not be read yet).
 */
bool config_asks_new(const struct config_case *c);
/** A word of proto/plan.h, or NULL: nothing that a person has to know. */
const char *config_fate(enum pkgdb_kind kind, const struct config_case *c);
/** The list as proto/plan.h has it. */
json_t *config_json(const struct details *d, const struct config_case *cases, size_t n);
#endif
