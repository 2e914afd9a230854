/* SPDX-License-Identifier: Apache-2.0
 * Documents of notices as JSON, one record of the vendor a line, and as generations. Reads and
 * prints; keeps and decides nothing. */
#include "feeds/lab/lab_notices.h"
#include "feeds/lab/lab_print.h"
#include "feeds/local.h"
#include "feeds/notices/alpine.h"
#include "feeds/notices/arch.h"
#include "feeds/notices/csaf.h"
#include "feeds/notices/notices.h"
#include "feeds/notices/osv.h"
#include "feeds/ubuntu/ubuntu_usn.h"
#include "feeds/words.h"

#include <errno.h>
#include <fcntl.h>

static const struct {
	const char *name;
	enum notices_form form; /* NOTICES_FORMS_: for people only */
} kinds[] = {
	{ "osv", NOTICES_OSV },	    { "usn", NOTICES_USN },
	{ "csaf", NOTICES_CSAF },   { "alpine-secdb", NOTICES_SECDB },
	{ "arch", NOTICES_FORMS_ },
};

static void set(json_t *j, const char *key, struct str s)
{
	json_object_set_new(j, key, s.n ? json_text(s) : json_null());
}

static json_t *words(struct str s)
{
	json_t *a = json_array();
	struct str word;
	while (s.n > 0 && str_split(&s, ' ', &word))
		if (word.n)
			json_array_append_new(a, json_text(word));
	return a;
}

static json_t *osv_package(const struct osv_affected *a)
{
	json_t *j = json_object(), *fixes = json_array();
	struct osv_ecosystem eco;
	bool known = osv_ecosystem_of(a, &eco);
	set(j, "ecosystem", a->ecosystem);
	set(j, "package", a->name);
	set(j, "os", known ? str_of(eco.os) : STR_LIT(""));
	set(j, "subscription", known ? str_of(eco.service) : STR_LIT(""));
	set(j, "availability", a->availability);
	set(j, "priority", a->priority);
	for (uint32_t i = 0; i < a->n_fixes; i++) {
		json_t *f = json_object();
		set(f, "introduced", a->fixes[i].introduced);
		set(f, "fixed", a->fixes[i].fixed);
		json_array_append_new(fixes, f);
	}
	json_object_set_new(j, "fixes", fixes);
	json_object_set_new(j, "binaries", json_integer(a->binaries));
	return j;
}

static bool print_osv(void *arg, const struct osv_record *r, struct err *e)
{
	json_t *j = json_object(), *affected = json_array();
	struct str word;
	enum severity severity = words_title_severity(r->title, &word);
	set(j, "id", r->id);
	set(j, "title", r->title);
	set(j, "url", r->url);
	json_object_set_new(j, "published", json_time(r->published_ms));
	json_object_set_new(j, "modified", json_time(r->modified_ms));
	json_object_set_new(j, "withdrawn", json_boolean(r->withdrawn));
	json_object_set_new(j, "severity", json_string(severity_name(severity)));
	set(j, "priority", r->priority);
	json_object_set_new(j, "cves", words(r->cves));
	for (uint32_t i = 0; i < r->n_affected; i++)
		json_array_append_new(affected, osv_package(&r->affected[i]));
	json_object_set_new(j, "affected", affected);
	return lab_print(arg, j, e);
}

static bool print_usn(void *arg, const struct usn_record *r, struct err *e)
{
	json_t *j = json_object(), *sources = json_array();
	set(j, "id", r->id);
	set(j, "title", r->title);
	json_object_set_new(j, "date", json_time(r->released_ms));
	json_object_set_new(j, "cves", words(r->cves));
	for (uint32_t i = 0; i < r->n_sources; i++) {
		const struct usn_source *s = &r->sources[i];
		json_t *o = json_object();
		set(o, "release", s->codename);
		set(o, "os", str_of(s->os));
		set(o, "source", s->name);
		set(o, "fixed", s->version);
		set(o, "subscription", str_of(s->service));
		json_array_append_new(sources, o);
	}
	json_object_set_new(j, "sources", sources);
	return lab_print(arg, j, e);
}

static json_t *csaf_package(const struct csaf_product *p)
{
	json_t *j = json_object();
	set(j, "os", str_of(p->os));
	set(j, "name", p->name);
	set(j, "version", p->version);
	set(j, "arch", p->arch);
	set(j, "module", p->module);
	set(j, "subscription", str_of(p->service));
	return j;
}

static bool print_csaf(void *arg, const struct csaf_record *r, struct err *e)
{
	json_t *j = json_object(), *fixed = json_array(), *open = json_array();
	set(j, "id", r->id);
	set(j, "category", r->category);
	set(j, "status", r->status);
	set(j, "title", r->title);
	set(j, "severity", r->severity);
	json_object_set_new(j, "released", json_time(r->released_ms));
	json_object_set_new(j, "modified", json_time(r->modified_ms));
	json_object_set_new(j, "cves", words(r->cves));
	for (uint32_t i = 0; i < r->n_fixes; i++) {
		json_t *o = csaf_package(&r->fixes[i].product);
		set(o, "advisory", r->fixes[i].advisory);
		set(o, "cve", r->fixes[i].cve);
		json_array_append_new(fixed, o);
	}
	for (uint32_t i = 0; i < r->n_open; i++) {
		json_t *o = csaf_package(&r->open[i].product);
		set(o, "cve", r->open[i].cve);
		set(o, "status", r->open[i].status);
		set(o, "severity", r->open[i].severity);
		json_array_append_new(open, o);
	}
	json_object_set_new(j, "fixed", fixed);
	json_object_set_new(j, "open", open);
	json_object_set_new(j, "other_products", json_integer(r->skipped));
	return lab_print(arg, j, e);
}

static bool print_secdb(void *arg, const struct secdb *d, struct err *e)
{
	for (uint32_t i = 0; i < d->n_fixes; i++) {
		const struct secdb_fix *f = &d->fixes[i];
		json_t *j = json_object();
		set(j, "release", d->release);
		set(j, "repository", d->repository);
		set(j, "origin", f->package);
		set(j, "fixed", f->version);
		json_object_set_new(j, "ids", words(f->cves));
		json_object_set_new(j, "affected", json_boolean(!str_is(f->version, "0")));
		if (!lab_print(arg, j, e))
			return false;
	}
	return true;
}

static bool print_arch(void *arg, const struct avg *g, struct err *e)
{
	json_t *j = json_object();
	set(j, "id", g->id);
	set(j, "status", g->status);
	set(j, "severity", g->severity);
	set(j, "type", g->type);
	json_object_set_new(j, "packages", words(g->packages));
	set(j, "affected", g->affected);
	set(j, "fixed", g->fixed);
	json_object_set_new(j, "cves", words(g->cves));
	json_object_set_new(j, "advisories", words(g->advisories));
	return lab_print(arg, j, e);
}

bool lab_notices_knows(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return true;
	return false;
}

static enum notices_form form_of(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].form;
	return NOTICES_FORMS_;
}

bool lab_notices_parse(const char *kind, const char *file, lab_line line, void *arg, struct err *e)
{
	struct lab_printer p = { .line = line, .arg = arg, .text = BUF_INIT(256u << 20) };
	AUTO(fd_close) int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct json_input in = JSON_FD(fd);
	bool good = false;
	if (fd < 0)
		return err_sys(e, errno, "'%s' cannot be opened", file);
	switch (form_of(kind)) {
	case NOTICES_OSV: good = osv_read(in, file, print_osv, &p, e); break;
	case NOTICES_USN: good = usn_read(in, file, print_usn, &p, e); break;
	case NOTICES_CSAF: good = csaf_read(in, file, print_csaf, &p, e); break;
	case NOTICES_SECDB: good = secdb_read(in, file, print_secdb, &p, e); break;
	default: good = avg_read(in, file, print_arch, &p, e); break;
	}
	buf_done(&p.text);
	return good || err_prefix(e, "'%s'", file);
}

bool lab_notices_sync(const char *kind, const char *file, struct generation_result *out,
		      struct err *e)
{
	struct feed_env env = { .fetch = feed_local };
	struct feed_spec s = { .id = kind, .kind = kind, .url = file };
	return notices_sync(form_of(kind), &s, &env, out, e);
}
