/* SPDX-License-Identifier: Apache-2.0
 * The outside, answered in this process: documents through the caller's fetch function, blobs into
 * the store, signatures by gpgv. What was wrong is said here, clearly and once for all feeds. A
 * blob is accepted only with the size and digest an accepted index gave it. */
#include "base/file.h"
#include "feeds/fetch.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

void feed_progress(const struct feed_env *env, const char *what, int64_t done, int64_t total)
{
	if (env->progress)
		env->progress(env->progress_arg, what, done, total);
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

/* --- documents ----------------------------------------------------------------------------------
 */

/* Where a document goes: a buffer or a file; its first bytes are kept to recognise a web page. */
struct document {
	const struct feed_env *env;
	const struct feed_request *r;
	struct buf *out;
	int fd;
	int64_t done;
	char head[16];
	size_t n_head;
};

static bool take_document(void *arg, struct str bytes, struct err *e)
{
	struct document *d = arg;
	struct str s = d->n_head ? bytes : str_trim(bytes);
	size_t n = MIN(s.n, sizeof(d->head) - d->n_head);
	if (n)
		memcpy(d->head + d->n_head, s.p, n);
	d->n_head += n;
	d->done += (int64_t)bytes.n;
	if (d->done > d->r->max)
		return err_set(e, ERR_LIMIT, "'%s' is larger than allowed", d->r->url);
	if (d->fd >= 0)
		return file_write_fd(d->fd, bytes, d->r->url, e);
	buf_addstr(d->out, bytes);
	return !d->out->overflowed ||
	       err_set(e, ERR_LIMIT, "'%s' is larger than allowed", d->r->url);
}

/* A portal answers 200 with its log-in page whatever was asked. */
static bool is_web_page(const struct document *d, const char *content_type)
{
	struct str head = { d->head, d->n_head };
	return str_starts(str_of(content_type), "text/html") || str_starts(head, "<!DOCTYPE h") ||
	       str_starts(head, "<!doctype h") || str_starts(head, "<!DOCTYPE H") ||
	       str_starts(head, "<html") || str_starts(head, "<HTML");
}

static bool check_document(const struct document *d, const struct feed_response *resp,
			   struct err *e)
{
	const struct feed_request *r = d->r;
	if (resp->status != 200 && !(resp->status == 304 && (r->etag || r->last_modified)))
		return status_error(resp->status, r->url, e);
	if (resp->status == 200 && is_web_page(d, resp->content_type))
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' answers with a web page; a captive portal or proxy stands between this server "
			"and the mirror",
			r->url);
	return true;
}

static bool get_document(struct document *d, struct feed_response *resp_out, struct err *e)
{
	const struct feed_fetch *f = &d->env->fetch;
	struct feed_response resp = { 0 };
	if (!f->get(f->arg, d->r, &resp, take_document, d, e) || !check_document(d, &resp, e))
		return false;
	*resp_out = resp;
	return true;
}

bool feed_text(const struct feed_env *env, const struct feed_request *r, struct buf *out,
	       struct feed_response *resp_out, struct err *e)
{
	if (!env->outside)
		return get_document(&(struct document) { .env = env, .r = r, .out = out, .fd = -1 },
				    resp_out, e);
	AUTO(fd_close) int fd = -1;
	struct feed_response resp;
	if (!env->outside->file(env->outside_arg, r, &fd, &resp, e) ||
	    (fd >= 0 && !file_read_fd(fd, out, r->url, e)))
		return false;
	*resp_out = resp;
	return true;
}

/* A file without a name, in memory. */
static bool scratch(const char *what, int *fd_out, struct err *e)
{
	int fd = memfd_create("feed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, errno, "no memory for '%s'", what);
	*fd_out = fd;
	return true;
}

bool feed_file(const struct feed_env *env, const struct feed_request *r, int *fd_out,
	       struct feed_response *resp_out, struct err *e)
{
	if (env->outside)
		return env->outside->file(env->outside_arg, r, fd_out, resp_out, e);
	AUTO(fd_close) int fd = -1;
	struct feed_response resp;
	if (!scratch(r->url, &fd, e) ||
	    !get_document(&(struct document) { .env = env, .r = r, .fd = fd }, &resp, e))
		return false;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", r->url);
	*fd_out = resp.status == 200 ? fd : -1;
	if (resp.status == 200)
		fd = -1;
	*resp_out = resp;
	return true;
}

/* --- blobs --------------------------------------------------------------------------------------
 */

struct incoming {
	const struct feed_env *env;
	const struct feed_blob *b;
	struct store_writer *w; /* or, without a store: */
	int fd;
	struct digest *promised;
	int64_t done;
};

static bool too_large(const struct feed_blob *b, struct err *e)
{
	if (b->size < 0)
		return err_set(e, ERR_LIMIT, "'%s' is larger than allowed", b->name);
	return err_set(
		e, ERR_UNTRUSTED,
		"'%s' is larger than the signed %lld bytes; the mirror is broken or tampered with",
		b->name, (long long)b->size);
}

static int64_t most(const struct feed_blob *b)
{
	return b->size >= 0 ? b->size : b->max;
}

static bool take_blob(void *arg, struct str bytes, struct err *e)
{
	struct incoming *in = arg;
	in->done += (int64_t)bytes.n;
	if (in->done > most(in->b))
		return too_large(in->b, e);
	feed_progress(in->env, "index", in->done, most(in->b));
	digest_add(in->promised, bytes.p, bytes.n);
	return in->w ? store_add(in->w, bytes, e) : file_write_fd(in->fd, bytes, in->b->name, e);
}

/* Size and digest as promised, then into the store; the descriptor reads it from its start. */
static bool check_blob(struct incoming *in, int *fd_out, struct sha256 *id_out, struct err *e)
{
	const struct feed_blob *b = in->b;
	uint8_t is[DIGEST_MAX];
	if (b->size >= 0 && in->done < b->size)
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' is truncated: %lld of %lld bytes; try again later or use another mirror",
			b->name, (long long)in->done, (long long)b->size);
	digest_end_bytes(in->promised, is);
	if (memcmp(is, b->digest, digest_len(b->kind)) != 0)
		return err_set(
			e, ERR_UNTRUSTED,
			"'%s' does not have the signed %s; the mirror is being updated, broken or tampered "
			"with, try again later or use another one",
			b->name, digest_kind_name(b->kind));
	if (in->w)
		return store_commit(in->w, NULL, id_out, NULL, e) &&
		       store_read_fd(in->env->store, id_out, fd_out, NULL, e);
	if (lseek(in->fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read '%s'", b->name);
	if (b->kind == DIGEST_SHA256)
		memcpy(id_out->b, is, SHA256_LEN);
	else if (!digest_fd(in->fd, b->name, id_out, e))
		return false;
	*fd_out = in->fd;
	in->fd = -1;
	return true;
}

/* One try; *found_out = false on 404. */
static bool try_blob(const struct feed_env *env, const char *url, const struct feed_blob *b,
		     int *fd_out, struct sha256 *id_out, int64_t *bytes, bool *found_out,
		     struct err *e)
{
	AUTO(digest_free) struct digest *promised = digest_new_of(b->kind);
	struct incoming in = { .env = env, .b = b, .fd = -1, .promised = promised };
	struct feed_request r = { .url = url, .max = most(b) + 1 };
	struct feed_response resp = { 0 };
	if (env->store ? !store_begin(env->store, most(b) + 1, &in.w, e)
		       : !scratch(b->name, &in.fd, e))
		return false;
	bool good = env->fetch.get(env->fetch.arg, &r, &resp, take_blob, &in, e);
	if (!good && e && e->code == ERR_LIMIT)
		too_large(b, e);
	*bytes += in.done;
	*found_out = resp.status != 404 && resp.status != 410;
	if (good && *found_out)
		good = resp.status == 200 ? check_blob(&in, fd_out, id_out, e)
					  : status_error(resp.status, url, e);
	store_abort(in.w);
	fd_close(in.fd);
	return good;
}

/* In the store already: only what is promised by the digest the store names its files by. */
static bool have_blob(const struct feed_env *env, const struct feed_blob *b, struct sha256 *id_out)
{
	int64_t size;
	if (!env->store || b->kind != DIGEST_SHA256)
		return false;
	memcpy(id_out->b, b->digest, SHA256_LEN);
	return store_has(env->store, id_out, &size) && (b->size < 0 || size == b->size);
}

static bool get_blob(const struct feed_env *env, const struct feed_blob *b, int *fd_out,
		     struct sha256 *id_out, int64_t *bytes_out, struct err *e)
{
	bool found = false;
	if (b->size > b->max)
		return err_set(e, ERR_LIMIT, "'%s' has %lld bytes, more than allowed", b->name,
			       (long long)b->size);
	if (have_blob(env, b, id_out))
		return store_read_fd(env->store, id_out, fd_out, NULL, e);
	if (!try_blob(env, b->url, b, fd_out, id_out, bytes_out, &found, e))
		return false;
	if (!found && b->fallback &&
	    !try_blob(env, b->fallback, b, fd_out, id_out, bytes_out, &found, e))
		return false;
	return found || status_error(404, b->fallback ? b->fallback : b->url, e);
}

bool feed_blob(const struct feed_env *env, const struct feed_blob *b, int *fd_out,
	       struct sha256 *id_out, int64_t *bytes_out, struct err *e)
{
	struct sha256 id;
	int fd = -1;
	bool good = env->outside ? env->outside->blob(env->outside_arg, b, &fd, &id, bytes_out, e)
				 : get_blob(env, b, &fd, &id, bytes_out, e);
	if (!good)
		return false;
	*fd_out = fd;
	if (id_out)
		*id_out = id;
	return true;
}

/* --- signatures, keeping ------------------------------------------------------------------------
 */

bool feed_verify_here(const struct feed_signed *s, const char *const *keyrings, struct buf *plain,
		      struct openpgp_signer *signer_out, struct err *e)
{
	if (!s->signature.n)
		return openpgp_verify_clearsigned(s->document, keyrings, plain, signer_out, e);
	if (!s->file)
		return openpgp_verify_detached(s->document, s->signature, keyrings, signer_out, e);
	off_t n = lseek(*s->file, 0, SEEK_END);
	if (n <= 0)
		return err_set(e, ERR_UNTRUSTED, "there is nothing that could be signed");
	void *p = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, *s->file, 0);
	if (p == MAP_FAILED)
		return err_sys(e, errno, "cannot read what is signed");
	bool good = openpgp_verify_detached((struct str) { p, (size_t)n }, s->signature, keyrings,
					    signer_out, e);
	munmap(p, (size_t)n);
	return good;
}

bool feed_verify(const struct feed_env *env, const struct feed_signed *s,
		 const char *const *keyrings, struct buf *plain, struct openpgp_signer *signer_out,
		 struct err *e)
{
	if (env->outside)
		return env->outside->verify(env->outside_arg, s, keyrings, plain, signer_out, e);
	if (env->verify)
		return env->verify(env->verify_arg, s, keyrings, plain, signer_out, e);
	return feed_verify_here(s, keyrings, plain, signer_out, e);
}

bool feed_keep(const struct feed_env *env, struct str bytes, struct sha256 *id_out, struct err *e)
{
	if (env->outside)
		return env->outside->keep(env->outside_arg, bytes, id_out, e);
	if (env->store)
		return store_put(env->store, bytes, id_out, e);
	*id_out = digest_of(bytes);
	return true;
}
