/* SPDX-License-Identifier: Apache-2.0
 * What the server may be told: one configuration file with working defaults. docs/man/tsukuroid.8
 * is the reference. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"

struct options {
	const char *state_dir; /**< everything the server keeps */
	const char *database;  /**< "" = sqlite in state_dir; else postgresql://... */
	const char *address;   /**< to listen on; "::" = all */
	int64_t port;	       /**< people and programs (HTTPS) */
	int64_t agent_port;    /**< agents (HTTPS, client certificates) */
	int64_t redirect_port; /**< plain HTTP, redirects only; 0 = off */
	const char *names;     /**< further names and addresses of this server, comma separated */
	const char *proxy;     /**< for vendor sites; "" = direct */
	const char
		*notify_command; /**< program told by JSON on its input how syncs end; "" = none */
	const char *log_level;
	int64_t threads; /**< per listening port */
};
/** Defaults, then the file: `path` NULL = /etc/tsukuroi/tsukuroid.conf when it exists. */
bool options_load(const char *path, struct arena *a, struct options *out, struct err *e) MUST_CHECK;
/** Of sql_open(): `database`, or the file in `state_dir`. The caller's to free. */
char *options_database_url(const struct options *o);
#endif
