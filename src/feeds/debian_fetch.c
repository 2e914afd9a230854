/* SPDX-License-Identifier: Apache-2.0
 * Getting documents and blobs through the caller's fetch functions, and saying clearly what was
 * wrong when it did not work. A blob is accepted only with the size and digest a verified Release
 * gave it. */
#include "feeds/debian_int.h"

struct text_sink {
	struct buf *out;
	const char *url;
};

static bool take_text(void *arg, struct str bytes, struct err *e)
{
	struct text_sink *t = arg;
	buf_addstr(t->out, bytes);
	return !t->out->overflowed || err_set(e, ERR_LIMIT, "'%s' is larger than allowed", t->url);
}

/* A portal answers 200 with its log-in page whatever was asked. */
static bool is_web_page(struct str body, const char *content_type)
{
	struct str s = str_trim(body);
	return str_starts(str_of(content_type), "text/html") || str_starts(s, "<!") ||
	       str_starts(s, "<html") || str_starts(s, "<HTML");
}

static bool status_error(int status, const char *url, struct err *e)
{
	if (status == 404 || status == 410)
		return err_set(e, ERR_NOT_FOUND, "'%s' is not there; check address and suite", url);
	if (status == 401 || status == 403 || status == 407)
		return err_set(
			e, ERR_UNAVAILABLE,
			"'%s' is refused (HTTP %d); the mirror or proxy limits or forbids access",
			url, status);
	if (status >= 300 && status < 400)
		return err_set(e, ERR_UNAVAILABLE,
			       "'%s' is redirected to another host (HTTP %d); use that address",
			       url, status);
	return err_set(e, ERR_UNAVAILABLE,
		       "mirror fails with HTTP %d for '%s'; try again later or use another one",
		       status, url);
}

bool debian_fetch_text(const struct feed_env *env, const struct feed_request *r, struct buf *out,
		       struct feed_response *resp_out, struct err *e)
{
	struct text_sink t = { out, r->url };
	struct feed_response resp = { 0 };
	if (!env->fetch.get(env->fetch.arg, r, &resp, take_text, &t, e))
		return false;
	if (resp.status != 200 && !(resp.status == 304 && (r->etag || r->last_modified)))
		return status_error(resp.status, r->url, e);
	if (resp.status == 200 && is_web_page(buf_str(out), resp.content_type))
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' answers with a web page; a captive portal or proxy stands between this server "
			"and the mirror",
			r->url);
	*resp_out = resp;
	return true;
}

struct blob_sink {
	const struct feed_env *env;
	const struct release_file *f;
	struct store_writer *w;
	struct buf *mem;
	int64_t done;
};

static bool take_blob(void *arg, struct str bytes, struct err *e)
{
	struct blob_sink *b = arg;
	b->done += (int64_t)bytes.n;
	if (b->done > b->f->size)
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' is larger than the signed %lld bytes; the mirror is broken or tampered with",
			b->f->path.p, (long long)b->f->size);
	if (b->env->progress)
		b->env->progress(b->env->progress_arg, "index", b->done, b->f->size);
	if (b->w)
		return store_add(b->w, bytes, e);
	buf_addstr(b->mem, bytes);
	return buf_ok(b->mem, "index", e);
}

static bool check_blob(struct blob_sink *b, struct err *e)
{
	const struct release_file *f = b->f;
	if (b->done < f->size)
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' is truncated: %lld of %lld bytes; try again later or use another mirror",
			f->path.p, (long long)b->done, (long long)f->size);
	bool good;
	if (b->w) {
		struct sha256 id;
		int64_t size;
		good = store_commit(b->w, &f->sha256, &id, &size, e);
		if (good || !e || e->code != ERR_UNTRUSTED)
			return good;
	} else {
		struct sha256 is = digest_of(buf_str(b->mem));
		good = digest_eq(&is, &f->sha256);
	}
	return good ||
	       err_set(e, ERR_UNTRUSTED,
		       "'%s' does not have the signed SHA-256; the mirror is being updated, broken or tampered "
		       "with, try again later or use another one",
		       f->path.p);
}

/* One try; *found_out = false on 404. */
static bool try_blob(const struct feed_env *env, const char *url, const struct release_file *f,
		     struct buf *mem, int64_t *bytes, bool *found_out, struct err *e)
{
	struct blob_sink b = { .env = env, .f = f, .mem = mem };
	struct feed_request r = { .url = url, .max = f->size + 1 };
	struct feed_response resp = { 0 };
	if (env->store && !store_begin(env->store, f->size + 1, &b.w, e))
		return false;
	if (mem)
		buf_reset(mem);
	bool good = env->fetch.get(env->fetch.arg, &r, &resp, take_blob, &b, e);
	if (!good && e && e->code == ERR_LIMIT)
		err_set(e, ERR_UNTRUSTED,
			"'%s' is larger than the signed %lld bytes; the mirror is broken or tampered with",
			f->path.p, (long long)f->size);
	*bytes += b.done;
	*found_out = resp.status != 404 && resp.status != 410;
	if (good && *found_out)
		good = resp.status == 200 ? check_blob(&b, e) : status_error(resp.status, url, e);
	store_abort(b.w);
	return good;
}

bool debian_fetch_blob(const struct feed_env *env, const char *url, const char *fallback,
		       const struct release_file *f, struct buf *mem, int64_t *bytes_out,
		       struct err *e)
{
	bool found = false;
	int64_t size;
	if (f->size > (int64_t)DEBIAN_MAX_INDEX)
		return err_set(e, ERR_LIMIT, "'%s' has %lld bytes, more than allowed", f->path.p,
			       (long long)f->size);
	if (env->store && store_has(env->store, &f->sha256, &size) && size == f->size)
		return true;
	if (!try_blob(env, url, f, mem, bytes_out, &found, e))
		return false;
	if (!found && fallback && !try_blob(env, fallback, f, mem, bytes_out, &found, e))
		return false;
	return found || status_error(404, fallback ? fallback : url, e);
}
