/* SPDX-License-Identifier: Apache-2.0
 * The shared samples of real vendor data, and a mirror made of them whose every answer a test can
 * replace. */
#ifndef TESTS_FEEDS_SAMPLES_H
#define TESTS_FEEDS_SAMPLES_H
#include "base/file.h"
#include "feeds/debian/debian.h"
#include "feeds/local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/** Path of a sample, in one of four rotating buffers; skips the test when the samples are not
 * there. */
static inline const char *sample(const char *name)
{
	static char paths[4][500];
	static int turn;
	char *p = paths[turn++ % 4];
	const char *root = getenv("TSUKUROI_SHARED");
	snprintf(p, sizeof(paths[0]), "%s/feeds/debian/%s", root ? root : "../shared", name);
	if (access(p, R_OK) != 0) {
		print_message("sample '%s' is not there\n", p);
		skip();
	}
	return p;
}

/** 2026-11-22T00:00:00Z: within the Valid-Until of the samples. */
#define SAMPLE_NOW 1795305600000
#define SAMPLE_DAY ((int64_t)86400000)

/** What a mirror answers instead of the sample, for URLs that end in `url_end`. */
struct replaced {
	const char *url_end;
	int status;	  /* 0 = 200 */
	const char *file; /* other content, or NULL */
	const char *text; /* other content, or NULL */
	int64_t cut;	  /* only so many bytes */
	int64_t flip;	  /* this byte changed */
	bool more;	  /* a byte more at the end */
	bool dead;	  /* no answer */
};
struct mirror {
	const struct replaced *replaced;
	size_t n;
	const char *root; /* url "http://mirror/X" is read from root/X */
	int requests, by_hash;
	bool has_by_hash; /* answers by-hash names */
	const char *content_type;
};

static inline bool mirror_get(void *arg, const struct feed_request *r, struct feed_response *resp,
			      feed_body body, void *body_arg, struct err *e)
{
	struct mirror *m = arg;
	const struct replaced *with = NULL;
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	AUTO(xfree) char *path = xasprintf("%s%s", m->root, r->url + strlen("http://mirror"));
	m->requests++;
	for (size_t i = 0; i < m->n; i++)
		if (str_ends(str_of(r->url), m->replaced[i].url_end))
			with = &m->replaced[i];
	char *hash = strstr(path, "/by-hash/");
	if (hash) {
		m->by_hash++;
		if (!m->has_by_hash) {
			resp->status = 404;
			return true;
		}
		snprintf(hash, strlen(hash) + 1, "/Packages.xz");
	}
	if (with && with->dead)
		return err_set(e, ERR_UNAVAILABLE, "'mirror' cannot be reached; check the network");
	snprintf(resp->content_type, sizeof(resp->content_type), "%s",
		 m->content_type ? m->content_type : "");
	snprintf(resp->etag, sizeof(resp->etag), "\"e1\"");
	resp->status = with && with->status ? with->status : 200;
	if (resp->status == 200 && r->etag && strcmp(r->etag, "\"e1\"") == 0)
		resp->status = 304;
	if (resp->status != 200)
		return true;
	if (with && with->text)
		buf_adds(&b, with->text);
	else if (!file_read(with && with->file ? with->file : path, &b, e))
		return err_set(e, ERR_UNAVAILABLE, "sample '%s' is not there", path);
	if (with && with->cut)
		b.n = MIN(b.n, (size_t)with->cut);
	if (with && with->flip)
		b.p[with->flip] ^= 1;
	if (with && with->more)
		buf_addc(&b, 'x');
	if ((int64_t)b.n > r->max)
		return err_set(e, ERR_LIMIT, "'%s' is larger than allowed", r->url);
	/* In pieces, as a network would. */
	for (size_t at = 0; at < b.n; at += 100000)
		if (!body(body_arg, (struct str) { b.p + at, MIN(b.n - at, (size_t)100000) }, e))
			return false;
	return true;
}

static const char *const sample_main[] = { "main", NULL };
static const char *const sample_amd64[] = { "amd64", NULL };

/** bookworm-security on the mirror "http://mirror/bookworm-security". */
static inline struct debian_suite sample_suite(const char *const *keyrings)
{
	return (struct debian_suite) { .feed_id = "debian/bookworm-security",
				       .url = "http://mirror/security",
				       .dir = "http://mirror/bookworm-security",
				       .suite = "bookworm-security",
				       .components = sample_main,
				       .architectures = sample_amd64,
				       .keyrings = keyrings };
}

/** The same as a spec. */
static inline struct feed_spec sample_spec(const char *const *keyrings)
{
	struct debian_suite d = sample_suite(keyrings);
	return (struct feed_spec) { .id = d.feed_id,
				    .kind = "debian",
				    .url = d.url,
				    .dir = d.dir,
				    .suite = d.suite,
				    .components = d.components,
				    .architectures = d.architectures,
				    .keyrings = d.keyrings };
}

/** A database in a directory of its own, for a program's tests together (one fixture a program). */
static struct sql *sample_db;
static char sample_dir[64];

static inline int sample_db_open(void **state)
{
	struct err e = { 0 };
	snprintf(sample_dir, sizeof(sample_dir), "/tmp/test-feeds-XXXXXX");
	if (!mkdtemp(sample_dir))
		return 1;
	AUTO(xfree) char *url = xasprintf("sqlite:%s/db", sample_dir);
	return sql_open(url, &sample_db, &e) && sql_migrate(sample_db, &e) ? 0 : 1;
}

static inline int sample_db_close(void **state)
{
	struct err e = { 0 };
	sql_close(sample_db);
	return file_remove_tree(sample_dir, &e) ? 0 : 1;
}

/** As a server that starts again finds it. */
static inline void sample_db_reopen(void)
{
	struct err e = { 0 };
	AUTO(xfree) char *url = xasprintf("sqlite:%s/db", sample_dir);
	sql_close(sample_db);
	if (!sql_open(url, &sample_db, &e) || !sql_migrate(sample_db, &e))
		fail_msg("%s", e.msg);
}

/** Patches of what is current there. */
static inline uint32_t sample_db_patches(void)
{
	struct err e = { 0 };
	struct catalog *c;
	if (!catalog_load(sample_db, STR_LIT(""), &c, &e))
		fail_msg("%s", e.msg);
	uint32_t n = c->n_patches;
	catalog_unref(c);
	return n;
}
#endif
