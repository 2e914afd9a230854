/* SPDX-License-Identifier: Apache-2.0
 * See notices.h. Nothing is kept of a document that cannot be read to its end. */
#include "feeds/notices/notices.h"
#include "feeds/notices/alpine.h"
#include "feeds/notices/csaf.h"
#include "feeds/notices/osv.h"
#include "feeds/ubuntu/ubuntu_usn.h"
#include "feeds/words.h"

#include <unistd.h>

#define MAX_SIGNATURE (64u << 10)

bool notices_read(enum notices_form form, struct json_input in, const char *name,
		  const char *const *oses, struct sink *sink, struct err *e)
{
	switch (form) {
	case NOTICES_OSV: {
		AUTO(osv_sink_free) struct osv_sink *o = osv_sink_new(sink, oses);
		return osv_read(in, name, osv_sink_add, o, e) && osv_sink_end(o, e);
	}
	case NOTICES_USN: {
		struct usn_target t = { sink, oses };
		return usn_read(in, name, usn_sink_add, &t, e);
	}
	case NOTICES_CSAF: {
		struct csaf_target t = { sink, oses };
		return csaf_read(in, name, csaf_sink_add, &t, e);
	}
	case NOTICES_SECDB: {
		struct secdb_target t = { sink, oses };
		return secdb_read(in, name, secdb_sink_add, &t, e);
	}
	default: return err_set(e, ERR_INTERNAL, "form of notices is not known");
	}
}

/* The name in ".../archive_latest.txt" is a file beside it. */
static bool address_of(const struct feed_spec *s, const struct feed_env *env, struct arena *a,
		       const char **out, struct err *e)
{
	struct str url = str_of(s->url);
	*out = s->url;
	if (!str_ends(url, "/" NOTICES_LATEST))
		return true;
	AUTO(buf_done) struct buf text = BUF_INIT(4096);
	struct feed_request r = { .url = s->url, .max = 4096 };
	struct feed_response resp;
	if (!feed_text(env, &r, &text, &resp, e))
		return false;
	struct str name = str_trim(buf_str(&text));
	bool plain = name.n > 0 && name.n < 200 && name.p[0] != '.';
	for (size_t i = 0; i < name.n; i++)
		plain &= (unsigned char)name.p[i] > ' ' && name.p[i] != '/' && name.p[i] != 0x7F;
	if (!plain)
		return err_set(e, ERR_CORRUPT, "'%s' names no file", s->url);
	*out = arena_printf(a, "%.*s%.*s", (int)(url.n - strlen(NOTICES_LATEST)), s->url,
			    STR_ARG(name));
	return true;
}

/* With pinned keys the signature must be there and good, before a byte is looked at. */
static bool verify_document(const struct feed_spec *s, const struct feed_env *env, const char *url,
			    int fd, struct openpgp_signer *signer, struct err *e)
{
	AUTO(buf_done) struct buf signature = BUF_INIT(MAX_SIGNATURE);
	AUTO(xfree) char *beside = xasprintf("%s.asc", url);
	struct feed_request r = { .url = beside, .max = MAX_SIGNATURE };
	struct feed_response resp;
	if (!s->keyrings || !s->keyrings[0])
		return true;
	if (!feed_text(env, &r, &signature, &resp, e)) {
		if (!e || e->code != ERR_NOT_FOUND)
			return false;
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' is not signed (no .asc) although a keyring is set for it; take "
			"the keyring out of the settings to accept that",
			url);
	}
	struct feed_signed what = { .signature = buf_str(&signature), .file = &fd };
	return feed_verify(env, &what, s->keyrings, NULL, signer, e) || err_prefix(e, "'%s'", url);
}

bool notices_sync(enum notices_form form, const struct feed_spec *s, const struct feed_env *env,
		  struct generation_result *out, struct err *e)
{
	AUTO(generation_result_done) struct generation_result r = { 0 };
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(fd_close) int fd = -1;
	struct feed_response resp;
	const char *url;
	if (!address_of(s, env, &arena, &url, e))
		return false;
	struct feed_request req = { .url = url, .etag = s->last.etag, .max = NOTICES_MAX };
	feed_progress(env, "advisories", 0, 0);
	if (!feed_file(env, &req, &fd, &resp, e))
		return false;
	r.unchanged = resp.status == 304;
	snprintf(r.etag, sizeof(r.etag), "%s", r.unchanged ? s->last.etag : resp.etag);
	if (!r.unchanged) {
		struct openpgp_signer signer = { 0 };
		if (!verify_document(s, env, url, fd, &signer, e))
			return false;
		struct feed_info feed = { .id = str_of(s->id),
					  .kind = str_of(s->kind),
					  .url = str_of(s->url),
					  .is_signed = signer.good > 0,
					  .signer = STR_LIT("") };
		if (feed.is_signed)
			feed.signer = words_cut(
				str_trim(str_of(arena_printf(&arena, "%s %s", signer.fingerprint,
							     signer.name))),
				250);
		r.bytes = (int64_t)lseek(fd, 0, SEEK_END);
		r.sink = sink_new(&feed);
		if (!notices_read(form, JSON_FD(fd), url, feed_oses(s, &arena), r.sink, e) ||
		    !sink_finish(r.sink, &r.generation.records, &r.generation.feed, e))
			return false;
		r.generation.feed.fetched_ms = env->now_ms;
		r.offers = r.generation.feed.rows;
	}
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}
