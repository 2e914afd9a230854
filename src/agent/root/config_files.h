/* SPDX-License-Identifier: Apache-2.0
 * Looking at what decides over configuration files: the .deb that comes and the file that is there.
 * Only reads. A package is what somebody else made: read within bounds (format/pkgfile.h), never
 * unpacked. */
#ifndef AGENT_ROOT_CONFIG_FILES_H
#define AGENT_ROOT_CONFIG_FILES_H
#include "agent/backends/config.h"

#define CONFIG_LIST_MAX (1u << 20)  /**< bytes of a .deb's list of configuration files */
#define CONFIG_FILE_MAX (256 << 20) /**< bytes of one that are compared; more cannot be told */

/** Notes which configuration files a .deb brings. *step_out: whose package it is; SIZE_MAX when it
 * is none of the transaction. ERR_CORRUPT, ERR_LIMIT. */
bool config_read_deb(struct details *d, const char *path, size_t *step_out, struct err *e)
	MUST_CHECK;
/** Every configuration file with what is on the disk below `sysroot` ("" = this machine's). */
struct config_case *config_look(struct details *d, const char *sysroot, size_t *n_out);
/** Whether the verdict over one of `step` hangs on what the new version holds. */
bool config_asks(const struct config_case *cases, size_t n, size_t step);
/** Compares those with what the .deb of `step` holds. ERR_CORRUPT, ERR_LIMIT. */
bool config_compare_deb(struct details *d, const char *path, struct config_case *cases, size_t n,
			size_t step, const char *sysroot, struct err *e) MUST_CHECK;
#endif
