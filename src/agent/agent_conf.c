/* SPDX-License-Identifier: Apache-2.0
 * Configuration files of an agent. Invariant: a file that is there but wrong is an error that names
 * it; it never passes for a missing one. */
#include "agent/agent_conf.h"
#include "base/enc.h"
#include "base/file.h"
#include "format/conf.h"

const struct agent_paths agent_paths_default = {
	.config = "/etc/tsukuroi-agent",
	.state = "/var/lib/tsukuroi-agent",
	.run = "/run/tsukuroi-agent",
	.sysroot = "",
};

const char *agent_config_file(const struct agent_paths *p, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", p->config, name);
}

const char *agent_state_file(const struct agent_paths *p, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", p->state, name);
}

const char *agent_run_file(const struct agent_paths *p, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", p->run, name);
}

static bool check_server(struct str s, struct err *e)
{
	if (!str_starts(s, "https://") || s.n > 300)
		return err_set(e, ERR_INVALID, "server '%.*s' is not https://HOST[:PORT]",
			       (int)MIN(s.n, 100), s.p);
	for (size_t i = 8; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("/?#@\\\"'<>", c))
			return err_set(
				e, ERR_INVALID,
				"server '%.*s' is not https://HOST[:PORT]; leave out the path",
				(int)MIN(s.n, 100), s.p);
	}
	if (s.n == 8)
		return err_set(e, ERR_INVALID, "server 'https://' names no host");
	return true;
}

bool agent_conf_check_server(const char *servers, struct err *e)
{
	struct str rest = str_of(servers), one;
	unsigned n = 0;
	do {
		if (++n > AGENT_SERVERS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d servers are named",
				       AGENT_SERVERS_MAX);
		if (!str_split(&rest, ',', &one) || !check_server(str_trim(one), e))
			return false;
	} while (rest.p);
	return true;
}

unsigned agent_conf_servers(const char *servers)
{
	unsigned n = 1;
	for (const char *p = servers; *p; p++)
		n += *p == ',';
	return n;
}

struct str agent_conf_server(const char *servers, unsigned turn)
{
	struct str rest = str_of(servers), one = { 0 };
	unsigned left = turn % agent_conf_servers(servers);
	while (str_split(&rest, ',', &one) && left--)
		;
	return str_trim(one);
}

bool agent_conf_load(const struct agent_paths *p, struct arena *a, struct agent_conf *out,
		     struct err *e)
{
	struct agent_conf c = { .server = "", .proxy = "", .log_level = "info" };
	const struct conf_key keys[] = {
		{ "server", CONF_TEXT, &c.server, 9, 2400 },
		{ "proxy", CONF_TEXT, &c.proxy, 0, 300 },
		{ "log_level", CONF_TEXT, &c.log_level, 4, 5 },
		{ "refresh_s", CONF_INT, &c.refresh_s, 0, 7 * 86400 },
	};
	if (!conf_load(agent_config_file(p, a, "agent.conf"), keys, ARRAY_LEN(keys), a, e))
		return false;
	if (!agent_conf_check_server(c.server, e))
		return false;
	*out = c;
	return true;
}

static bool is_id(const char *s)
{
	uint8_t raw[16];
	return enc_unhex(str_of(s), raw, sizeof(raw));
}

bool agent_identity_load(const struct agent_paths *p, struct arena *a, struct agent_identity *out,
			 struct err *e)
{
	struct agent_identity id = { .agent_id = "", .org = "" };
	const struct conf_key keys[] = {
		{ "agent_id", CONF_TEXT, &id.agent_id, 32, 32 },
		{ "org", CONF_TEXT, &id.org, 1, 64 },
		{ "epoch", CONF_INT, &id.epoch, 1, INT64_MAX },
	};
	const char *file = agent_config_file(p, a, "identity.conf");
	if (!file_exists(file))
		return err_set(e, ERR_NOT_FOUND,
			       "this machine is not enrolled; run 'tsukuroi-agent enroll'");
	if (!conf_load(file, keys, ARRAY_LEN(keys), a, e))
		return false;
	if (!is_id(id.agent_id) || id.epoch < 1 || !id.org[0])
		return err_set(e, ERR_CORRUPT, "'%s' is not complete; enrol again", file);
	AUTO(buf_done) struct buf key = BUF_INIT(200);
	const char *key_file = agent_config_file(p, a, "deploy.pub");
	if (!file_read(key_file, &key, e))
		return false;
	if (!enc_unhex(str_trim(buf_str(&key)), id.deploy_key, sizeof(id.deploy_key)))
		return err_set(e, ERR_CORRUPT, "'%s' is not a key of 64 hex digits; enrol again",
			       key_file);
	*out = id;
	return true;
}

bool agent_identity_save(const struct agent_paths *p, const struct agent_identity *id,
			 struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	char hex[2 * SIGN_PUBLIC_LEN + 1];
	buf_printf(&b, "%s\n", enc_hex(id->deploy_key, SIGN_PUBLIC_LEN, hex));
	if (!file_write_atomic(agent_config_file(p, &a, "deploy.pub"), buf_str(&b), 0644, e))
		return false;
	buf_reset(&b);
	buf_printf(&b,
		   "# Written by 'tsukuroi-agent enroll'.\nagent_id = %s\norg = %s\nepoch = %lld\n",
		   id->agent_id, id->org, (long long)id->epoch);
	return buf_ok(&b, "identity", e) &&
	       file_write_atomic(agent_config_file(p, &a, "identity.conf"), buf_str(&b), 0644, e);
}

static bool read_downgrade(const char *word, enum agent_downgrade *out)
{
	static const char *const words[] = {
		[DOWNGRADE_PREVIOUS] = "previous", [DOWNGRADE_ANY] = "any", [DOWNGRADE_NO] = "no"
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum agent_downgrade)i;
			return true;
		}
	}
	return false;
}

bool agent_policy_load(const struct agent_paths *p, struct arena *a, struct agent_policy *out,
		       struct err *e)
{
	struct agent_policy pol = { .install = true,
				    .unsigned_sources = "",
				    .restart = true,
				    .wake_on_lan = true,
				    .never_restart = "",
				    .downgrade_days = 30 };
	const char *suites = "host", *downgrade = "previous", *reboot = "yes", *content = "";
	int64_t threshold = 1;
	const struct conf_key keys[] = {
		{ "install", CONF_BOOL, &pol.install, 0, 0 },
		{ "suites", CONF_TEXT, &suites, 3, 4 },
		{ "unsigned", CONF_TEXT, &pol.unsigned_sources, 0, 2000 },
		{ "restart", CONF_BOOL, &pol.restart, 0, 0 },
		{ "never_restart", CONF_TEXT, &pol.never_restart, 0, 4000 },
		{ "downgrade", CONF_TEXT, &downgrade, 2, 8 },
		{ "downgrade_days", CONF_INT, &pol.downgrade_days, 1, 3650 },
		{ "reboot", CONF_TEXT, &reboot, 3, 5 },
		{ "wake_on_lan", CONF_BOOL, &pol.wake_on_lan, 0, 0 },
		{ "content_keys", CONF_TEXT, &content, 0, 2000 },
		{ "content_threshold", CONF_INT, &threshold, 1, SCRIPT_KEYS_MAX },
	};
	const char *file = agent_config_file(p, a, "policy.conf");
	if (file_exists(file) && !conf_load(file, keys, ARRAY_LEN(keys), a, e))
		return false;
	if (strcmp(suites, "host") != 0 && strcmp(suites, "any") != 0)
		return err_set(e, ERR_INVALID, "%s: 'suites' must be host or any", file);
	if (!read_downgrade(downgrade, &pol.downgrade))
		return err_set(e, ERR_INVALID, "%s: 'downgrade' must be previous, any or no", file);
	if (strcmp(reboot, "yes") != 0 && strcmp(reboot, "never") != 0)
		return err_set(e, ERR_INVALID, "%s: 'reboot' must be yes or never", file);
	if (!script_keys_read(str_of(content), &pol.content, e))
		return err_prefix(e, "%s", file);
	if (pol.content.n && threshold > pol.content.n)
		return err_set(
			e, ERR_INVALID,
			"%s: 'content_threshold' is %lld, but only %u content keys are named", file,
			(long long)threshold, pol.content.n);
	pol.content.threshold = (uint32_t)threshold;
	pol.reboot = strcmp(reboot, "yes") == 0;
	pol.any_suite = strcmp(suites, "any") == 0;
	*out = pol;
	return true;
}

int agent_paths_take(struct agent_paths *p, int argc, char **argv, struct err *e)
{
	const struct {
		const char *name;
		const char **out;
	} known[] = {
		{ "--config-dir", &p->config },
		{ "--state-dir", &p->state },
		{ "--run-dir", &p->run },
		{ "--sysroot", &p->sysroot },
	};
	int kept = 0;
	for (int i = 0; i < argc; i++) {
		size_t k = 0;
		while (k < ARRAY_LEN(known) && strcmp(argv[i], known[k].name) != 0)
			k++;
		if (k == ARRAY_LEN(known)) {
			argv[kept++] = argv[i];
			continue;
		}
		if (i + 1 >= argc || argv[i + 1][0] != '/') {
			(void)err_set(e, ERR_INVALID, "'%s' needs an absolute path", argv[i]);
			return -1;
		}
		*known[k].out = argv[++i];
	}
	argv[kept] = NULL;
	return kept;
}
