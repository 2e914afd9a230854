/* SPDX-License-Identifier: Apache-2.0
 * Files of RPM repositories as JSON, one object a line. updateinfo: an object per update, its
 * packages in the file's order; packages_sha256 is the digest of "name|epoch|version|release|arch"
 * lines joined by LF, so that two readers can compare long lists at a glance. */
#include "base/file.h"
#include "feeds/lab/lab_int.h"
#include "feeds/lab/lab_print.h"
#include "feeds/lab/lab_rpm.h"
#include "feeds/rpm/rpm_int.h"

struct printing {
	struct lab_printer out;
	struct buf rows;
};

static void set_nevra(json_t *j, const struct rpm_nevra *n)
{
	const struct lab_text members[] = { { "name", n->name },
					    { "epoch", n->epoch },
					    { "version", n->version },
					    { "release", n->release },
					    { "arch", n->arch } };
	lab_texts(j, members, ARRAY_LEN(members));
}

static void set_checksum(json_t *j, const char *key, const struct rpm_checksum *c)
{
	json_t *o = json_object();
	lab_set(o, "type", c->kind);
	lab_set(o, "value", c->hex);
	json_object_set_new(j, key, o);
}

static json_t *texts(const struct str *p, size_t n)
{
	json_t *a = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_text(p[i]));
	return a;
}

/* --- updateinfo ----------------------------------------------------------------------------------
 */

static json_t *package_json(const struct rpm_update_package *q)
{
	json_t *j = json_object();
	set_nevra(j, &q->nevra);
	lab_set_or_null(j, "src", q->src);
	lab_set_or_null(j, "filename", q->filename);
	lab_set_or_null(j, "module", q->module);
	if (q->sum.n) {
		json_t *sum = json_object();
		lab_set(sum, "type", q->sum_kind);
		lab_set(sum, "value", q->sum);
		json_object_set_new(j, "sum", sum);
	}
	json_object_set_new(j, "reboot", json_boolean(q->reboot));
	json_object_set_new(j, "restart", json_boolean(q->restart));
	json_object_set_new(j, "relogin", json_boolean(q->relogin));
	return j;
}

static void set_packages(struct printing *p, const struct rpm_update *u, json_t *j)
{
	json_t *list = json_array();
	char hex[SHA256_HEX];
	buf_reset(&p->rows);
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_nevra *n = &u->packages[i].nevra;
		buf_printf(&p->rows, "%s%.*s|%.*s|%.*s|%.*s|%.*s", i ? "\n" : "", STR_ARG(n->name),
			   STR_ARG(n->epoch), STR_ARG(n->version), STR_ARG(n->release),
			   STR_ARG(n->arch));
		json_array_append_new(list, package_json(&u->packages[i]));
	}
	struct sha256 sha = digest_of(buf_str(&p->rows));
	json_object_set_new(j, "n_packages", json_integer((json_int_t)u->n_packages));
	json_object_set_new(j, "packages_sha256", json_string(digest_hex(&sha, hex)));
	json_object_set_new(j, "packages", list);
}

static bool print_update(void *arg, const struct rpm_update *u, struct err *e)
{
	struct printing *p = arg;
	json_t *j = json_object(), *cves = json_array(), *references = json_array();
	const struct lab_text members[] = { { "id", u->id },
					    { "version", u->version },
					    { "type", u->type },
					    { "status", u->status },
					    { "from", u->from } };
	lab_texts(j, members, ARRAY_LEN(members));
	lab_set_or_null(j, "title", u->title);
	lab_set_or_null(j, "severity", u->severity);
	lab_set_or_null(j, "issued", u->issued);
	lab_set_or_null(j, "updated", u->updated);
	json_object_set_new(j, "issued_time", json_time(u->issued_ms));
	json_object_set_new(j, "updated_time", json_time(u->updated_ms));
	lab_set_or_null(j, "release", u->release);
	lab_set_or_null(j, "summary", u->summary);
	lab_set_or_null(j, "description", u->description);
	for (size_t i = 0; i < u->n_references; i++) {
		const struct rpm_reference *r = &u->references[i];
		json_t *o = json_object();
		lab_set(o, "type", r->type);
		lab_set(o, "id", r->id);
		lab_set(o, "href", r->href);
		lab_set(o, "title", r->title);
		json_array_append_new(references, o);
		if (str_is(r->type, "cve"))
			json_array_append_new(cves, json_text(r->id));
	}
	json_object_set_new(j, "cves", cves);
	json_object_set_new(j, "references", references);
	json_object_set_new(j, "modules", texts(u->modules, u->n_modules));
	json_object_set_new(j, "reboot", json_boolean(u->reboot));
	set_packages(p, u, j);
	return lab_print(&p->out, j, e);
}

/* --- primary, modules, repomd --------------------------------------------------------------------
 */

static bool print_package(void *arg, const struct rpm_package *q, struct err *e)
{
	json_t *j = json_object();
	set_nevra(j, &q->nevra);
	lab_set_or_null(j, "source", q->source);
	lab_set_or_null(j, "vendor", q->vendor);
	lab_set(j, "href", q->href);
	lab_set_or_null(j, "base", q->base);
	json_object_set_new(j, "size", q->size < 0 ? json_null() : json_integer(q->size));
	json_object_set_new(j, "built", json_time(q->built_s * 1000));
	set_checksum(j, "checksum", &q->checksum);
	return lab_print(&((struct printing *)arg)->out, j, e);
}

static bool print_module(void *arg, const struct rpm_module *m, struct err *e)
{
	json_t *j = json_object();
	json_object_set_new(j, "document", json_string(m->defaults ? "defaults" : "stream"));
	lab_set(j, "name", m->name);
	lab_set_or_null(j, "stream", m->stream);
	if (!m->defaults) {
		lab_set_or_null(j, "version", m->version);
		lab_set_or_null(j, "context", m->context);
		lab_set_or_null(j, "arch", m->arch);
		json_object_set_new(j, "profiles", texts(m->profiles, m->n_profiles));
		json_object_set_new(j, "artifacts", texts(m->artifacts, m->n_artifacts));
	}
	return lab_print(&((struct printing *)arg)->out, j, e);
}

static bool print_repomd(struct printing *p, const char *file, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(RPM_MAX_REPOMD);
	AUTO(rpm_repomd_done) struct rpm_repomd r = { 0 };
	if (!lab_read(file, RPM_MAX_REPOMD, &text, e) || !rpm_repomd_parse(buf_str(&text), &r, e))
		return false;
	json_t *j = json_object(), *data = json_array();
	lab_set_or_null(j, "revision", r.revision);
	json_object_set_new(j, "released", json_time(r.released_ms));
	for (size_t i = 0; i < r.n_data; i++) {
		const struct rpm_data *d = &r.data[i];
		json_t *o = json_object();
		lab_set(o, "type", d->type);
		lab_set(o, "href", d->href);
		set_checksum(o, "checksum", &d->checksum);
		if (d->open_checksum.hex.n)
			set_checksum(o, "open_checksum", &d->open_checksum);
		json_object_set_new(o, "size", d->size < 0 ? json_null() : json_integer(d->size));
		json_object_set_new(o, "open_size",
				    d->open_size < 0 ? json_null() : json_integer(d->open_size));
		json_object_set_new(o, "timestamp", json_time(d->timestamp * 1000));
		json_array_append_new(data, o);
	}
	json_object_set_new(j, "data", data);
	return lab_print(&p->out, j, e);
}

static bool parse_file(struct printing *p, const char *kind, const char *file, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(RPM_MAX_DATA);
	AUTO(unpack_free) struct unpack *u = NULL;
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	if (strcmp(kind, "repomd") == 0)
		return print_repomd(p, file, e) || err_prefix(e, "'%s'", name);
	if (!file_read(file, &raw, e) ||
	    !unpack_open_mem(buf_str(&raw), name, RPM_MAX_DATA_PLAIN, 0, &u, e))
		return false;
	if (strcmp(kind, "updateinfo") == 0)
		return rpm_updateinfo_read(u, name, print_update, p, e);
	if (strcmp(kind, "rpm-primary") == 0)
		return rpm_primary_read(u, name, print_package, p, e);
	return rpm_modules_read(u, name, print_module, p, e);
}

bool lab_rpm_knows(const char *kind)
{
	static const char *const kinds[] = { "updateinfo", "rpm-primary", "modules", "repomd" };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

bool lab_rpm_parse(const char *kind, const char *file, lab_line line, void *arg, struct err *e)
{
	struct printing p = { { line, arg, BUF_INIT(256u << 20) }, BUF_INIT(256u << 20) };
	bool good = parse_file(&p, kind, file, e);
	buf_done(&p.out.text);
	buf_done(&p.rows);
	return good;
}
