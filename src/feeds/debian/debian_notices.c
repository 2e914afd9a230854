/* SPDX-License-Identifier: Apache-2.0
 * Syncing the security tracker's lists. They are not signed: TLS to the tracker is what protects
 * them, and the records say so (is_signed = false). They only ever add severity, dates, CVEs to
 * patches. */
#include "feeds/debian/debian_int.h"

#include <errno.h>
#include <unistd.h>

struct gathering {
	struct sink *sink;
	const char *const *oses;
};

static bool wanted(const char *const *oses, struct str os)
{
	for (; oses && *oses; oses++)
		if (str_is(os, *oses))
			return true;
	return !oses;
}

static bool take(void *arg, const struct debian_notice *n, struct err *e)
{
	struct gathering *g = arg;
	return n->ignored || !wanted(g->oses, n->a.os) || sink_advisory(g->sink, &n->a, e);
}

/* The list is text, the tracker is read as a stream; either may be compressed. */
static bool parse(const struct debian_notice_source *s, int fd, struct gathering *g, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!unpack_open_fd(fd, s->url, DEBIAN_MAX_NOTICES, 0, &u, e))
		return false;
	if (s->kind == DEBIAN_TRACKER_JSON)
		return debian_tracker_parse(u, take, g, e);
	AUTO(buf_done) struct buf text = BUF_INIT(64u << 20);
	for (size_t got = 1; got;) {
		char *at = buf_reserve(&text, 1u << 16);
		if (!at)
			return buf_ok(&text, "advisory list", e);
		if (!unpack_read(u, at, 1u << 16, &got, e))
			return false;
		text.n += got;
	}
	return debian_dsa_parse(buf_str(&text), take, g, e);
}

bool debian_sync_notices(const struct debian_notice_source *s, const struct feed_env *env,
			 struct generation_result *out, struct err *e)
{
	AUTO(generation_result_done) struct generation_result r = { 0 };
	AUTO(fd_close) int fd = -1;
	struct feed_response resp;
	struct feed_request req = { .url = s->url,
				    .etag = s->last.etag,
				    .max = DEBIAN_MAX_NOTICES };
	feed_progress(env, "advisories", 0, 0);
	if (!feed_file(env, &req, &fd, &resp, e))
		return false;
	r.unchanged = resp.status == 304;
	r.bytes = fd >= 0 ? (int64_t)lseek(fd, 0, SEEK_END) : 0;
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", s->url);
	snprintf(r.etag, sizeof(r.etag), "%s", r.unchanged ? s->last.etag : resp.etag);
	if (!r.unchanged) {
		struct feed_info feed = { .id = str_of(s->feed_id),
					  .url = str_of(s->url),
					  .signer = STR_LIT(""),
					  .kind = s->kind == DEBIAN_TRACKER_JSON
							  ? STR_LIT("debian-tracker")
							  : STR_LIT("debian-dsa") };
		r.sink = sink_new(&feed);
		struct gathering g = { r.sink, s->oses };
		if (!parse(s, fd, &g, e) ||
		    !sink_finish(r.sink, &r.generation.records, &r.generation.feed, e))
			return false;
		r.generation.feed.fetched_ms = env->now_ms;
		r.offers = r.generation.feed.rows;
	}
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}
