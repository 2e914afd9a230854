/* SPDX-License-Identifier: Apache-2.0
 * Reading what agents say about themselves: bounded, typed, and harmless in a log line. */
#include "api/agent_enrol.h"
#include "proto/lan.h"

#define MAX_HEALTH (128u << 10)
#define MAX_LAN (8u << 10)
#define MAX_RESTART 200
#define MAX_PACKAGES 1000

char *agent_clean(struct call *c, const char *s)
{
	char *copy = arena_strdup(c->arena, s ? s : "");
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}

bool agent_read_time(const json_t *body, const char *key, int64_t *out, struct err *e)
{
	const char *s = "";
	if (!json_opt_str(body, key, CLOCK_RFC3339_LEN, &s, e))
		return false;
	if (*s && !clock_parse_rfc3339(str_of(s), out))
		return err_set(e, ERR_INVALID, "'%s' must be a time as in RFC 3339", key);
	return true;
}

bool agent_read_order(const json_t *body, const char **out, struct err *e)
{
	const char *id;
	if (!json_need_str(body, "order", 32, 32, &id, e))
		return false;
	if (strspn(id, "0123456789abcdef") != 32)
		return err_set(e, ERR_INVALID, "'order' must be 32 hex digits");
	*out = id;
	return true;
}

/* Section 5 of the protocol: known members with their types, kept as compact text. */
static bool read_health(struct call *c, const json_t *health, char **out, struct err *e)
{
	static const char *const known[] = { "reboot", "restart", NULL };
	static const char *const reboot_known[] = {
		"needed", "running_kernel", "newest_kernel", "flavour", "why", "packages", NULL
	};
	static const char *const restart_known[] = { "pid",	  "unit",     "exe",
						     "libraries", "packages", NULL };
	json_t *reboot = json_object_get(health, "reboot"), *restart = NULL, *packages = NULL,
	       *libraries = NULL;
	if (!json_is_object(health) || !json_only(health, known, e) ||
	    !json_opt_array(health, "restart", MAX_RESTART, &restart, e))
		return err_set(e, ERR_INVALID, "'health' does not have the form it must have");
	if (reboot && (!json_is_object(reboot) || !json_only(reboot, reboot_known, e) ||
		       !json_opt_array(reboot, "packages", MAX_PACKAGES, &packages, e)))
		return err_set(e, ERR_INVALID, "'reboot' does not have the form it must have");
	for (size_t i = 0; i < json_array_size(restart); i++) {
		json_t *one = json_array_get(restart, i);
		if (!json_is_object(one) || !json_only(one, restart_known, e) ||
		    !json_opt_array(one, "libraries", MAX_PACKAGES, &libraries, e) ||
		    !json_opt_array(one, "packages", MAX_PACKAGES, &libraries, e))
			return err_set(e, ERR_INVALID,
				       "an item of 'restart' does not have the form it must have");
	}
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_HEALTH);
	json_write(health, &b);
	if (!buf_ok(&b, "'health'", e))
		return false;
	*out = arena_strdup(c->arena, buf_str(&b).p);
	return true;
}

/* Kept as it is written by who reads it. */
static bool read_lan(struct call *c, const json_t *j, char **out, struct err *e)
{
	struct lan lan;
	if (!j || json_is_null(j))
		return true;
	if (!lan_read(j, &lan, e))
		return false;
	AUTO(json_free) json_t *again = lan_write(&lan);
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_LAN);
	json_write(again, &b);
	if (!buf_ok(&b, "'lan'", e))
		return false;
	*out = arena_strdup(c->arena, buf_str(&b).p);
	return true;
}

struct text_member {
	const char *key;
	size_t max;
	size_t offset;
};

bool agent_read_attrs(struct call *c, const json_t *body, struct host_attrs *out, struct err *e)
{
	static const char *const known[] = { "hostname", "os_id",	  "os_version",
					     "os_name",	 "arch",	  "kernel",
					     "address",	 "agent_version", "logged_in_user",
					     "boot_id",	 "boot_time",	  "reboot_needed",
					     "health",	 "lan",		  NULL };
	static const struct text_member texts[] = {
		{ "hostname", 253, offsetof(struct host_attrs, hostname) },
		{ "os_id", 64, offsetof(struct host_attrs, os_id) },
		{ "os_version", 64, offsetof(struct host_attrs, os_version) },
		{ "os_name", 200, offsetof(struct host_attrs, os_name) },
		{ "arch", 32, offsetof(struct host_attrs, arch) },
		{ "kernel", 200, offsetof(struct host_attrs, kernel) },
		{ "address", 100, offsetof(struct host_attrs, address) },
		{ "agent_version", 64, offsetof(struct host_attrs, agent_version) },
		{ "logged_in_user", 256, offsetof(struct host_attrs, logged_in_user) },
		{ "boot_id", 64, offsetof(struct host_attrs, boot_id) },
	};
	struct host_attrs a = { 0 };
	json_t *attrs = json_object_get(body, "attrs"), *health;
	const char *hostname;
	if (!json_is_object(attrs))
		return err_set(e, ERR_INVALID, "'attrs' must be an object");
	if (!json_only(attrs, known, e) ||
	    !json_need_str(attrs, "hostname", 1, 253, &hostname, e) ||
	    !agent_read_time(attrs, "boot_time", &a.boot_ms, e) ||
	    !json_opt_bool(attrs, "reboot_needed", &a.reboot_needed, e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *s = "";
		if (!json_opt_str(attrs, texts[i].key, texts[i].max, &s, e))
			return false;
		char *copy = agent_clean(c, s);
		memcpy((char *)&a + texts[i].offset, &copy, sizeof(copy));
	}
	if (!*a.address)
		a.address = arena_strdup(c->arena, http_req_peer(c->req));
	if (!read_lan(c, json_object_get(attrs, "lan"), &a.lan_json, e))
		return false;
	health = json_object_get(attrs, "health");
	if (health && !json_is_null(health) && !read_health(c, health, &a.health_json, e))
		return false;
	*out = a;
	return true;
}
