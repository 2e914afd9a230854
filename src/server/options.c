/* SPDX-License-Identifier: Apache-2.0
 * The configuration file's keys, their defaults and ranges. */
#include "server/options.h"
#include "base/file.h"
#include "format/conf.h"

#define DEFAULT_FILE "/etc/tsukuroi/tsukuroid.conf"

bool options_load(const char *path, struct arena *a, struct options *out, struct err *e)
{
	struct options o = {
		.state_dir = "/var/lib/tsukuroi",
		.database = "",
		.address = "::",
		.port = 8383,
		.agent_port = 8027,
		.redirect_port = 8020,
		.names = "",
		.proxy = "",
		.notify_command = "",
		.log_level = "info",
		.threads = 2,
	};
	const struct conf_key keys[] = {
		{ "state_dir", CONF_TEXT, &o.state_dir, 1, 4000 },
		{ "database", CONF_TEXT, &o.database, 0, 1000 },
		{ "address", CONF_TEXT, &o.address, 1, 64 },
		{ "port", CONF_INT, &o.port, 0, 65535 },
		{ "agent_port", CONF_INT, &o.agent_port, 0, 65535 },
		{ "redirect_port", CONF_INT, &o.redirect_port, 0, 65535 },
		{ "names", CONF_TEXT, &o.names, 0, 2000 },
		{ "proxy", CONF_TEXT, &o.proxy, 0, 500 },
		{ "notify_command", CONF_TEXT, &o.notify_command, 0, 4000 },
		{ "log_level", CONF_TEXT, &o.log_level, 1, 10 },
		{ "threads", CONF_INT, &o.threads, 1, 64 },
	};
	if (path || file_exists(DEFAULT_FILE))
		if (!conf_load(path ? path : DEFAULT_FILE, keys, ARRAY_LEN(keys), a, e))
			return false;
	enum log_level level;
	if (!log_level_parse(o.log_level, &level))
		return err_set(e, ERR_INVALID, "log_level '%s' is none of debug, info, warn, error",
			       o.log_level);
	if (o.notify_command[0] && o.notify_command[0] != '/')
		return err_set(e, ERR_INVALID, "notify_command '%.100s' must be an absolute path",
			       o.notify_command);
	*out = o;
	return true;
}

char *options_database_url(const struct options *o)
{
	return o->database[0] ? xstrdup(o->database)
			      : xasprintf("sqlite:%s/tsukuroi.db", o->state_dir);
}
