/* SPDX-License-Identifier: Apache-2.0
 * What Red Hat's names of products mean: CPE, package URL, product id. */
#include "feeds/notices/csaf.h"

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n <= 3;
}

bool csaf_os_of_cpe(struct str cpe, struct csaf_product *out)
{
	struct str step, vendor, product, release, major;
	if (!str_split(&cpe, ':', &step) || !str_is(step, "cpe") || !str_split(&cpe, ':', &step) ||
	    !str_split(&cpe, ':', &vendor) || !str_split(&cpe, ':', &product) ||
	    !str_split(&cpe, ':', &release) || !str_is(vendor, "redhat"))
		return false;
	bool main_stream = str_is(product, "enterprise_linux"), els = str_is(product, "rhel_els");
	if ((!main_stream && !els) || !str_split(&release, '.', &major) || !digits(major))
		return false;
	snprintf(out->os, sizeof(out->os), "rhel:%.*s", STR_ARG(major));
	out->service = els ? "rhel-els" : "";
	return true;
}

static ptrdiff_t last_of(struct str s, char c)
{
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == c)
			return (ptrdiff_t)i;
	return -1;
}

static struct str without_zero_epoch(struct str v)
{
	return str_starts(v, "0:") ? (struct str) { v.p + 2, v.n - 2 } : v;
}

/* "name:stream" of "name:stream[:version:context]". */
static struct str stream_of(struct str module)
{
	ptrdiff_t first = str_find(module, ':');
	if (first < 0)
		return module;
	for (size_t i = (size_t)first + 1; i < module.n; i++)
		if (module.p[i] == ':')
			return (struct str) { module.p, i };
	return module;
}

/* Cuts "::name:stream" or ".rpm-name:stream" off the end of an id. */
static struct str cut_module(struct str *id)
{
	const char *p = id->p, *end = id->p + id->n;
	for (; end - p > 5; p++) {
		bool colons = p[0] == ':' && p[1] == ':', rpm = memcmp(p, ".rpm-", 5) == 0;
		if (!colons && !rpm)
			continue;
		size_t skip = colons ? 2 : 5;
		struct str module = { p + skip, (size_t)(end - p) - skip };
		id->n = (size_t)(p - id->p);
		return stream_of(module);
	}
	if (str_ends(*id, ".rpm"))
		id->n -= 4;
	return STR_LIT("");
}

bool csaf_package_of_id(struct str id, struct csaf_product *out)
{
	struct str module = cut_module(&id), whole = id;
	ptrdiff_t dot = last_of(id, '.');
	if (dot <= 0)
		return false;
	struct str arch = { id.p + dot + 1, id.n - (size_t)dot - 1 };
	id.n = (size_t)dot;
	ptrdiff_t release = last_of(id, '-');
	if (release <= 0)
		return false;
	struct str head = { id.p, (size_t)release };
	ptrdiff_t version = last_of(head, '-');
	if (version <= 0 || arch.n == 0)
		return false;
	out->name = (struct str) { whole.p, (size_t)version };
	out->version = without_zero_epoch(
		(struct str) { id.p + version + 1, id.n - (size_t)version - 1 });
	out->arch = arch;
	out->module = module;
	return out->version.n > 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct str decoded(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex(s.p[i + 2]) : -1;
		if (low < 0) {
			out[n++] = s.p[i];
			continue;
		}
		char c = (char)(high * 16 + low);
		out[n++] = (unsigned char)c < 0x20 ? '?' : c;
		i += 2;
	}
	return (struct str) { out, n };
}

bool csaf_package_of_purl(struct str purl, struct arena *a, struct csaf_product *out)
{
	static const char head[] = "pkg:rpm/redhat/";
	struct str path, word, epoch = STR_LIT("");
	if (!str_starts(purl, head))
		return false;
	purl = (struct str) { purl.p + sizeof(head) - 1, purl.n - sizeof(head) + 1 };
	if (!str_split(&purl, '?', &path))
		return false;
	struct csaf_product p = { .service = out->service,
				  .version = STR_LIT(""),
				  .arch = STR_LIT(""),
				  .module = STR_LIT("") };
	memcpy(p.os, out->os, sizeof(p.os));
	ptrdiff_t at = str_find(path, '@');
	p.name = decoded(a, (struct str) { path.p, at < 0 ? path.n : (size_t)at });
	if (at >= 0)
		p.version = decoded(a, (struct str) { path.p + at + 1, path.n - (size_t)at - 1 });
	while (purl.n > 0 && str_split(&purl, '&', &word)) {
		ptrdiff_t equals = str_find(word, '=');
		if (equals < 0)
			continue;
		struct str key = { word.p, (size_t)equals };
		struct str value = decoded(
			a, (struct str) { word.p + equals + 1, word.n - key.n - 1 });
		if (str_is(key, "arch"))
			p.arch = value;
		else if (str_is(key, "epoch"))
			epoch = value;
		else if (str_is(key, "rpmmod"))
			p.module = stream_of(value);
	}
	if (p.version.n && epoch.n && !str_is(epoch, "0"))
		p.version = str_of(
			arena_printf(a, "%.*s:%.*s", STR_ARG(epoch), STR_ARG(p.version)));
	*out = p;
	return p.name.n > 0;
}
