/* SPDX-License-Identifier: Apache-2.0
 * The sink: records in, checked document out. Lines are appended as they come; which patch a run of
 * lines belongs to is kept aside, and only when a patch id came twice are the runs put together at
 * the end. Invariant: the document never holds a record that records_add refused. */
#include "catalog/sink.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/records.h"

struct run {
	uint32_t patch; /* number of the patch id; INTERN_NONE = not of a patch */
	size_t from, to;
};

struct sink {
	struct buf doc;
	struct intern *ids;
	VEC(struct run) runs;
	uint32_t archives;
	int64_t components, advisories;
	enum record_kind last;
	bool scattered, finished;
	struct feed_info feed;
	char *feed_text; /* backs the strings of feed */
};

static struct str copy(char **at, struct str s)
{
	char *p = *at;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*at += s.n + 1;
	return (struct str) { p, s.n };
}

struct sink *sink_new(const struct feed_info *feed)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	s->doc = BUF_INIT(SINK_MAX_BYTES);
	s->ids = intern_new();
	s->feed = *feed;
	s->feed_text = xmalloc(feed->id.n + feed->kind.n + feed->url.n + feed->signer.n + 4);
	char *at = s->feed_text;
	s->feed.id = copy(&at, feed->id);
	s->feed.kind = copy(&at, feed->kind);
	s->feed.url = copy(&at, feed->url);
	s->feed.signer = copy(&at, feed->signer);
	buf_adds(&s->doc, RECORDS_HEADER);
	return s;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	buf_done(&s->doc);
	intern_free(s->ids);
	VEC_DONE(&s->runs);
	xfree(s->feed_text);
	xfree(s);
}

/* Appends a record to the run of `patch`; the feed's own record goes first of all. */
static bool add(struct sink *s, const struct record *r, uint32_t patch, struct err *e)
{
	ASSERT(!s->finished);
	if (!s->last) {
		struct record first = { .kind = RECORD_FEED, .feed = s->feed };
		if (!records_add(&s->doc, &first, e))
			return false;
		s->last = RECORD_FEED;
	}
	size_t from = s->doc.n;
	if (!records_add(&s->doc, r, e))
		return false;
	s->last = r->kind;
	if (s->runs.n && s->runs.p[s->runs.n - 1].patch == patch)
		s->runs.p[s->runs.n - 1].to = s->doc.n;
	else
		VEC_PUSH(&s->runs, ((struct run) { patch, from, s->doc.n }));
	return true;
}

bool sink_archive(struct sink *s, const struct archive *a, struct err *e)
{
	if (!add(s, &(struct record) { .kind = RECORD_ARCHIVE, .archive = *a }, INTERN_NONE, e))
		return false;
	s->archives++;
	return true;
}

bool sink_archive_file(struct sink *s, const struct archive_file *f, struct err *e)
{
	if (s->last != RECORD_ARCHIVE && s->last != RECORD_ARCHIVE_FILE)
		return err_set(e, ERR_CORRUPT, "archive file '%.*s' has no archive before it",
			       STR_ARG(f->path));
	return add(s, &(struct record) { .kind = RECORD_ARCHIVE_FILE, .file = *f }, INTERN_NONE, e);
}

bool sink_patch(struct sink *s, const struct patch *p, struct err *e)
{
	uint32_t known = intern_count(s->ids);
	uint32_t id = intern_find(s->ids, p->id);
	if (id != INTERN_NONE) {
		/* Seen before: its components will be appended. An empty run marks where. */
		s->scattered = true;
		s->last = RECORD_PATCH;
		VEC_PUSH(&s->runs, ((struct run) { id, s->doc.n, s->doc.n }));
		return true;
	}
	if (!add(s, &(struct record) { .kind = RECORD_PATCH, .patch = *p }, known, e))
		return false;
	id = intern_add(s->ids, p->id);
	ASSERT(id == known);
	return true;
}

bool sink_component(struct sink *s, const struct component *c, struct err *e)
{
	if (s->last != RECORD_PATCH && s->last != RECORD_COMPONENT)
		return err_set(e, ERR_CORRUPT, "component '%.*s' has no patch before it",
			       STR_ARG(c->name));
	if (c->archive != CATALOG_NONE && c->archive >= s->archives)
		return err_set(e, ERR_CORRUPT,
			       "component '%.*s': field 'archive' names no archive of this feed",
			       STR_ARG(c->name));
	uint32_t patch = s->runs.p[s->runs.n - 1].patch;
	if (!add(s, &(struct record) { .kind = RECORD_COMPONENT, .component = *c }, patch, e))
		return false;
	s->components++;
	return true;
}

bool sink_advisory(struct sink *s, const struct advisory *a, struct err *e)
{
	if (!add(s, &(struct record) { .kind = RECORD_ADVISORY, .advisory = *a }, INTERN_NONE, e))
		return false;
	s->advisories++;
	return true;
}

static void add_run(struct buf *doc, const struct sink *s, size_t i)
{
	buf_add(doc, s->doc.p + s->runs.p[i].from, s->runs.p[i].to - s->runs.p[i].from);
}

/* Archives and advisories first (components name archives by number), then the runs of one patch
 * behind each other, patches in the order of their first run. */
static void gather(struct sink *s)
{
	uint32_t n = intern_count(s->ids);
	size_t *head = xmalloc((n + 1) * sizeof(*head)),
	       *next = xmalloc((s->runs.n + 1) * sizeof(*next));
	size_t *tail = xmalloc((n + 1) * sizeof(*tail));
	for (uint32_t i = 0; i < n; i++)
		head[i] = SIZE_MAX;
	for (size_t i = 0; i < s->runs.n; i++) {
		uint32_t p = s->runs.p[i].patch;
		next[i] = SIZE_MAX;
		if (p == INTERN_NONE)
			continue;
		if (head[p] == SIZE_MAX)
			head[p] = i;
		else
			next[tail[p]] = i;
		tail[p] = i;
	}
	struct buf doc = BUF_INIT(SINK_MAX_BYTES);
	buf_add(&doc, s->doc.p, s->runs.p[0].from);
	for (size_t i = 0; i < s->runs.n; i++)
		if (s->runs.p[i].patch == INTERN_NONE)
			add_run(&doc, s, i);
	for (size_t i = 0; i < s->runs.n; i++) {
		uint32_t p = s->runs.p[i].patch;
		if (p == INTERN_NONE || head[p] != i)
			continue;
		for (size_t k = i; k != SIZE_MAX; k = next[k])
			add_run(&doc, s, k);
	}
	buf_done(&s->doc);
	s->doc = doc;
	xfree(head);
	xfree(tail);
	xfree(next);
}

bool sink_finish(struct sink *s, struct str *records_out, struct feed_info *feed_out, struct err *e)
{
	ASSERT(!s->finished);
	if (!s->last &&
	    !records_add(&s->doc, &(struct record) { .kind = RECORD_FEED, .feed = s->feed }, e))
		return false;
	if (s->scattered)
		gather(s);
	s->finished = true;
	s->feed.rows = s->components + s->advisories;
	s->feed.digest = digest_of(buf_str(&s->doc));
	*records_out = buf_str(&s->doc);
	*feed_out = s->feed;
	return true;
}
