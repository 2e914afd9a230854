/* SPDX-License-Identifier: Apache-2.0
 * One host record. A record owns every string in it; attributes are copied field by field from one
 * table, so that a field added to struct host_attrs is copied, compared and freed everywhere. */
#include "fleet/host.h"
#include "base/str.h"
#include "fleet/facts.h"

static const size_t texts[] = {
	offsetof(struct host_attrs, hostname),	     offsetof(struct host_attrs, os_id),
	offsetof(struct host_attrs, os_version),     offsetof(struct host_attrs, os_name),
	offsetof(struct host_attrs, arch),	     offsetof(struct host_attrs, kernel),
	offsetof(struct host_attrs, address),	     offsetof(struct host_attrs, agent_version),
	offsetof(struct host_attrs, logged_in_user), offsetof(struct host_attrs, boot_id),
	offsetof(struct host_attrs, health_json),
};

static char **text_of(struct host_attrs *a, size_t i)
{
	return (char **)((char *)a + texts[i]);
}

static const char *text_in(const struct host_attrs *a, size_t i)
{
	return *(char *const *)((const char *)a + texts[i]);
}

struct host *host_new(const char *id, const char *office)
{
	struct host *h = xcalloc(1, sizeof(*h));
	h->id = xstrdup(id);
	h->office = xstrdup(office);
	return h;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		xfree(*text_of(&h->attrs, i));
	xfree(h->id);
	xfree(h->office);
	xfree(h->scan_error);
	xfree(h->cert_fingerprint);
	xfree(h->facts);
	xfree(h);
}

void host_set_text(char **field, const char *value)
{
	char *copy = value ? xstrdup(value) : NULL;
	xfree(*field);
	*field = copy;
}

void host_set_attrs(struct host *h, const struct host_attrs *from)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		host_set_text(text_of(&h->attrs, i), text_in(from, i));
	h->attrs.boot_ms = from->boot_ms;
	h->attrs.reboot_needed = from->reboot_needed;
}

bool host_attrs_equal(const struct host_attrs *a, const struct host_attrs *b)
{
	if (a->boot_ms != b->boot_ms || a->reboot_needed != b->reboot_needed)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *x = text_in(a, i), *y = text_in(b, i);
		if ((x == NULL) != (y == NULL) || !str_eq(str_of(x), str_of(y)))
			return false;
	}
	return true;
}

void host_set_facts(struct host *h, struct str bytes, uint32_t n_facts)
{
	xfree(h->facts);
	h->facts = NULL;
	if (bytes.n > 0) {
		h->facts = xmalloc(bytes.n);
		memcpy(h->facts, bytes.p, bytes.n);
	}
	h->facts_len = (uint32_t)bytes.n;
	h->n_facts = n_facts;
}
