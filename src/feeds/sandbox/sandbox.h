/* SPDX-License-Identifier: Apache-2.0
 * A feed's sync in a process of its own that can do nothing but compute: vendor bytes in, records
 * out. Both ends of it: the server's, which answers what the parser asks for and checks what it
 * says, and the parser's. A parser that crashes, loops or eats memory fails that one feed. */
#ifndef FEEDS_SANDBOX_H
#define FEEDS_SANDBOX_H
#include "feeds/feed.h"

#include <pthread.h>

/** Name of the role (ipc/role.h). */
#define FEED_PARSE_ROLE "parse"
#define FEED_PARSE_MEMORY ((int64_t)3 << 30) /**< address space of one parser */
#define FEED_PARSE_CPU_S 600

/** Server's end: FEED_SANDBOX_INIT. One sync at a time. */
struct feed_sandbox {
	int64_t memory, cpu_s; /**< limits; 0 = the defaults above */
	double cpu_used_s;     /**< by the last parser */
	int64_t memory_used;   /**< by the last parser, resident at most */
	/* private: */
	pthread_mutex_t lock;
	bool stop;
	int sock; /* of the running parser, or -1 */
};
#define FEED_SANDBOX_INIT ((struct feed_sandbox) { .lock = PTHREAD_MUTEX_INITIALIZER, .sock = -1 })
/** feed_runner.sync; `sandbox` is the struct feed_sandbox. What the parser asks for is answered
 * from `env`, but only addresses below those the spec names; what it hands back is read with every
 * check, may speak of the kind's own systems only, and its claims about signatures are replaced by
 * what was verified on this side. "the parser of feed 'x' died ...". */
bool feed_sandbox_sync(void *sandbox, const struct feed_kind *k, const struct feed_spec *s,
		       const struct feed_env *env, struct generation_result *out, struct err *e)
	MUST_CHECK;
/** Any thread: ends the running sync and all later ones. */
void feed_sandbox_stop(struct feed_sandbox *s);

/** Parser's end: a role_entry's serve(). Confines itself, serves one sync of a kind in `kinds`, or
 * reads one package (package.h). */
int feed_sandbox_parse(int fd, const struct feed_kind *kinds);

/** The addresses a spec names, one by one: url, dir, option values that are addresses or absolute
 * paths; NULL after the last. */
const char *feed_spec_address(const struct feed_spec *s, size_t i);
/** Whether a spec names `url`: same scheme, host and port as one of its addresses, or a path below
 * one of its directories. */
bool feed_spec_covers(const struct feed_spec *s, const char *url);
#endif
