/* SPDX-License-Identifier: Apache-2.0
 * Syncing one repository, step by step: repomd.xml (conditional) -> its signature, where keys are
 * pinned -> not older than the last one? -> data files by checksum -> records. A data file is
 * parsed only after it has the checksum that repomd.xml gave it. A step that fails ends it all. */
#include "feeds/rpm/rpm.h"
#include "base/clock.h"
#include "base/enc.h"
#include "feeds/rpm/rpm_build.h"
#include "feeds/words.h"

#include <ctype.h>
#include <unistd.h>

/** A repomd.xml made further ahead than this is a mistake of some clock. */
#define MAX_AHEAD_MS ((int64_t)86400 * 1000)
#define MAX_MIRROR_LIST (256u << 10)

struct syncing {
	const struct feed_spec *s;
	const struct feed_env *env;
	struct arena arena;
	const char *base; /* directory that holds repodata/, no slash at the end */
	struct buf text;
	struct feed_response resp;
	bool is_signed;
	struct openpgp_signer signer;
	struct rpm_repomd repomd;
	struct sink *sink;
	struct rpm_build *build;
	VEC(struct archive_file) files; /* what agents get, byte for byte */
	struct {
		const char *type;
		int fd;
		const char *name;
	} data[4]; /* modules, primary, updateinfo; filelists are handed on unread */
	int64_t bytes;
};

static void syncing_done(struct syncing *y)
{
	arena_done(&y->arena);
	buf_done(&y->text);
	rpm_repomd_done(&y->repomd);
	rpm_build_free(y->build);
	VEC_DONE(&y->files);
	for (size_t i = 0; i < ARRAY_LEN(y->data); i++)
		fd_close(y->data[i].fd);
}
AUTO_DEFINE_VALUE(struct syncing, syncing_done)

/* --- where ---------------------------------------------------------------------------------------
 */

static const char *without_slash(struct arena *a, struct str url)
{
	while (url.n > 1 && url.p[url.n - 1] == '/')
		url.n--;
	return arena_str(a, url).p;
}

bool rpm_is_mirror_list(struct str url)
{
	return str_ends(url, "mirror.list") || str_ends(url, "mirrorlist") ||
	       str_ends(url, ".txt") || strstr(url.p, "mirrorlist?") ||
	       strstr(url.p, "mirrorlist=");
}

/* A list names the same repository at several places, one a line: the first is taken. */
static bool find_base(struct syncing *y, struct err *e)
{
	struct str url = str_of(y->s->url), rest, line;
	AUTO(buf_done) struct buf list = BUF_INIT(MAX_MIRROR_LIST);
	struct feed_request r = { .url = y->s->url, .max = MAX_MIRROR_LIST };
	struct feed_response resp;
	if (!rpm_is_mirror_list(url)) {
		y->base = without_slash(&y->arena, url);
		return true;
	}
	if (!feed_text(y->env, &r, &list, &resp, e))
		return err_prefix(e, "mirror list");
	rest = buf_str(&list);
	while (!y->base && rest.n > 0 && str_line(&rest, &line)) {
		line = str_trim(line);
		if (str_starts(line, "https://") || str_starts(line, "http://"))
			y->base = without_slash(&y->arena, line);
	}
	return y->base || err_set(e, ERR_CORRUPT,
				  "mirror list '%s' names no address of a repository", y->s->url);
}

/* --- repomd.xml ----------------------------------------------------------------------------------
 */

static bool get_repomd(struct syncing *y, bool *unchanged_out, struct err *e)
{
	const char *url = arena_printf(&y->arena, "%s/repodata/repomd.xml", y->base);
	struct feed_request r = { .url = url, .etag = y->s->last.etag, .max = RPM_MAX_REPOMD };
	feed_progress(y->env, "release", 0, 0);
	if (!feed_text(y->env, &r, &y->text, &y->resp, e))
		return false;
	*unchanged_out = y->resp.status == 304;
	y->bytes += (int64_t)y->text.n;
	return true;
}

static bool keep_file(struct syncing *y, const char *path, struct str bytes, struct err *e)
{
	struct archive_file f = { .path = str_of(path), .size = (int64_t)bytes.n };
	if (!feed_keep(y->env, bytes, &f.sha256, e))
		return false;
	VEC_PUSH(&y->files, f);
	return true;
}

/* With pinned keys the signature must be there and good. */
static bool verify_repomd(struct syncing *y, struct err *e)
{
	const char *const *keyrings = y->s->keyrings;
	AUTO(buf_done) struct buf signature = BUF_INIT(RPM_MAX_SIGNATURE);
	const char *url = arena_printf(&y->arena, "%s/repodata/repomd.xml.asc", y->base);
	struct feed_request r = { .url = url, .max = RPM_MAX_SIGNATURE };
	struct feed_response resp;
	if (!keyrings || !keyrings[0])
		return true;
	if (!feed_text(y->env, &r, &signature, &resp, e)) {
		if (!e || e->code != ERR_NOT_FOUND)
			return false;
		return err_set(
			e, ERR_UNTRUSTED,
			"repository is not signed (no repomd.xml.asc) although a key is set for "
			"it; take the key out of the settings to accept that");
	}
	struct feed_signed what = { .document = buf_str(&y->text),
				    .signature = buf_str(&signature) };
	if (!feed_verify(y->env, &what, keyrings, NULL, &y->signer, e))
		return err_prefix(e, "repomd.xml");
	y->is_signed = true;
	y->bytes += (int64_t)signature.n;
	return keep_file(y, "repodata/repomd.xml.asc", buf_str(&signature), e);
}

static bool accept_repomd(struct syncing *y, struct err *e)
{
	char when[CLOCK_RFC3339_LEN];
	int64_t released = y->repomd.released_ms;
	if (released && released < y->s->last.released_ms)
		return err_set(e, ERR_UNTRUSTED,
			       "Date went back: repository is of %s, older than what was accepted "
			       "before; the mirror is stale or somebody replays old data",
			       clock_rfc3339(released, when));
	if (y->env->now_ms && released > y->env->now_ms + MAX_AHEAD_MS)
		return err_set(e, ERR_UNTRUSTED,
			       "repository is of the future (%s); check this server's clock",
			       clock_rfc3339(released, when));
	return true;
}

static bool read_repomd(struct syncing *y, struct err *e)
{
	return verify_repomd(y, e) && rpm_repomd_parse(buf_str(&y->text), &y->repomd, e) &&
	       accept_repomd(y, e) && keep_file(y, "repodata/repomd.xml", buf_str(&y->text), e);
}

/* --- data files ----------------------------------------------------------------------------------
 */

static bool digest_kind_of(struct str kind, enum digest_kind *out)
{
	static const struct {
		const char *name;
		enum digest_kind kind;
	} kinds[] = {
		{ "sha256", DIGEST_SHA256 },
		{ "sha384", DIGEST_SHA384 },
		{ "sha512", DIGEST_SHA512 },
		{ "sha1", DIGEST_SHA1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(kind, kinds[i].name)) {
			*out = kinds[i].kind;
			return true;
		}
	return false;
}

static bool promise_of(const struct syncing *y, const struct rpm_data *d, struct feed_blob *b,
		       struct err *e)
{
	const char *sha1 = feed_option(y->s, "sha1");
	if (!digest_kind_of(d->checksum.kind, &b->kind))
		return err_set(e, ERR_UNTRUSTED,
			       "repomd.xml gives '%s' a checksum of kind '%.20s', which is not "
			       "accepted",
			       d->href.p, d->checksum.kind.p);
	if (b->kind == DIGEST_SHA1 && (!sha1 || strcmp(sha1, "allow") != 0))
		return err_set(
			e, ERR_UNTRUSTED,
			"repomd.xml gives '%s' a SHA-1 checksum only, which can be forged; set "
			"sha1=allow for this repository to accept that",
			d->href.p);
	if (!enc_unhex(d->checksum.hex, b->digest, digest_len(b->kind)))
		return err_set(e, ERR_CORRUPT,
			       "repomd.xml gives '%s' the checksum '%.80s', which is "
			       "no %s",
			       d->href.p, d->checksum.hex.p, digest_kind_name(b->kind));
	return true;
}

static bool get_data(struct syncing *y, const char *type, bool needed, size_t slot, struct err *e)
{
	const struct rpm_data *d = rpm_repomd_find(&y->repomd, type);
	y->data[slot].type = type;
	y->data[slot].fd = -1;
	if (!d)
		return !needed || err_set(e, ERR_CORRUPT, "repomd.xml lists no '%s'", type);
	struct feed_blob b = { .url = arena_printf(&y->arena, "%s/%s", y->base, d->href.p),
			       .name = d->href.p,
			       .size = d->size,
			       .max = RPM_MAX_DATA };
	struct archive_file f = { .path = d->href };
	if (d->size > (int64_t)RPM_MAX_DATA)
		return err_set(e, ERR_LIMIT, "'%s' has %lld bytes, more than allowed", d->href.p,
			       (long long)d->size);
	if (!promise_of(y, d, &b, e) ||
	    !feed_blob(y->env, &b, &y->data[slot].fd, &f.sha256, &y->bytes, e))
		return false;
	y->data[slot].name = d->href.p;
	f.size = lseek(y->data[slot].fd, 0, SEEK_END);
	if (f.size < 0 || lseek(y->data[slot].fd, 0, SEEK_SET) < 0)
		return err_set(e, ERR_IO, "cannot read '%s'", d->href.p);
	VEC_PUSH(&y->files, f);
	return true;
}

#define HANDED_ON 3
static bool read_data(struct syncing *y, size_t slot, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	const char *name = y->data[slot].name;
	if (y->data[slot].fd < 0 || slot == HANDED_ON)
		return true;
	if (!unpack_open_fd(y->data[slot].fd, name, RPM_MAX_DATA_PLAIN, 0, &u, e))
		return false;
	switch (slot) {
	case 0: return rpm_modules_read(u, name, rpm_build_module, y->build, e);
	case 1: return rpm_primary_read(u, name, rpm_build_offer, y->build, e);
	default: return rpm_updateinfo_read(u, name, rpm_build_update, y->build, e);
	}
}

/* --- records -------------------------------------------------------------------------------------
 */

/* A directory name for the partial mirror: lower-case letters, digits, '.', '-'. */
static struct str archive_id(struct arena *a, const char *feed_id)
{
	char *id = arena_strdup(a, feed_id), *out = id;
	for (const char *p = id; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (isalnum(c))
			*out++ = (char)tolower(c);
		else if (out != id && out[-1] != '-' && out[-1] != '.')
			*out++ = c == '.' ? '.' : '-';
	}
	while (out != id && (out[-1] == '-' || out[-1] == '.'))
		out--;
	*out = '\0';
	return id[0] ? str_of(id) : STR_LIT("repository");
}

static struct str release_of(const char *os)
{
	const char *colon = strchr(os, ':');
	return colon && colon[1] ? str_of(colon + 1) : STR_LIT("any");
}

static bool option_is_yes(const struct feed_spec *s, const char *name)
{
	const char *value = feed_option(s, name);
	return value && strcmp(value, "yes") == 0;
}

static bool begin_records(struct syncing *y, struct err *e)
{
	const struct feed_spec *s = y->s;
	const bool hotfix = option_is_yes(s, "module_hotfixes");
	const char *signer = y->is_signed ? arena_printf(&y->arena, "%s %s", y->signer.fingerprint,
							 y->signer.name)
					  : "";
	struct feed_info feed = { .id = str_of(s->id),
				  .kind = STR_LIT("rpm"),
				  .url = str_of(s->url),
				  .released_ms = y->repomd.released_ms,
				  .is_signed = y->is_signed,
				  .signer = words_cut(str_trim(str_of(signer)), 250) };
	struct archive archive = { .id = archive_id(&y->arena, s->id),
				   .url = str_of(y->base),
				   .suite = release_of(s->os),
				   .release_components = STR_LIT(""),
				   .keyring = str_of(s->endpoint_keyring ? s->endpoint_keyring
									 : ""),
				   .os = str_of(s->os),
				   .hotfix = hotfix };
	struct rpm_build_spec spec = { .os = str_of(s->os),
				       .suite = str_of(s->suite ? s->suite : ""),
				       .vendor = feed_option(s, "vendor"),
				       .hotfix = hotfix,
				       .payloads = true };
	y->sink = sink_new(&feed);
	y->build = rpm_build_new(&spec, y->sink);
	if (!sink_archive(y->sink, &archive, e))
		return false;
	for (size_t i = 0; i < y->files.n; i++)
		if (!sink_archive_file(y->sink, &y->files.p[i], e))
			return false;
	return true;
}

static bool make_records(struct syncing *y, struct generation_result *out, struct err *e)
{
	bool good = get_data(y, "modules", false, 0, e) && get_data(y, "primary", true, 1, e) &&
		    get_data(y, "updateinfo", false, 2, e);
	good = good &&
	       (!option_is_yes(y->s, "filelists") ||
		get_data(y, "filelists", false, HANDED_ON, e)) &&
	       begin_records(y, e);
	out->sink = y->sink;
	for (size_t i = 0; good && i < ARRAY_LEN(y->data); i++)
		good = read_data(y, i, e);
	if (!good || !rpm_build_end(y->build, e) ||
	    !sink_finish(y->sink, &out->generation.records, &out->generation.feed, e))
		return false;
	out->generation.feed.fetched_ms = y->env->now_ms;
	out->offers = rpm_build_offers(y->build);
	return true;
}

bool rpm_sync_repo(const struct feed_spec *s, const struct feed_env *env,
		   struct generation_result *out, struct err *e)
{
	AUTO(syncing_done)
	struct syncing y = { .s = s, .env = env, .text = BUF_INIT(RPM_MAX_REPOMD) };
	AUTO(generation_result_done) struct generation_result r = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(y.data); i++)
		y.data[i].fd = -1;
	if (!s->url || !s->os)
		return err_set(e, ERR_INVALID, "feed '%s' needs an address and an os", s->id);
	if (!find_base(&y, e) || !get_repomd(&y, &r.unchanged, e))
		return false;
	if (!r.unchanged && (!read_repomd(&y, e) || !make_records(&y, &r, e)))
		return false;
	snprintf(r.etag, sizeof(r.etag), "%s", r.unchanged ? s->last.etag : y.resp.etag);
	r.bytes = y.bytes;
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}
