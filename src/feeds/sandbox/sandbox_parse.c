/* SPDX-License-Identifier: Apache-2.0
 * The parser's end: reads its job, takes away its own rights, and only then touches a vendor's
 * byte. Every call of fetch.h becomes a question to the server. */
#include "base/file.h"
#include "feeds/sandbox/sandbox_int.h"
#include "ipc/sandbox.h"

#include <unistd.h>

struct parser {
	int sock;
	struct frame answer;
};

/* `fd` goes beside the question; NULL = none. */
static bool ask_about(struct parser *p, enum sandbox_message kind, const struct buf *question,
		      const int *fd, struct err *e)
{
	if (!buf_ok(question, "question to the server", e) ||
	    !frame_send(p->sock, kind, buf_str(question), fd, fd ? 1 : 0, e) ||
	    !frame_receive(p->sock, -1, &p->answer, e))
		return false;
	if (p->answer.kind == SANDBOX_NO)
		return sandbox_unpack_error(buf_str(&p->answer.body), e);
	return p->answer.kind == SANDBOX_OK ||
	       err_set(e, ERR_CORRUPT, "the server's answer has no known kind");
}

static bool ask(struct parser *p, enum sandbox_message kind, const struct buf *question,
		struct err *e)
{
	return ask_about(p, kind, question, NULL, e);
}

static bool ask_file(void *arg, const struct feed_request *r, int *fd_out,
		     struct feed_response *resp_out, struct err *e)
{
	struct parser *p = arg;
	AUTO(buf_done) struct buf q = BUF_INIT(SANDBOX_FRAME_MAX);
	pack_text(&q, r->url);
	pack_text(&q, r->etag);
	pack_text(&q, r->last_modified);
	pack_int(&q, r->max);
	if (!ask(p, SANDBOX_FILE, &q, e))
		return false;
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = buf_str(&p->answer.body), .a = &a };
	struct feed_response resp = { .status = (int)unpack_int(&u) };
	snprintf(resp.etag, sizeof(resp.etag), "%s", unpack_text(&u));
	snprintf(resp.last_modified, sizeof(resp.last_modified), "%s", unpack_text(&u));
	snprintf(resp.content_type, sizeof(resp.content_type), "%s", unpack_text(&u));
	if (!unpack_end(&u, e))
		return false;
	*fd_out = frame_take_fd(&p->answer, 0);
	*resp_out = resp;
	return true;
}

static bool ask_blob(void *arg, const struct feed_blob *b, int *fd_out, struct sha256 *id_out,
		     int64_t *bytes_out, struct err *e)
{
	struct parser *p = arg;
	AUTO(buf_done) struct buf q = BUF_INIT(SANDBOX_FRAME_MAX);
	pack_text(&q, b->url);
	pack_text(&q, b->fallback);
	pack_text(&q, b->name);
	pack_int(&q, b->size);
	pack_int(&q, b->max);
	pack_int(&q, b->kind);
	pack_str(&q, (struct str) { (const char *)b->digest, digest_len(b->kind) });
	if (!ask(p, SANDBOX_BLOB, &q, e))
		return false;
	struct unpacker u = { .rest = buf_str(&p->answer.body) };
	struct str id = unpack_str(&u);
	int64_t bytes = unpack_int_in(&u, 0, INT64_MAX);
	if (!unpack_end(&u, e))
		return false;
	if (id.n != SHA256_LEN || !p->answer.n_fds)
		return err_set(e, ERR_CORRUPT, "the server's answer has no file");
	memcpy(id_out->b, id.p, SHA256_LEN);
	*bytes_out += bytes;
	*fd_out = frame_take_fd(&p->answer, 0);
	return true;
}

static bool ask_verify(void *arg, const struct feed_signed *s, const char *const *keyrings,
		       struct buf *plain, struct openpgp_signer *signer_out, struct err *e)
{
	struct parser *p = arg;
	AUTO(buf_done) struct buf q = BUF_INIT(SANDBOX_FRAME_MAX);
	pack_str(&q, s->document);
	pack_str(&q, s->signature);
	pack_list(&q, keyrings);
	if (!ask_about(p, SANDBOX_VERIFY, &q, s->file, e))
		return false;
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = buf_str(&p->answer.body), .a = &a };
	struct openpgp_signer signer = { .good = (int)unpack_int_in(&u, 1, 1000) };
	snprintf(signer.fingerprint, sizeof(signer.fingerprint), "%s", unpack_text(&u));
	snprintf(signer.name, sizeof(signer.name), "%s", unpack_text(&u));
	struct str text = unpack_str(&u);
	if (!unpack_end(&u, e))
		return false;
	if (plain)
		buf_addstr(plain, text);
	if (plain && !buf_ok(plain, "signed text", e))
		return false;
	if (signer_out)
		*signer_out = signer;
	return true;
}

static bool ask_keep(void *arg, struct str bytes, struct sha256 *id_out, struct err *e)
{
	struct parser *p = arg;
	AUTO(buf_done) struct buf q = BUF_INIT(SANDBOX_FRAME_MAX);
	pack_str(&q, bytes);
	if (!ask(p, SANDBOX_KEEP, &q, e))
		return false;
	*id_out = digest_of(bytes);
	return true;
}

static void tell_progress(void *arg, const char *what, int64_t done, int64_t total)
{
	struct parser *p = arg;
	struct err ignored; /* when nobody listens any more, the next question says so */
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	pack_text(&b, what);
	pack_int(&b, done);
	pack_int(&b, total);
	bool told UNUSED = frame_send(p->sock, SANDBOX_PROGRESS, buf_str(&b), NULL, 0, &ignored);
}

static const struct feed_outside asking = { ask_file, ask_blob, ask_verify, ask_keep };

static bool hand_over(struct parser *p, const struct generation_result *r, int fd, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	pack_int(&b, r->unchanged);
	pack_int(&b, r->generation.feed.released_ms);
	pack_int(&b, r->valid_until_ms);
	pack_text(&b, r->etag);
	pack_int(&b, r->offers);
	pack_int(&b, r->bytes);
	return (r->unchanged || file_write_fd(fd, r->generation.records, "records", e)) &&
	       frame_send(p->sock, SANDBOX_DONE, buf_str(&b), NULL, 0, e);
}

static bool serve(struct parser *p, const struct feed_kind *kinds, const struct frame *f,
		  struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct sandbox_job job;
	if (!sandbox_unpack_job(buf_str(&f->body), &a, &job, e))
		return false;
	if (f->kind != SANDBOX_SPEC || !f->n_fds)
		return err_set(e, ERR_CORRUPT, "the server's first message is not a job");
	while (kinds->name && strcmp(kinds->name, job.spec.kind) != 0)
		kinds++;
	if (!kinds->name)
		return err_set(e, ERR_INVALID, "no feeds of kind '%s' here", job.spec.kind);
	struct sandbox box = { .kind = SANDBOX_COMPUTE, .memory = job.memory, .cpu_s = job.cpu_s };
	if (!sandbox_enter(&box, e))
		return false;
	AUTO(generation_result_done) struct generation_result r = { 0 };
	struct feed_env env = { .outside = &asking,
				.outside_arg = p,
				.now_ms = job.now_ms,
				.progress = tell_progress,
				.progress_arg = p };
	return kinds->sync(&job.spec, &env, &r, e) && hand_over(p, &r, f->fds[0], e);
}

int feed_sandbox_parse(int fd, const struct feed_kind *kinds)
{
	struct err e = { 0 }, ignored;
	struct parser p = { .sock = fd, .answer = FRAME_INIT(SANDBOX_FRAME_MAX) };
	AUTO(frame_done) struct frame f = FRAME_INIT(SANDBOX_FRAME_MAX);
	bool asked = frame_receive(fd, 60000, &f, &e);
	if (asked && f.kind == SANDBOX_PACKAGE)
		return package_serve(fd, &f);
	if (asked && serve(&p, kinds, &f, &e))
		return 0;
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	sandbox_pack_error(&b, &e);
	/* the server reads it, or has given up and kills us */
	return frame_send(fd, SANDBOX_FAILED, buf_str(&b), NULL, 0, &ignored) ? 0 : 1;
}
