/* SPDX-License-Identifier: Apache-2.0
 * What the API says about a system. */
#include "api/system_json.h"

#include "api/api_int.h"
#include "api/enriched.h"
#include "api/failures.h"
#include "api/unknown.h"
#include "api/words.h"
#include "proto/lan.h"
#include "proto/units.h"

#define MAX_EVIDENCE (256u << 10)

static json_t *text(const char *s)
{
	return json_text(str_of(s ? s : ""));
}

struct str system_os(struct call *c, const struct host *h)
{
	const char *id = h->attrs.os_id, *version = h->attrs.os_version;
	if (!id || !*id)
		return STR_LIT("");
	return str_of(arena_printf(c->arena, "%s:%s", id, version ? version : ""));
}

static json_t *flags_json(uint32_t flags)
{
	static const char *const words[HOST_FLAGS_] = { "stale", "end_of_life", "unsigned_source",
							"reboot_pending", "restart_pending" };
	json_t *j = json_array();
	for (int i = 0; i < HOST_FLAGS_; i++)
		if (flags >> i & 1)
			json_array_append_new(j, json_string(words[i]));
	return j;
}

json_t *system_json(struct call *c, const struct match_view *v, uint32_t host)
{
	const struct host *h = fleet_host(v->fleet, host);
	const struct host_attrs *a = &h->attrs;
	struct host_counts counts;
	struct str os = system_os(c, h);
	match_host_counts(v, host, &counts);
	json_t *j = json_object();
	json_object_set_new(j, "id", text(h->id));
	json_object_set_new(j, "hostname", text(a->hostname));
	json_object_set_new(j, "os_name", text(a->os_name));
	json_object_set_new(j, "os", json_text(os));
	json_object_set_new(j, "platform", json_string(word_platform(os)));
	json_object_set_new(j, "arch", text(a->arch));
	json_object_set_new(j, "kernel", text(a->kernel));
	json_object_set_new(j, "address", text(a->address));
	json_object_set_new(j, "health",
			    json_string(health_name(match_health(v, host, c->now_ms))));
	json_object_set_new(j, "lifecycle", enriched_lifecycle_json(c, v, h));
	json_object_set_new(j, "missing", words_severity_counts(counts.missing));
	bool old = roaring_bitmap_contains(unknown_hosts(c, v), host);
	json_object_set_new(j, "installed", json_integer(old ? 0 : counts.installed));
	json_object_set_new(j, "unknown", json_integer(old ? counts.installed : 0));
	json_object_set_new(j, "held", json_integer(counts.held));
	json_object_set_new(j, "declined", json_integer(counts.declined));
	json_object_set_new(j, "kept_back", json_integer(counts.kept_back));
	json_object_set_new(j, "phased", json_integer(counts.phased));
	json_object_set_new(j, "needs_subscription", json_integer(counts.needs_subscription));
	json_object_set_new(j, "flags", flags_json(match_host_flags(v, host, c->now_ms)));
	json_object_set_new(j, "failed", json_integer(failures_of_host(c->api->failures, v, host)));
	json_object_set_new(j, "office", text(h->office));
	json_object_set_new(j, "last_contact", json_time(h->last_contact_ms));
	json_object_set_new(j, "last_scan", json_time(h->last_scan_ms));
	json_object_set_new(j, "scan_status", json_string(word_scan(h->scan)));
	json_object_set_new(j, "scan_error", words_text_or_null(h->scan_error));
	json_object_set_new(j, "online", json_boolean(h->online));
	json_object_set_new(j, "reboot_needed", json_boolean(a->reboot_needed));
	json_object_set_new(j, "agent_version", text(a->agent_version));
	json_object_set_new(j, "logged_in_user", words_text_or_null(a->logged_in_user));
	json_object_set_new(j, "state", json_string(word_state(h->state)));
	json_object_set_new(j, "enrolled", json_time(h->enrolled_ms));
	return j;
}

/* What helps each process, said here so that every reader says the same. */
static void add_remedies(json_t *restart)
{
	json_t *x;
	size_t i;
	json_array_foreach(restart, i, x)
	{
		const char *unit = json_string_value(json_object_get(x, "unit"));
		const char *exe = json_string_value(json_object_get(x, "exe"));
		int64_t pid = json_integer_value(json_object_get(x, "pid"));
		enum unit_remedy r = unit_remedy_of(pid, str_of(unit ? unit : ""),
						    str_of(exe ? exe : ""));
		json_object_set_new(x, "remedy", json_string(unit_remedy_name(r)));
	}
}

static json_t *lan_json(const struct host *h)
{
	struct lan lan;
	return h->attrs.lan_json && lan_parse(h->attrs.lan_json, &lan, NULL) ? lan_write(&lan)
									     : json_null();
}

void system_detail_json(const struct host *h, json_t *into)
{
	/* The gateway checked it when it came; what does not parse any more is shown as absent. */
	json_t *evidence = NULL;
	if (!h->attrs.health_json ||
	    !json_parse(str_of(h->attrs.health_json), MAX_EVIDENCE, &evidence, NULL))
		evidence = json_null();
	add_remedies(json_object_get(evidence, "restart"));
	json_object_set_new(into, "boot_time", json_time(h->attrs.boot_ms));
	json_object_set_new(into, "inventory_digest", words_digest_or_null(&h->inventory));
	json_object_set_new(into, "facts", json_integer(h->n_facts));
	json_object_set_new(into, "certificate_fingerprint", text(h->cert_fingerprint));
	json_object_set_new(into, "evidence", evidence);
	json_object_set_new(into, "lan", lan_json(h));
}
