/* SPDX-License-Identifier: Apache-2.0
 * Syncing one suite, step by step: InRelease (conditional) -> signature against pinned keyrings ->
 * Release acceptable now? -> indices by hash -> offers -> patches -> records. Only what gpgv gave
 * back is parsed as a Release, only what has the signed digest as an index. A step that fails ends
 * it all; nothing but verified blobs is kept. */
#include "feeds/debian/debian.h"
#include "base/clock.h"
#include "feeds/debian/debian_int.h"

#include <unistd.h>

struct syncing {
	const struct debian_suite *s;
	const struct feed_env *env;
	struct arena arena;
	const char *dir; /* URL of the suite's directory */
	struct buf inrelease;
	struct feed_response resp;
	struct openpgp_signer signer;
	struct debian_release release;
	struct debian_group *group;
	VEC(struct archive_file) files; /* what agents get, byte for byte */
	int64_t bytes;
};

static void syncing_done(struct syncing *y)
{
	arena_done(&y->arena);
	buf_done(&y->inrelease);
	debian_release_done(&y->release);
	debian_group_free(y->group);
	VEC_DONE(&y->files);
}
AUTO_DEFINE_VALUE(struct syncing, syncing_done)

static const struct debian_brand *brand_of(const struct syncing *y)
{
	return y->s->brand ? y->s->brand : &debian_brand;
}

/* The laboratory takes what is there; a feed is of one vendor. */
static bool check_brand(const struct syncing *y, struct err *e)
{
	const struct debian_release *r = &y->release;
	return !y->s->suite || r->brand == brand_of(y) ||
	       err_set(e, ERR_UNTRUSTED, "suite '%.60s' is of origin '%.40s', not of %s",
		       y->s->suite, r->origin.p, brand_of(y)->vendor);
}

/* Where apt looks for a file on a mirror. */
static struct str mirror_path(struct syncing *y, const char *path)
{
	const char *suite = y->s->suite ? y->s->suite : y->release.name.p;
	return str_of(arena_printf(&y->arena, "dists/%s/%s", suite, path));
}

static bool get_release(struct syncing *y, bool *unchanged_out, struct err *e)
{
	const struct feed_last *last = &y->s->last;
	const char *url = arena_printf(&y->arena, "%s/InRelease", y->dir);
	struct feed_request r = { .url = url, .etag = last->etag, .max = DEBIAN_MAX_RELEASE };
	feed_progress(y->env, "release", 0, 0);
	if (!feed_text(y->env, &r, &y->inrelease, &y->resp, e))
		return false;
	*unchanged_out = y->resp.status == 304;
	y->bytes += (int64_t)y->inrelease.n;
	char when[CLOCK_RFC3339_LEN];
	if (*unchanged_out && last->valid_until_ms && y->env->now_ms &&
	    last->valid_until_ms < y->env->now_ms)
		return err_set(
			e, ERR_UNTRUSTED,
			"suite expired on %s (Valid-Until) and the mirror has nothing newer; use another one",
			clock_rfc3339(last->valid_until_ms, when));
	return true;
}

static bool verify_release(struct syncing *y, struct err *e)
{
	const char *const by_default[] = { brand_of(y)->keyring, NULL };
	const char *const *keyrings = y->s->keyrings && y->s->keyrings[0] ? y->s->keyrings
									  : by_default;
	AUTO(buf_done) struct buf plain = BUF_INIT(DEBIAN_MAX_RELEASE);
	struct sha256 id;
	struct feed_signed doc = { .document = buf_str(&y->inrelease) };
	if (!feed_verify(y->env, &doc, keyrings, &plain, &y->signer, e))
		return err_prefix(e, "InRelease");
	if (!debian_release_parse(buf_str(&plain), &y->release, e) ||
	    !debian_release_accept(&y->release, y->s->suite, &y->s->last, y->env->now_ms, e) ||
	    !check_brand(y, e))
		return false;
	if (!feed_keep(y->env, buf_str(&y->inrelease), &id, e))
		return false;
	VEC_PUSH(&y->files, ((struct archive_file) { .path = mirror_path(y, "InRelease"),
						     .sha256 = id,
						     .size = (int64_t)y->inrelease.n }));
	return true;
}

/* Best form the suite offers: xz, gz, plain. */
static const struct release_file *find_index(const struct debian_release *r, const char *component,
					     const char *arch)
{
	static const char *const ends[] = { ".xz", ".gz", "" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		AUTO(xfree)
		char *path = xasprintf("%s/binary-%s/Packages%s", component, arch, ends[i]);
		const struct release_file *f = debian_release_find(r, path);
		if (f)
			return f;
	}
	return NULL;
}

static bool get_index(struct syncing *y, const char *component, const char *arch, struct err *e)
{
	const struct release_file *f = find_index(&y->release, component, arch);
	if (!f)
		return err_set(
			e, ERR_NOT_FOUND,
			"suite '%s' has no packages of component '%s' for architecture '%s'; check the sources",
			y->release.codename.p, component, arch);
	char hex[SHA256_HEX];
	const char *plain = arena_printf(&y->arena, "%s/%s", y->dir, f->path.p);
	const char *by_hash = arena_printf(&y->arena, "%s/%s/binary-%s/by-hash/SHA256/%s", y->dir,
					   component, arch, digest_hex(&f->sha256, hex));
	struct feed_blob blob = { .url = y->release.by_hash ? by_hash : plain,
				  .fallback = y->release.by_hash ? plain : NULL,
				  .name = f->path.p,
				  .size = f->size,
				  .max = DEBIAN_MAX_INDEX,
				  .kind = DIGEST_SHA256 };
	memcpy(blob.digest, f->sha256.b, SHA256_LEN);
	AUTO(fd_close) int fd = -1;
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!feed_blob(y->env, &blob, &fd, NULL, &y->bytes, e) ||
	    !unpack_open_fd(fd, f->path.p, DEBIAN_MAX_INDEX_PLAIN, 0, &u, e) ||
	    !debian_packages_read(u, f->path.p, debian_group_add, y->group, e))
		return false;
	VEC_PUSH(&y->files, ((struct archive_file) { .path = mirror_path(y, f->path.p),
						     .sha256 = f->sha256,
						     .size = f->size }));
	return true;
}

static bool get_indices(struct syncing *y, struct err *e)
{
	y->group = debian_group_new();
	for (const char *const *c = y->s->components; *c; c++) {
		for (const char *const *a = y->s->architectures; *a; a++)
			if (!get_index(y, *c, *a, e))
				return false;
		if (y->release.all_apart && find_index(&y->release, *c, "all") &&
		    !get_index(y, *c, "all", e))
			return false;
	}
	return true;
}

/* A directory name for the partial mirror, unique per archive root: "deb.debian.org_debian". */
static struct str archive_id(struct arena *a, const char *url)
{
	const char *rest = strstr(url, "://");
	char *id = arena_strdup(a, rest ? rest + 3 : url);
	char *out = id;
	for (const char *p = id; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || *p == '-' ||
			     (*p == '.' && out != id && out[-1] != '.');
		if (plain)
			*out++ = *p;
		else if (out != id && out[-1] != '_')
			*out++ = '_';
	}
	while (out != id && out[-1] == '_')
		out--;
	*out = '\0';
	return id[0] ? str_of(id) : STR_LIT("archive");
}

static struct str joined(struct arena *a, const char *const *words)
{
	struct str s = STR_LIT("");
	for (; *words; words++)
		s = str_of(arena_printf(a, "%s%s%s", s.p, s.n ? " " : "", *words));
	return s;
}

static bool emit(struct syncing *y, struct generation_result *out, struct err *e)
{
	const struct debian_suite *s = y->s;
	const char *signer = arena_printf(&y->arena, "%s %s", y->signer.fingerprint,
					  y->signer.name);
	struct feed_info feed = { .id = str_of(s->feed_id),
				  .kind = str_of(y->release.brand ? y->release.brand->name
								  : "debian"),
				  .url = str_of(s->url),
				  .released_ms = y->release.date_ms,
				  .is_signed = true,
				  .signer = str_trim(str_of(signer)) };
	struct archive archive = { .id = archive_id(&y->arena, s->url),
				   .url = str_of(s->url),
				   .suite = s->suite ? str_of(s->suite) : y->release.name,
				   .release_components = joined(&y->arena, s->components),
				   .keyring = str_of(s->endpoint_keyring ? s->endpoint_keyring
									 : brand_of(y)->keyring),
				   .os = y->release.os };
	out->sink = sink_new(&feed);
	if (!sink_archive(out->sink, &archive, e))
		return false;
	for (size_t i = 0; i < y->files.n; i++)
		if (!sink_archive_file(out->sink, &y->files.p[i], e))
			return false;
	if (!debian_group_emit(y->group, &y->release, out->sink, e) ||
	    !sink_finish(out->sink, &out->generation.records, &out->generation.feed, e))
		return false;
	out->generation.feed.fetched_ms = y->env->now_ms;
	return true;
}

bool debian_sync_suite(const struct debian_suite *s, const struct feed_env *env,
		       struct generation_result *out, struct err *e)
{
	AUTO(syncing_done)
	struct syncing y = { .s = s, .env = env, .inrelease = BUF_INIT(DEBIAN_MAX_RELEASE) };
	AUTO(generation_result_done) struct generation_result r = { 0 };
	y.dir = s->dir ? s->dir : arena_printf(&y.arena, "%s/dists/%s", s->url, s->suite);
	if (!get_release(&y, &r.unchanged, e))
		return false;
	if (!r.unchanged && (!verify_release(&y, e) || !get_indices(&y, e) || !emit(&y, &r, e)))
		return false;
	r.valid_until_ms = r.unchanged ? s->last.valid_until_ms : y.release.valid_until_ms;
	snprintf(r.etag, sizeof(r.etag), "%s", r.unchanged ? s->last.etag : y.resp.etag);
	r.offers = y.group ? debian_group_offers(y.group) : 0;
	r.bytes = y.bytes;
	*out = r;
	r = (struct generation_result) { 0 };
	return true;
}
