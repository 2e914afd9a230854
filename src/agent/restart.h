/* SPDX-License-Identifier: Apache-2.0
 * Which running processes still use libraries or programs that were replaced on disk: the kernel
 * marks such mappings "(deleted)" in /proc/PID/maps. Only root sees everybody's; a process that may
 * not be looked at is passed over. */
#ifndef AGENT_RESTART_H
#define AGENT_RESTART_H
#include "base/arena.h"
#include "format/json.h"

#define RESTART_MAX 200	       /**< processes told */
#define RESTART_USERS_MAX 5000 /**< processes that use files, see restart_scan_users */
#define RESTART_MAX_LIBS 20    /**< libraries told of one process */

struct restart_entry {
	int64_t pid;
	struct str unit; /**< systemd unit, "" when there is none */
	struct str exe;
	struct str *libraries;
	size_t n_libraries;
};
struct restart_list {
	struct restart_entry *entries; /**< by pid */
	size_t n;
};
/** `proc` is "/proc". Processes that end meanwhile are left out. */
bool restart_scan(const char *proc, struct arena *a, struct restart_list *out, struct err *e)
	MUST_CHECK;
/** The same, of the processes of these units alone. */
bool restart_scan_units(const char *proc, const struct str *units, size_t n_units, struct arena *a,
			struct restart_list *out, struct err *e) MUST_CHECK;
/** The other way round: which processes run files that `owned` says yes to, as they are now; the
 * first RESTART_MAX_LIBS of each, in `libraries`. */
bool restart_scan_users(const char *proc, bool (*owned)(void *arg, struct str path), void *arg,
			struct arena *a, struct restart_list *out, struct err *e) MUST_CHECK;
/** As the "restart" member of docs/agent-protocol.md section 5, without the packages. */
json_t *restart_json(const struct restart_list *l);
/** Distinct replaced files of a maps text; exposed for tests and fuzzing. */
size_t restart_parse_maps(struct str maps, struct arena *a, struct str *out, size_t max);
/** The unit of a cgroup file's text: "0::/system.slice/nginx.service" gives "nginx.service". */
struct str restart_parse_cgroup(struct str text);
#endif
