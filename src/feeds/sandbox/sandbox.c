/* SPDX-License-Identifier: Apache-2.0
 * The server's end: starts the parser, answers it, and believes nothing it says. Records are read
 * only after the parser is gone: nobody else has them open then. */
#include "base/file.h"
#include "catalog/enrich_doc.h"
#include "catalog/records.h"
#include "catalog/sink.h"
#include "feeds/local.h"
#include "feeds/sandbox/sandbox_int.h"
#include "ipc/role.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/** A parser that neither asks nor ends for so long is killed. */
#define SILENCE_MS (FEED_PARSE_CPU_S * 1500)
#define END_MS 5000
/** Bytes of a mirror list, and of one address in it. */
#define LIST_MAX (256u << 10)
#define LIST_LINE 500
/** Documents a feed may have kept in one sync. */
#define KEEP_MAX 64

struct sandboxed {
	struct feed_sandbox *box;
	const struct feed_kind *k;
	const struct feed_spec *s;
	const struct feed_env *env;
	struct arena arena;
	struct role_child role;
	struct frame in;
	struct openpgp_signer signer; /* of the last good verification on this side */
	struct buf list;	      /* the mirror list of the settings, as it came */
	unsigned kept;
	bool finished; /* the parser said DONE or FAILED */
};

static void sandboxed_done(struct sandboxed *x)
{
	role_end(&x->role, 0, NULL);
	frame_done(&x->in);
	arena_done(&x->arena);
	buf_done(&x->list);
}
AUTO_DEFINE_VALUE(struct sandboxed, sandboxed_done)

/* --- which addresses ----------------------------------------------------------------------------
 */

/* "https://host:port" of an address, without its path. */
static struct str origin_of(const char *url)
{
	const char *p = strstr(url, "://");
	struct str s = { url, 0 };
	if (p)
		s.n = (size_t)(p - url) + 3 + strcspn(p + 3, "/?#\\");
	return s;
}

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);
	while (n > 1 && root[n - 1] == '/')
		n--;
	return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 1) &&
	       !strstr(path, "/../") && !str_ends(str_of(path), "/..");
}

static bool covers(const char *root, const char *url)
{
	const char *path = feed_local_path(url), *root_path = feed_local_path(root);
	if (path || root_path)
		return path && root_path && below(path, root_path);
	struct str o = origin_of(root);
	return o.n && str_eq(o, origin_of(url));
}

const char *feed_spec_address(const struct feed_spec *s, size_t i)
{
	const char *own[] = { s->url, s->dir };
	size_t n = 0;
	for (size_t k = 0; k < ARRAY_LEN(own); k++)
		if (own[k] && n++ == i)
			return own[k];
	for (const char *const *o = s->options; o && *o; o++) {
		const char *value = strchr(*o, '=');
		if (value && (strstr(value, "://") || value[1] == '/') && n++ == i)
			return value + 1;
	}
	return NULL;
}

bool feed_spec_covers(const struct feed_spec *s, const char *url)
{
	const char *root;
	for (size_t i = 0; (root = feed_spec_address(s, i)); i++)
		if (covers(root, url))
			return true;
	return false;
}

/* A host that the administrator's mirror list names, as it came from its address (not as the parser
 * understood it): over https, or in the clear where a signature is asked for. */
static bool list_names(const struct sandboxed *x, const char *url)
{
	bool pinned = x->s->keyrings && x->s->keyrings[0];
	struct str rest = buf_str(&x->list), line, origin = origin_of(url);
	if (!origin.n || (!pinned && !str_starts(origin, "https://")))
		return false;
	while (rest.n > 0 && str_line(&rest, &line)) {
		char text[LIST_LINE];
		line = str_trim(line);
		if (!line.n || line.n >= sizeof(text))
			continue;
		memcpy(text, line.p, line.n);
		text[line.n] = '\0';
		if (str_eq(origin_of(text), origin))
			return true;
	}
	return false;
}

static bool may_reach(const struct sandboxed *x, const char *url)
{
	return feed_spec_covers(x->s, url) || list_names(x, url);
}

/* Keeps the mirror list on its way to the parser; `fd` is read from its start afterwards, too. */
static bool keep_list(struct sandboxed *x, const char *url, int fd, struct err *e)
{
	if (fd < 0 || !feed_option(x->s, "mirrors") || strcmp(url, x->s->url) != 0)
		return true;
	buf_reset(&x->list);
	if (!file_read_fd(fd, &x->list, url, e))
		return false;
	return lseek(fd, 0, SEEK_SET) == 0 || err_sys(e, errno, "cannot read '%s'", url);
}

static bool may_ask(const struct sandboxed *x, const char *url, struct err *e)
{
	return (url && may_reach(x, url)) ||
	       err_set(e, ERR_DENIED,
		       "feed '%s' asks for '%.100s', which is not below an address of its own",
		       x->s->id, url ? url : "");
}

/* --- answers ------------------------------------------------------------------------------------
 */

static bool is_plain(const char *s)
{
	for (; s && *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static bool answer_file(struct sandboxed *x, struct unpacker *u, struct buf *out, int *fd_out,
			struct err *e)
{
	struct feed_request r = { .url = unpack_text(u), .etag = unpack_text(u) };
	struct feed_response resp = { 0 };
	r.last_modified = unpack_text(u);
	r.max = unpack_int_in(u, 0, (int64_t)4 << 30);
	if (!unpack_end(u, e) || !may_ask(x, r.url, e))
		return false;
	if (!is_plain(r.etag) || !is_plain(r.last_modified))
		return err_set(e, ERR_CORRUPT, "a condition with characters it must not have");
	if (!feed_file(x->env, &r, fd_out, &resp, e) || !keep_list(x, r.url, *fd_out, e))
		return false;
	pack_int(out, resp.status);
	pack_text(out, resp.etag);
	pack_text(out, resp.last_modified);
	pack_text(out, resp.content_type);
	return true;
}

static bool answer_blob(struct sandboxed *x, struct unpacker *u, struct buf *out, int *fd_out,
			struct err *e)
{
	struct feed_blob b = { .url = unpack_text(u), .fallback = unpack_text(u) };
	struct sha256 id;
	int64_t bytes = 0;
	b.name = unpack_text(u);
	b.size = unpack_int_in(u, -1, (int64_t)4 << 30);
	b.max = unpack_int_in(u, 0, (int64_t)4 << 30);
	b.kind = (enum digest_kind)unpack_int_in(u, DIGEST_SHA256, DIGEST_SHA1);
	struct str digest = unpack_str(u);
	if (!unpack_end(u, e) || !may_ask(x, b.url, e) ||
	    (b.fallback && !may_ask(x, b.fallback, e)))
		return false;
	if (digest.n != digest_len(b.kind) || !b.name)
		return err_set(e, ERR_CORRUPT, "a file without name or digest");
	memcpy(b.digest, digest.p, digest.n);
	if (!feed_blob(x->env, &b, fd_out, &id, &bytes, e))
		return false;
	pack_str(out, (struct str) { (const char *)id.b, SHA256_LEN });
	pack_int(out, bytes);
	return true;
}

static bool in_list(const char *const *list, const char *word)
{
	for (; list && *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* Only with keyrings of the spec: without any there, the kind's own default is the parser's word,
 * and is accepted below the system's keyrings only. */
static bool keyrings_ok(const struct sandboxed *x, const char *const *keyrings)
{
	bool any = false;
	for (; keyrings && *keyrings; keyrings++, any = true)
		if (!(x->s->keyrings && x->s->keyrings[0]
			      ? in_list(x->s->keyrings, *keyrings)
			      : below(*keyrings, "/usr/share/keyrings") ||
					below(*keyrings, "/etc/pki/rpm-gpg")))
			return false;
	return any;
}

static bool answer_verify(struct sandboxed *x, struct unpacker *u, struct buf *out, struct err *e)
{
	struct feed_signed s = { .document = unpack_str(u), .signature = unpack_str(u) };
	const char *const *keyrings = unpack_list(u);
	struct openpgp_signer signer = { 0 };
	AUTO(buf_done) struct buf plain = BUF_INIT(SANDBOX_FRAME_MAX);
	AUTO(fd_close) int fd = frame_take_fd(&x->in, 0);
	if (!unpack_end(u, e))
		return false;
	if (fd >= 0)
		s.file = &fd;
	if (!keyrings_ok(x, keyrings))
		return err_set(e, ERR_DENIED, "feed '%s' asks for a keyring that is not its own",
			       x->s->id);
	if (!feed_verify(x->env, &s, keyrings, &plain, &signer, e))
		return false;
	x->signer = signer;
	pack_int(out, signer.good);
	pack_text(out, signer.fingerprint);
	pack_text(out, signer.name);
	pack_str(out, buf_str(&plain));
	return true;
}

static bool answer_keep(struct sandboxed *x, struct unpacker *u, struct err *e)
{
	struct str bytes = unpack_str(u);
	struct sha256 id;
	if (!unpack_end(u, e))
		return false;
	if (++x->kept > KEEP_MAX)
		return err_set(e, ERR_LIMIT, "more than %d documents to keep", KEEP_MAX);
	return feed_keep(x->env, bytes, &id, e);
}

static bool tell(struct sandboxed *x, struct unpacker *u, struct err *e)
{
	const char *what = unpack_text(u);
	int64_t done = unpack_int_in(u, 0, INT64_MAX), total = unpack_int_in(u, 0, INT64_MAX);
	if (!unpack_end(u, e))
		return false;
	feed_progress(x->env, what ? what : "", done, total);
	return true;
}

/* One question, one answer: what went wrong is the parser's to report. */
static bool answer(struct sandboxed *x, struct err *e)
{
	struct unpacker u = { .rest = buf_str(&x->in.body), .a = &x->arena };
	AUTO(buf_done) struct buf out = BUF_INIT(SANDBOX_FRAME_MAX);
	AUTO(fd_close) int fd = -1;
	struct err mine = { 0 };
	bool good;
	switch ((enum sandbox_message)x->in.kind) {
	case SANDBOX_PROGRESS: return tell(x, &u, e);
	case SANDBOX_FILE: good = answer_file(x, &u, &out, &fd, &mine); break;
	case SANDBOX_BLOB: good = answer_blob(x, &u, &out, &fd, &mine); break;
	case SANDBOX_VERIFY: good = answer_verify(x, &u, &out, &mine); break;
	case SANDBOX_KEEP: good = answer_keep(x, &u, &mine); break;
	default: return err_set(e, ERR_CORRUPT, "a message of no known kind");
	}
	if (good && !buf_ok(&out, "answer to the parser", &mine))
		good = false;
	if (!good) {
		buf_reset(&out);
		sandbox_pack_error(&out, &mine);
	}
	return frame_send(x->role.fd, good ? SANDBOX_OK : SANDBOX_NO, buf_str(&out), &fd,
			  good && fd >= 0, e);
}

/* --- what comes back ----------------------------------------------------------------------------
 */

static bool take_result(struct sandboxed *x, struct generation_result *r, struct err *e)
{
	struct unpacker u = { .rest = buf_str(&x->in.body), .a = &x->arena };
	r->unchanged = unpack_int_in(&u, 0, 1);
	r->generation.feed.released_ms = unpack_int_in(&u, 0, INT64_MAX);
	r->valid_until_ms = unpack_int_in(&u, 0, INT64_MAX);
	const char *etag = unpack_text(&u);
	r->offers = unpack_int_in(&u, 0, INT64_MAX);
	r->bytes = unpack_int_in(&u, 0, INT64_MAX);
	if (!unpack_end(&u, e))
		return false;
	if (etag && is_plain(etag))
		snprintf(r->etag, sizeof(r->etag), "%s", etag);
	if (r->unchanged && !x->s->last.etag)
		return err_set(e, ERR_CORRUPT, "nothing new, though everything was asked for");
	return true;
}

static bool converse(struct sandboxed *x, struct generation_result *r, struct err *e)
{
	for (;;) {
		if (!frame_receive(x->role.fd, SILENCE_MS, &x->in, e))
			return false;
		arena_done(&x->arena);
		x->arena = (struct arena) { 0 };
		x->finished = x->in.kind == SANDBOX_DONE || x->in.kind == SANDBOX_FAILED;
		if (x->in.kind == SANDBOX_DONE)
			return take_result(x, r, e);
		if (x->in.kind == SANDBOX_FAILED)
			return sandbox_unpack_error(buf_str(&x->in.body), e);
		if (!answer(x, e))
			return false;
	}
}

static bool own_os(const struct feed_kind *k, struct str os)
{
	for (const char *const *p = k->os; *p; p++)
		if (str_starts(os, *p))
			return true;
	return false;
}

static bool check_record(const struct sandboxed *x, const struct record *r, struct err *e)
{
	struct str os = r->kind == RECORD_PATCH	     ? r->patch.os
			: r->kind == RECORD_ADVISORY ? r->advisory.os
			: r->kind == RECORD_ARCHIVE  ? r->archive.os
						     : STR_LIT("");
	if (os.n && !own_os(x->k, os))
		return err_set(e, ERR_UNTRUSTED, "it speaks of '%.*s', which is not its business",
			       STR_ARG(os));
	if (r->kind != RECORD_ARCHIVE)
		return true;
	if (!may_reach(x, r->archive.url.p))
		return err_set(e, ERR_UNTRUSTED, "its archive '%.100s' is not below its address",
			       r->archive.url.p);
	return !x->s->endpoint_keyring || str_is(r->archive.keyring, x->s->endpoint_keyring) ||
	       err_set(e, ERR_UNTRUSTED, "its archive names a keyring that is not its own");
}

/* Every record read with every check; `text` is overwritten. */
static bool check_records(const struct sandboxed *x, char *text, size_t n, struct feed_info *f,
			  struct err *e)
{
	struct records_reader reader;
	struct record rec;
	bool more = true;
	int64_t rows = 0;
	if (!records_begin(&reader, text, n, e))
		return false;
	while (records_next(&reader, &rec, &more, e)) {
		if (!more) {
			f->rows = rows;
			return true;
		}
		if (!check_record(x, &rec, e))
			return false;
		if (rec.kind != RECORD_FEED) {
			rows += records_is_row(rec.kind);
			continue;
		}
		if (!str_is(rec.feed.id, x->s->id) || !str_is(rec.feed.kind, x->k->name) ||
		    !str_is(rec.feed.url, x->s->url))
			return err_set(e, ERR_UNTRUSTED, "it calls itself '%.*s'",
				       STR_ARG(rec.feed.id));
		if (rec.feed.is_signed != (x->signer.good > 0))
			return err_set(e, ERR_UNTRUSTED, "its word about its signature is wrong");
		*f = rec.feed;
	}
	return false;
}

/* Enrichment has a document of its own, which speaks of no system and is never signed. */
static bool check_document(const struct sandboxed *x, char *text, size_t n, struct feed_info *f,
			   struct err *e)
{
	AUTO(enrich_rows_done) struct enrich_rows rows = { 0 };
	enum enrich_kind kind;
	if (!enrich_kind_parse(str_of(x->k->name), &kind))
		return check_records(x, text, n, f, e);
	if (!enrich_read((struct str) { text, n }, &rows, e))
		return false;
	if (rows.kind != kind)
		return err_set(e, ERR_UNTRUSTED, "it calls itself '%s'",
			       enrich_kind_name(rows.kind));
	f->rows = (int64_t)(rows.kevs.n + rows.scores.n + rows.releases.n);
	f->released_ms = rows.date_ms;
	return true;
}

static bool adopt_records(struct sandboxed *x, int fd, struct generation_result *r, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot read the records");
	if (st.st_size <= 0 || st.st_size > (int64_t)SINK_MAX_BYTES)
		return err_set(e, ERR_CORRUPT, "the records have an impossible size");
	size_t n = (size_t)st.st_size;
	/* Two views: one stays as it is, the other is cut into texts by the reader. */
	void *whole = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (whole == MAP_FAILED)
		return err_sys(e, errno, "cannot read the records");
	r->mapped = whole;
	r->mapped_n = n;
	AUTO(xfree) char *text = xmalloc(n + 1);
	memcpy(text, whole, n);
	text[n] = '\0';
	struct feed_info f = { 0 };
	if (!check_document(x, text, n, &f, e))
		return false;
	r->signer = str_dup(f.signer);
	r->generation.records = (struct str) { whole, n };
	r->generation.feed = (struct feed_info) { .id = str_of(x->s->id),
						  .kind = str_of(x->k->name),
						  .url = str_of(x->s->url),
						  .fetched_ms = x->env->now_ms,
						  .released_ms = f.released_ms,
						  .is_signed = f.is_signed,
						  .signer = str_of(r->signer),
						  .rows = f.rows,
						  .digest = digest_of(r->generation.records) };
	return true;
}

/* --- the sync -----------------------------------------------------------------------------------
 */

/* What feed_sandbox_stop() ends; false when it was called before. */
static bool set_sock(struct feed_sandbox *box, int sock)
{
	pthread_mutex_lock(&box->lock);
	box->sock = sock;
	bool go = !box->stop;
	pthread_mutex_unlock(&box->lock);
	return go;
}

static bool start(struct sandboxed *x, int records_fd, struct err *e)
{
	struct feed_sandbox *box = x->box;
	struct sandbox_job job = { .spec = *x->s,
				   .now_ms = x->env->now_ms,
				   .memory = box->memory ? box->memory : FEED_PARSE_MEMORY,
				   .cpu_s = box->cpu_s ? box->cpu_s : FEED_PARSE_CPU_S };
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	sandbox_pack_job(&b, &job);
	if (!buf_ok(&b, "feed's settings", e) || !role_start(FEED_PARSE_ROLE, &x->role, e))
		return false;
	if (!set_sock(box, x->role.fd))
		return err_set(e, ERR_UNAVAILABLE, "cancelled");
	return frame_send(x->role.fd, SANDBOX_SPEC, buf_str(&b), &records_fd, 1, e);
}

/* Ends the parser; when it had not finished by itself, what became of it is the error. */
static bool end(struct sandboxed *x, bool good, struct err *e)
{
	struct role_ending how;
	char said[120];
	bool was_silent = !good && e->code == ERR_TIMEOUT && !x->finished;
	bool was_gone = !good && e->code == ERR_UNAVAILABLE && !x->finished;
	bool stopped = !set_sock(x->box, -1);
	/* One that talks nonsense or nothing is not waited for. */
	role_end(&x->role, x->finished || was_gone ? END_MS : 0, &how);
	x->box->cpu_used_s = how.cpu_s;
	x->box->memory_used = how.memory_max;
	if (stopped)
		return err_set(e, ERR_UNAVAILABLE, "cancelled");
	if (x->finished)
		return good;
	role_say_ending(&how, said, sizeof(said));
	if (was_silent || was_gone)
		return err_set(
			e, ERR_CORRUPT,
			"the parser of feed '%s' %s; the last good generation stays, the vendor's data "
			"may be damaged",
			x->s->id, said);
	return err_prefix(e, "the parser of feed '%s' was ended", x->s->id);
}

bool feed_sandbox_sync(void *sandbox, const struct feed_kind *k, const struct feed_spec *s,
		       const struct feed_env *env, struct generation_result *out, struct err *e)
{
	AUTO(sandboxed_done)
	struct sandboxed x = { .box = sandbox,
			       .k = k,
			       .s = s,
			       .env = env,
			       .role = ROLE_NONE,
			       .list = BUF_INIT(LIST_MAX),
			       .in = FRAME_INIT(SANDBOX_FRAME_MAX) };
	AUTO(generation_result_done) struct generation_result r = { 0 };
	AUTO(fd_close) int fd = memfd_create("records", MFD_CLOEXEC);
	struct err mine = { 0 };
	if (fd < 0)
		return err_sys(e, errno, "no memory for the records");
	bool good = start(&x, fd, &mine) && converse(&x, &r, &mine);
	good = end(&x, good, &mine);
	if (good && !r.unchanged && !adopt_records(&x, fd, &r, &mine))
		good = err_prefix(&mine, "records of feed '%s' are refused", s->id);
	if (!good) {
		if (e)
			*e = mine;
		return false;
	}
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}

void feed_sandbox_stop(struct feed_sandbox *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	if (s->sock >= 0)
		shutdown(s->sock, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}
