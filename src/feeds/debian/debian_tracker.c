/* SPDX-License-Identifier: Apache-2.0
 * The security tracker's JSON: {package: {CVE: {releases: {codename: {status, fixed_version,
 * urgency, nodsa, nodsa_reason}}}}}, some 70 MB, read as a stream. What it calls urgency is the
 * only rating Debian gives; "not yet assigned" and "end-of-life" are no rating, and none is made
 * up. What is open says why: no-dsa, postponed, ignored, end-of-life, unimportant, undetermined, or
 * simply affected. */
#include "feeds/debian/debian_int.h"
#include "feeds/read/json_stream.h"
#include "feeds/read/pipe.h"
#include "feeds/words.h"

#define URL "https://security-tracker.debian.org/tracker/"
/* Depth of the parts in the document. */
enum { D_PACKAGE = 1, D_CVE = 2, D_PART = 3, D_RELEASE = 4, D_FIELD = 5 };

struct tracker {
	debian_notice_fn fn;
	void *arg;
	char package[256], cve[64], release[64], field[32], status[32], fixed[256], urgency[40];
	char reason[32];
	bool in_releases, nodsa;
};

static void keep(char *out, size_t size, struct str text)
{
	size_t n = text.n < size ? text.n : 0; /* too long for what it should be: nothing */
	memcpy(out, text.p, n);
	out[n] = '\0';
}

/* Stable updates carry deb<N>u in their version. */
static bool is_stable_update(const char *fixed, const char *version)
{
	char mark[40];
	snprintf(mark, sizeof(mark), "deb%su", version);
	return strstr(fixed, mark) != NULL;
}

/* Why there is no fix; "" when there is one, or the release never was affected. */
static const char *open_status(const struct tracker *t)
{
	static const char *const reasons[] = { "postponed", "ignored" };
	struct str status = str_of(t->status), urgency = str_of(t->urgency);
	if (str_is(status, "undetermined"))
		return "undetermined";
	if (!str_is(status, "open"))
		return "";
	if (str_is(urgency, "end-of-life"))
		return "end-of-life";
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(t->reason, reasons[i]) == 0)
			return reasons[i];
	if (t->nodsa)
		return "no-dsa";
	return str_is(urgency, "unimportant") ? "unimportant" : "affected";
}

static bool end_release(struct tracker *t, struct err *e)
{
	const char *version = debian_version_of_codename(str_of(t->release));
	enum severity severity = words_severity(str_of(t->urgency));
	if (!version || !t->package[0] || !t->cve[0])
		return true;
	bool public = str_starts(str_of(t->cve), "CVE-");
	bool resolved = str_is(str_of(t->status), "resolved") && t->fixed[0] &&
			!str_is(str_of(t->fixed), "0") && public;
	bool joins = resolved && is_stable_update(t->fixed, version);
	const char *status = public ? open_status(t) : "";
	char os[64], url[160], title[400];
	snprintf(os, sizeof(os), "debian:%s", version);
	snprintf(url, sizeof(url), URL "%s", t->cve);
	snprintf(title, sizeof(title), "%s in %s", t->cve, t->package);
	struct debian_notice n = {
		.codename = str_of(t->release),
		.status = str_of(t->status),
		.fixed = str_of(t->fixed),
		.urgency = str_of(t->urgency),
		.ignored = !status[0] && (!resolved || (!joins && severity == SEVERITY_UNRATED))
	};
	n.a = (struct advisory) { .id = str_of(t->cve),
				  .title = str_of(title),
				  .os = str_of(os),
				  .product = str_of(t->package),
				  .fixed = str_of(joins ? t->fixed : ""),
				  .cves = str_of(t->cve),
				  .url = str_of(url),
				  .kind = COMPONENT_DEB_SRC,
				  .status = str_of(status),
				  .vendor = STR_LIT("Debian"),
				  .severity = severity,
				  .severity_raw = str_of(severity ? t->urgency : ""),
				  .severity_derived = severity != SEVERITY_UNRATED };
	return t->fn(t->arg, &n, e);
}

static void take_key(struct tracker *t, unsigned depth, struct str text)
{
	if (depth == D_PACKAGE)
		keep(t->package, sizeof(t->package), text);
	else if (depth == D_CVE)
		keep(t->cve, sizeof(t->cve), text);
	else if (depth == D_PART)
		t->in_releases = str_is(text, "releases");
	else if (depth == D_RELEASE)
		keep(t->release, sizeof(t->release), text);
	else if (depth == D_FIELD)
		keep(t->field, sizeof(t->field), text);
}

static void take_value(struct tracker *t, struct str text)
{
	if (str_is(str_of(t->field), "status"))
		keep(t->status, sizeof(t->status), text);
	else if (str_is(str_of(t->field), "fixed_version"))
		keep(t->fixed, sizeof(t->fixed), text);
	else if (str_is(str_of(t->field), "urgency"))
		keep(t->urgency, sizeof(t->urgency), text);
	else if (str_is(str_of(t->field), "nodsa_reason"))
		keep(t->reason, sizeof(t->reason), text);
	else if (str_is(str_of(t->field), "nodsa"))
		t->nodsa = true;
}

static bool event(void *arg, enum json_event ev, unsigned depth, struct str text, struct err *e)
{
	struct tracker *t = arg;
	if (depth == 0 && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "tracker document is not an object");
	if (ev == JSON_KEY) {
		take_key(t, depth, text);
	} else if (ev == JSON_OBJECT && depth == D_RELEASE) {
		t->status[0] = t->fixed[0] = t->urgency[0] = t->reason[0] = '\0';
		t->nodsa = false;
	} else if (ev == JSON_STRING_VALUE && depth == D_FIELD && t->in_releases) {
		take_value(t, text);
	} else if (ev == JSON_OBJECT_END && depth == D_RELEASE && t->in_releases) {
		return end_release(t, e);
	}
	return true;
}

bool debian_tracker_parse(struct unpack *u, debian_notice_fn fn, void *arg, struct err *e)
{
	struct tracker t = { .fn = fn, .arg = arg };
	AUTO(json_stream_free) struct json_stream *s = json_stream_new(event, &t);
	if (!pipe_run(u, json_stream_feed, s, e) || !json_stream_end(s, e))
		return err_prefix(e, "tracker document");
	return true;
}
