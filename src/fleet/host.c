/* SPDX-License-Identifier: Apache-2.0
 * One host's own texts and facts. A million hosts are a million blocks, not ten million strings:
 * a change copies the block, which is a kilobyte or two. */
#include "fleet/host.h"
#include "base/str.h"
#include "fleet/facts.h"

#define ATTR(field) offsetof(struct host, attrs.field)
static const size_t owns[HOST_OWNS_] = {
	[HOST_OWN_HOSTNAME] = ATTR(hostname),
	[HOST_OWN_ADDRESS] = ATTR(address),
	[HOST_OWN_USER] = ATTR(logged_in_user),
	[HOST_OWN_BOOT_ID] = ATTR(boot_id),
	[HOST_OWN_HEALTH] = ATTR(health_json),
	[HOST_OWN_LAN] = ATTR(lan_json),
	[HOST_OWN_SCAN_ERROR] = offsetof(struct host, scan_error),
	[HOST_OWN_FINGERPRINT] = offsetof(struct host, cert_fingerprint),
};
/* Every text of struct host_attrs, for comparing. */
static const size_t texts[] = {
	offsetof(struct host_attrs, hostname),	     offsetof(struct host_attrs, os_id),
	offsetof(struct host_attrs, os_version),     offsetof(struct host_attrs, os_name),
	offsetof(struct host_attrs, arch),	     offsetof(struct host_attrs, kernel),
	offsetof(struct host_attrs, address),	     offsetof(struct host_attrs, agent_version),
	offsetof(struct host_attrs, logged_in_user), offsetof(struct host_attrs, boot_id),
	offsetof(struct host_attrs, health_json),    offsetof(struct host_attrs, lan_json),
};

static char **own_of(struct host *h, enum host_own which)
{
	return (char **)((char *)h + owns[which]);
}

const char *host_own(const struct host *h, enum host_own which)
{
	return *own_of((struct host *)h, which);
}

void host_point(struct host *h, char *const own[static HOST_OWNS_])
{
	for (int i = 0; i < HOST_OWNS_; i++)
		*own_of(h, (enum host_own)i) = own[i];
}

void host_pack(struct host *h, const char *const own[static HOST_OWNS_], struct str facts,
	       uint32_t n_facts)
{
	size_t len[HOST_OWNS_], total = facts.n;
	for (int i = 0; i < HOST_OWNS_; i++) {
		len[i] = own[i] ? strlen(own[i]) + 1 : 0;
		total += len[i];
	}
	char *block = total ? xmalloc(total) : NULL, *at = block;
	for (int i = 0; i < HOST_OWNS_; i++) {
		if (own[i])
			memcpy(at, own[i], len[i]);
		*own_of(h, (enum host_own)i) = own[i] ? at : NULL;
		at += len[i];
	}
	if (facts.n)
		memcpy(at, facts.p, facts.n);
	h->facts = facts.n ? (uint8_t *)at : NULL;
	h->facts_len = (uint32_t)facts.n;
	h->n_facts = n_facts;
	xfree(h->block);
	h->block = block;
}

static struct str coded(const struct host *h)
{
	return (struct str) { (const char *)h->facts, h->facts_len };
}

static void current(const struct host *h, const char *out[static HOST_OWNS_])
{
	for (int i = 0; i < HOST_OWNS_; i++)
		out[i] = host_own(h, (enum host_own)i);
}

void host_set_own(struct host *h, enum host_own which, const char *value)
{
	const char *own[HOST_OWNS_];
	current(h, own);
	if (!value && !own[which])
		return;
	own[which] = value;
	host_pack(h, own, coded(h), h->n_facts);
}

void host_set_attrs(struct host *h, const struct host_attrs *from)
{
	const char *own[HOST_OWNS_];
	current(h, own);
	own[HOST_OWN_HOSTNAME] = from->hostname;
	own[HOST_OWN_ADDRESS] = from->address;
	own[HOST_OWN_USER] = from->logged_in_user;
	own[HOST_OWN_BOOT_ID] = from->boot_id;
	own[HOST_OWN_HEALTH] = from->health_json;
	own[HOST_OWN_LAN] = from->lan_json;
	host_pack(h, own, coded(h), h->n_facts);
	h->attrs.boot_ms = from->boot_ms;
	h->attrs.reboot_needed = from->reboot_needed;
}

bool host_attrs_equal(const struct host_attrs *a, const struct host_attrs *b)
{
	if (a->boot_ms != b->boot_ms || a->reboot_needed != b->reboot_needed)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *x = *(char *const *)((const char *)a + texts[i]);
		const char *y = *(char *const *)((const char *)b + texts[i]);
		if ((x == NULL) != (y == NULL) || !str_eq(str_of(x), str_of(y)))
			return false;
	}
	return true;
}

void host_set_facts(struct host *h, struct str bytes, uint32_t n_facts)
{
	const char *own[HOST_OWNS_];
	current(h, own);
	host_pack(h, own, bytes, n_facts);
}
