/* SPDX-License-Identifier: Apache-2.0
 * Syncing enrichment: fetch, parse as it is unpacked, one document. Nothing of the publisher's file
 * is kept but the rows. */
#include "feeds/enrichment/enrichment.h"
#include "catalog/enrich.h"
#include "feeds/enrichment/enrichment_int.h"

#include <errno.h>
#include <unistd.h>

/* An address, a file, or "off". */
static bool plan(struct feed_plan *p, enum enrich_kind kind, const char *key, struct err *e)
{
	const char *url = feed_setting(p, key), *name = enrich_kind_name(kind);
	struct feed_spec spec = { .id = name, .kind = name, .url = url };
	return !url[0] || strcmp(url, "off") == 0 || feed_plan_add(p, &spec, e);
}

bool enrichment_plan_kev(struct feed_plan *p, struct err *e)
{
	return plan(p, ENRICH_KEV, "feed.kev.url", e);
}

bool enrichment_plan_epss(struct feed_plan *p, struct err *e)
{
	return plan(p, ENRICH_EPSS, "feed.epss.url", e);
}

bool enrichment_plan_endoflife(struct feed_plan *p, struct err *e)
{
	return plan(p, ENRICH_ENDOFLIFE, "feed.endoflife.url", e);
}

static bool parse(int fd, const char *url, struct enrich_rows *rows, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!unpack_open_fd(fd, url, ENRICHMENT_MAX_PLAIN, 0, &u, e))
		return false;
	switch (rows->kind) {
	case ENRICH_KEV: return kev_parse(u, rows, e);
	case ENRICH_EPSS: return epss_parse(u, rows, e);
	case ENRICH_ENDOFLIFE: return endoflife_parse(u, rows, e);
	case ENRICH_KINDS_: break;
	}
	return err_set(e, ERR_INTERNAL, "no such kind of enrichment");
}

/* The two oldest layouts of EPSS carry their date in the file's name only. */
static void date_of_name(const char *url, struct enrich_rows *rows)
{
	static const char mark[] = "epss_scores-";
	const char *name = strrchr(url, '/');
	const char *at = strstr(name ? name : url, mark);
	struct str day = str_of(at ? at + sizeof(mark) - 1 : "");
	if (rows->kind == ENRICH_EPSS && !rows->date_ms && day.n >= 10 &&
	    !enrichment_day((struct str) { day.p, 10 }, &rows->date_ms))
		rows->date_ms = 0;
}

static bool fetch_one(const struct feed_env *env, const char *url, const char *etag,
		      struct generation_result *r, struct enrich_rows *rows, struct err *e)
{
	AUTO(fd_close) int fd = -1;
	struct feed_response resp = { 0 };
	struct feed_request req = { .url = url, .etag = etag, .max = ENRICHMENT_MAX_BODY };
	if (!feed_file(env, &req, &fd, &resp, e))
		return false;
	r->unchanged = resp.status == 304;
	snprintf(r->etag, sizeof(r->etag), "%s", r->unchanged ? etag : resp.etag);
	if (r->unchanged)
		return true;
	int64_t size = lseek(fd, 0, SEEK_END);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", url);
	r->bytes += size;
	if (!parse(fd, url, rows, e))
		return false;
	date_of_name(url, rows);
	return true;
}

#define PAGE_END ".md"

/* A directory of pages: those of the operating systems, what is not there is left out. */
static bool fetch_pages(const struct feed_env *env, const char *dir, struct generation_result *r,
			struct enrich_rows *rows, struct err *e)
{
	const char *product;
	for (size_t i = 0; (product = enrich_product(i)); i++) {
		AUTO(xfree) char *url = xasprintf("%s%s" PAGE_END, dir, product);
		struct err mine = { 0 };
		if (fetch_one(env, url, NULL, r, rows, &mine) || mine.code == ERR_NOT_FOUND)
			continue;
		if (e)
			*e = mine;
		return err_prefix(e, "'%s'", product);
	}
	r->etag[0] = '\0';
	return rows->releases.n ||
	       err_set(e, ERR_NOT_FOUND, "no page of a known product is in '%s'", dir);
}

static struct str append(struct buf *b, const char *s)
{
	buf_addc(b, '\0');
	buf_adds(b, s);
	return (struct str) { NULL, strlen(s) };
}

/* Document and strings of the feed in one block that the result owns. */
static bool finish(const struct feed_spec *s, struct enrich_rows *rows, struct generation_result *r,
		   int64_t now_ms, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(ENRICH_MAX_BYTES);
	if (!enrich_write(rows, &b, e))
		return false;
	struct feed_info *f = &r->generation.feed;
	f->rows = (int64_t)(rows->kevs.n + rows->scores.n + rows->releases.n);
	f->digest = digest_of(buf_str(&b));
	f->released_ms = rows->date_ms;
	f->fetched_ms = now_ms;
	f->kind = str_of(enrich_kind_name(rows->kind));
	f->signer = STR_LIT("");
	size_t n = b.n, id_at = n + 1, url_at;
	f->id = append(&b, s->id);
	url_at = b.n + 1;
	f->url = append(&b, s->url);
	if (!buf_ok(&b, "enrichment", e))
		return false;
	r->document = buf_take(&b);
	r->generation.records = (struct str) { r->document, n };
	f->id.p = r->document + id_at;
	f->url.p = r->document + url_at;
	r->offers = f->rows;
	return true;
}

bool enrichment_sync(const struct feed_spec *s, const struct feed_env *env,
		     struct generation_result *out, struct err *e)
{
	AUTO(generation_result_done) struct generation_result r = { 0 };
	AUTO(enrich_rows_done) struct enrich_rows rows = { 0 };
	if (!enrich_kind_parse(str_of(s->kind), &rows.kind))
		return err_set(e, ERR_INTERNAL, "'%s' is no kind of enrichment", s->kind);
	bool pages = rows.kind == ENRICH_ENDOFLIFE && str_ends(str_of(s->url), "/");
	feed_progress(env, "enrichment", 0, 0);
	if (!(pages ? fetch_pages(env, s->url, &r, &rows, e)
		    : fetch_one(env, s->url, s->last.etag, &r, &rows, e)) ||
	    (!r.unchanged && !finish(s, &rows, &r, env->now_ms, e)))
		return false;
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}
