/* SPDX-License-Identifier: Apache-2.0
 * What the targets of the deployments looked at last have told with their plans, read once and kept
 * in memory as numbers. At each look the database says who has told anew, and only that is read:
 * what is counted is never older than the look, whichever server wrote it, and after a restart the
 * first look reads all of it again. */
#ifndef API_PLAN_BOOK_H
#define API_PLAN_BOOK_H
#include "base/intern.h"
#include "base/vec.h"
#include "deploy/orders/plans.h"

#include <pthread.h>

struct plan_books;
struct plan_books *plan_books_new(void);
void plan_books_free(struct plan_books *all);
AUTO_DEFINE(struct plan_books, plan_books_free)

/** Members of the names below. */
enum plan_name { PLAN_PACKAGE, PLAN_CONFIG_FILE, PLAN_SERVICE, PLAN_REBOOT, PLAN_NAMES_ };

/** What one plan or one system counts to: numbers of names. */
struct plan_share {
	uint32_t *names;
	uint32_t *versions; /**< of a plan: beside each name where it goes to; else NULL */
	size_t n;
};
struct plan_system {
	struct plan_share share;
	int64_t told_ms; /* as it was read; -1 = it is to be read */
	uint64_t look;
	int64_t download, disk;
	bool details, tells_download, tells_disk, no_room, tells_reboot, reboots;
};
struct plan_book {
	/** A name is its kind's digit, then parts between tabs; versions are names of their own. */
	struct intern *names;
	struct intern *hosts, *hashes;
	VEC(struct plan_system) systems; /**< by number of the host */
	VEC(struct plan_share) plans;	 /**< by number of the hash; names NULL = not read yet */
	uint64_t look;			 /**< systems of the last look have this one */
	char deployment[33];
	uint64_t used;
};
/** The book of a deployment, up to date, for the plans of `groups`; locked until
 * plan_books_end(). Also after an error plan_books_end() is called. */
bool plan_books_look(struct plan_books *all, struct deploy *d, const char *deployment,
		     const struct plan_group *groups, size_t n, const struct plan_book **out,
		     struct err *e) MUST_CHECK;
void plan_books_end(struct plan_books *all);
#endif
