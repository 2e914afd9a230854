/* SPDX-License-Identifier: Apache-2.0
 * What real machines are made of: the packages of a Debian Packages file, and roles (sets of
 * packages closed over their real dependencies). Everything follows from the file and the seed. */
#ifndef BENCH_ROLES_H
#define BENCH_ROLES_H
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

#define ROLES 40
#define ROLE_MIN 400
#define ROLE_MAX 2100
/** Facts of an average host: what the roles are weighted for. */
#define ROLES_MEAN_FACTS 1276

struct role_package {
	struct str name, arch, version, source, source_version;
	uint32_t source_no;
	uint8_t generations; /**< versions it has come in, 5..8; the same for a whole source */
	bool used;	     /**< some role has it */
};
struct role {
	VEC(uint32_t) packages; /* ascending */
	double until;		/* cumulated weight, 1 at the last */
};
struct roles {
	struct arena arena;
	VEC(struct role_package) packages; /* by name */
	VEC(uint32_t) used;		   /* packages that some role has */
	uint32_t n_sources;
	uint32_t *source_first, *source_packages; /* run of each source in source_packages */
	struct role role[ROLES];
};

/** One step of a stream of numbers that is the same on every machine. */
static inline uint64_t roles_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}
struct roles_random {
	uint64_t at;
};
static inline uint64_t roles_next(struct roles_random *r)
{
	return roles_mix(r->at++);
}

/** Reads a Packages file (plain, xz, gzip, zstd) and makes the roles. */
bool roles_load(const char *path, uint64_t seed, struct roles *out, struct err *e) MUST_CHECK;
void roles_done(struct roles *r);
AUTO_DEFINE_VALUE(struct roles, roles_done)
#endif
