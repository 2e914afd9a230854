/* SPDX-License-Identifier: Apache-2.0
 * Vendor files as JSON, one object a line: what our parsers read, for people and for other people's
 * checks. Reads and prints; keeps and decides nothing. */
#include "base/file.h"
#include "crypto/openpgp.h"
#include "feeds/lab/lab_int.h"
#include "feeds/lab/lab_notices.h"
#include "feeds/lab/lab_print.h"
#include "feeds/lab/lab_rpm.h"
#include "feeds/read/pipe.h"
#include "format/deb822.h"

struct printing {
	struct lab_printer out;
	const struct debian_release *release;
};

static void set_sha(json_t *j, const struct sha256 *d)
{
	char hex[SHA256_HEX];
	json_object_set_new(j, "sha256", json_string(digest_hex(d, hex)));
}

static json_t *words(struct str s, char also)
{
	json_t *a = json_array();
	struct str word;
	while (deb822_word(&s, &word)) {
		while (word.n && word.p[word.n - 1] == also)
			word.n--;
		if (word.n)
			json_array_append_new(a, json_text(word));
	}
	return a;
}

/* --- debian --------------------------------------------------------------------------------------
 */

static bool print_offer(void *arg, const struct debian_offer *o, struct err *e)
{
	struct printing *p = arg;
	json_t *j = json_object();
	const struct lab_text members[] = { { "package", o->package },
					    { "version", o->version },
					    { "architecture", o->architecture },
					    { "source", o->source },
					    { "source_version", o->source_version },
					    { "filename", o->filename } };
	lab_texts(j, members, ARRAY_LEN(members));
	json_object_set_new(j, "size", json_integer(o->size));
	set_sha(j, &o->sha256);
	lab_set(j, "suite", p->release->codename);
	lab_set(j, "os", p->release->os);
	json_object_set_new(j, "type", json_string(patch_type_name(p->release->type)));
	return lab_print(&p->out, j, e);
}

static bool print_index(void *arg, const char *path, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(buf_done) struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX);
	return file_read(path, &raw, e) &&
	       unpack_open_mem(buf_str(&raw), path, DEBIAN_MAX_INDEX_PLAIN, 0, &u, e) &&
	       debian_packages_read(u, path, print_offer, arg, e);
}

static bool parse_debian(struct printing *p, const char *file, const struct lab_options *opt,
			 struct err *e)
{
	AUTO(debian_release_done) struct debian_release r = { 0 };
	AUTO(generation_result_done) struct generation_result checked = { 0 };
	p->release = &r;
	if (!lab_is_dir(file))
		return lab_release_of_index(file, opt, &r, e) && print_index(p, file, e);
	/* The sync verifies signature, sizes and digests; only then is anything printed. */
	AUTO(xfree) char *inrelease = file_join(file, "InRelease");
	return lab_sync_dir(file, opt, &checked, e) &&
	       lab_release_of_index(inrelease, NULL, &r, e) &&
	       lab_each_index(file, print_index, p, e);
}

/* --- debian-release ------------------------------------------------------------------------------
 */

static json_t *release_json(const struct debian_release *r)
{
	json_t *j = json_object(), *files = json_array();
	const struct lab_text members[] = { { "origin", r->origin },
					    { "label", r->label },
					    { "suite", r->suite },
					    { "codename", r->codename },
					    { "version", r->version } };
	lab_texts(j, members, ARRAY_LEN(members));
	json_object_set_new(j, "date", json_time(r->date_ms));
	json_object_set_new(j, "valid_until", json_time(r->valid_until_ms));
	json_object_set_new(j, "components", words(r->components, ' '));
	json_object_set_new(j, "architectures", words(r->architectures, ' '));
	json_object_set_new(j, "not_automatic", json_boolean(r->not_automatic));
	json_object_set_new(j, "but_automatic_upgrades", json_boolean(r->but_automatic_upgrades));
	json_object_set_new(j, "acquire_by_hash", json_boolean(r->by_hash));
	lab_set(j, "os", r->os);
	json_object_set_new(j, "type", json_string(patch_type_name(r->type)));
	for (size_t i = 0; i < r->n_files; i++) {
		json_t *f = json_object();
		lab_set(f, "path", r->files[i].path);
		json_object_set_new(f, "size", json_integer(r->files[i].size));
		set_sha(f, &r->files[i].sha256);
		json_array_append_new(files, f);
	}
	json_object_set_new(j, "files", files);
	return j;
}

static bool parse_release(struct printing *p, const char *file, const struct lab_options *opt,
			  struct err *e)
{
	AUTO(buf_done)
	struct buf raw = BUF_INIT(DEBIAN_MAX_RELEASE), plain = BUF_INIT(DEBIAN_MAX_RELEASE);
	AUTO(debian_release_done) struct debian_release r = { 0 };
	struct openpgp_signer signer = { 0 };
	bool verify = opt && opt->keyrings && opt->keyrings[0];
	if (!file_read(file, &raw, e))
		return false;
	if (!verify)
		lab_unwrap(buf_str(&raw), &plain);
	else if (!openpgp_verify_clearsigned(buf_str(&raw), opt->keyrings, &plain, &signer, e))
		return err_prefix(e, "'%s'", file);
	if (!debian_release_parse(buf_str(&plain), &r, e))
		return err_prefix(e, "'%s'", file);
	json_t *j = release_json(&r);
	json_object_set_new(j, "verified", json_boolean(verify));
	if (verify) {
		json_t *s = json_object();
		lab_set(s, "fingerprint", str_of(signer.fingerprint));
		lab_set(s, "name", str_of(signer.name));
		json_object_set_new(s, "good_signatures", json_integer(signer.good));
		json_object_set_new(j, "signer", s);
	}
	return lab_print(&p->out, j, e);
}

/* --- debian-sources ------------------------------------------------------------------------------
 */

static const char *const source_fields[] = { "Package", "Version",   "Architecture",
					     "Binary",	"Directory", "Checksums-Sha256",
					     NULL };

static bool source_files(struct str table, json_t *to)
{
	struct str line;
	while (deb822_line(&table, &line)) {
		struct str hex, size, name;
		struct sha256 sha;
		int64_t n;
		if (!deb822_word(&line, &hex) || !deb822_word(&line, &size) ||
		    !deb822_word(&line, &name) || !digest_parse(hex, &sha) ||
		    !str_to_i64(size, &n) || n < 0)
			return false;
		json_t *f = json_object();
		lab_set(f, "name", name);
		json_object_set_new(f, "size", json_integer(n));
		set_sha(f, &sha);
		json_array_append_new(to, f);
	}
	return true;
}

static bool print_source(void *arg, const struct deb822_stanza *s, struct err *e)
{
	const struct deb822_field *f = s->fields;
	if (!f[0].value.n || !f[1].value.n)
		return err_set(e, ERR_CORRUPT, "stanza at line %llu has no Package or no Version",
			       (unsigned long long)s->line);
	json_t *j = json_object(), *files = json_array();
	lab_set(j, "package", f[0].value);
	lab_set(j, "version", f[1].value);
	lab_set(j, "architecture", f[2].value);
	json_object_set_new(j, "binaries", words(f[3].value, ','));
	lab_set(j, "directory", f[4].value);
	json_object_set_new(j, "files", files);
	if (source_files(f[5].value, files))
		return lab_print(&((struct printing *)arg)->out, j, e);
	json_free(j);
	return err_set(e, ERR_CORRUPT,
		       "stanza at line %llu: field 'Checksums-Sha256' has a bad line",
		       (unsigned long long)s->line);
}

static bool feed_reader(void *reader, struct str bytes, struct err *e)
{
	return deb822_feed(reader, bytes, e);
}

static bool parse_sources(struct printing *p, const char *file, struct err *e)
{
	AUTO(deb822_free) struct deb822 *d = deb822_new(source_fields, print_source, p);
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(buf_done) struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX);
	if (file_read(file, &raw, e) &&
	    unpack_open_mem(buf_str(&raw), file, DEBIAN_MAX_INDEX_PLAIN, 0, &u, e) &&
	    pipe_run(u, feed_reader, d, e) && deb822_end(d, e))
		return true;
	return err_prefix(e, "'%s'", file);
}

/* --- notices -------------------------------------------------------------------------------------
 */

static bool print_notice(void *arg, const struct debian_notice *n, struct err *e)
{
	json_t *j = json_object();
	lab_set(j, "id", n->a.id);
	json_object_set_new(j, "date", json_time(n->a.released_ms));
	lab_set(j, "title", n->a.title);
	lab_set(j, "release", n->codename);
	lab_set(j, "os", n->a.os);
	lab_set(j, "package", n->a.product);
	lab_set_or_null(j, "fixed", n->a.fixed);
	json_object_set_new(j, "cves", words(n->a.cves, ','));
	lab_set(j, "url", n->a.url);
	return lab_print(&((struct printing *)arg)->out, j, e);
}

static bool print_tracked(void *arg, const struct debian_notice *n, struct err *e)
{
	json_t *j = json_object();
	lab_set(j, "id", n->a.id);
	lab_set(j, "release", n->codename);
	lab_set(j, "os", n->a.os);
	lab_set(j, "package", n->a.product);
	lab_set_or_null(j, "status", n->status);
	lab_set_or_null(j, "fixed", n->fixed);
	lab_set_or_null(j, "urgency", n->urgency);
	json_object_set_new(j, "severity", json_string(severity_name(n->a.severity)));
	json_object_set_new(j, "used", json_boolean(!n->ignored));
	return lab_print(&((struct printing *)arg)->out, j, e);
}

static bool parse_notices(struct printing *p, const char *kind, const char *file, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(DEBIAN_MAX_NOTICES);
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!lab_read(file, DEBIAN_MAX_NOTICES, &text, e))
		return false;
	if (strcmp(kind, "debian-dsa") == 0)
		return debian_dsa_parse(buf_str(&text), print_notice, p, e) ||
		       err_prefix(e, "'%s'", file);
	return (unpack_open_mem(buf_str(&text), file, DEBIAN_MAX_NOTICES, 0, &u, e) &&
		debian_tracker_parse(u, print_tracked, p, e)) ||
	       err_prefix(e, "'%s'", file);
}

bool feeds_lab_parse(const char *kind, const char *file, const struct lab_options *opt,
		     lab_line line, void *arg, struct err *e)
{
	struct printing p = { .out = { line, arg, BUF_INIT(64u << 20) } };
	bool good;
	if (strcmp(kind, "debian") == 0)
		good = parse_debian(&p, file, opt, e);
	else if (strcmp(kind, "debian-release") == 0)
		good = parse_release(&p, file, opt, e);
	else if (strcmp(kind, "debian-sources") == 0)
		good = parse_sources(&p, file, e);
	else if (strcmp(kind, "debian-dsa") == 0 || strcmp(kind, "debian-tracker") == 0)
		good = parse_notices(&p, kind, file, e);
	else if (lab_rpm_knows(kind))
		good = lab_rpm_parse(kind, file, line, arg, e);
	else if (lab_enrichment_kind(kind))
		good = lab_enrichment_parse(kind, file, line, arg, e);
	else if (lab_notices_knows(kind))
		good = lab_notices_parse(kind, file, line, arg, e);
	else
		good = err_set(e, ERR_INVALID,
			       "feed kind '%.40s' is not known; 'tsukuroi feed kinds' lists them",
			       kind);
	buf_done(&p.out.text);
	return good;
}
