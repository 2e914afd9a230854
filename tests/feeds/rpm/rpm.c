/* SPDX-License-Identifier: Apache-2.0
 * Syncing RPM repositories: what offers and advisories become, module streams, one id with several
 * versions, packages of another release, signatures; and with every answer replaced in turn: what
 * is damaged, old, not signed or weakly protected never becomes records (S-03, A15, A16, F37, F39).
 */
#include "feeds/rpm/rpm.h"
#include "../keys.h"
#include "base/enc.h"
#include "base/file.h"
#include "catalog/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct err e;

/* --- a repository in memory ----------------------------------------------------------------------
 */

struct file {
	const char *name;
	char *text;
	size_t n;
};
struct repo {
	struct file files[8];
	size_t n;
	const char *etag;
	int requests;
};

static void repo_done(struct repo *r)
{
	for (size_t i = 0; i < r->n; i++)
		xfree(r->files[i].text);
}
AUTO_DEFINE_VALUE(struct repo, repo_done)

static struct file *find(struct repo *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->files[i].name, name) == 0)
			return &r->files[i];
	return NULL;
}

static void put(struct repo *r, const char *name, const char *text)
{
	struct file *f = find(r, name);
	if (!f)
		f = &r->files[r->n++];
	xfree(f->text);
	*f = (struct file) { name, xstrdup(text), strlen(text) };
}

static bool get(void *arg, const struct feed_request *q, struct feed_response *resp, feed_body body,
		void *body_arg, struct err *err)
{
	struct repo *r = arg;
	struct file *f = find(r, q->url + strlen("http://mirror/"));
	r->requests++;
	*resp = (struct feed_response) { .status = f ? 200 : 404 };
	snprintf(resp->etag, sizeof(resp->etag), "%s", r->etag ? r->etag : "");
	if (f && q->etag && r->etag && strcmp(q->etag, r->etag) == 0)
		resp->status = 304;
	return resp->status != 200 || body(body_arg, (struct str) { f->text, f->n }, err);
}

/* repomd.xml over what is there. */
static void seal(struct repo *r, const char *kind, int64_t released)
{
	static const char *const types[][2] = { { "primary", "repodata/p.xml" },
						{ "updateinfo", "repodata/u.xml" },
						{ "modules", "repodata/m.yaml" } };
	enum digest_kind k = strcmp(kind, "sha512") == 0 ? DIGEST_SHA512
			     : strcmp(kind, "sha") == 0	 ? DIGEST_SHA1
							 : DIGEST_SHA256;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	buf_printf(&b, "<repomd><revision>%lld</revision>", (long long)released);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct file *f = find(r, types[i][1]);
		uint8_t sum[DIGEST_MAX];
		char hex[2 * DIGEST_MAX + 1];
		if (!f)
			continue;
		AUTO(digest_free) struct digest *d = digest_new_of(k);
		digest_add(d, f->text, f->n);
		digest_end_bytes(d, sum);
		buf_printf(&b,
			   "<data type='%s'><checksum type='%s'>%s</checksum><location href='%s'/>"
			   "<size>%zu</size></data>",
			   types[i][0], kind, enc_hex(sum, digest_len(k), hex), types[i][1], f->n);
	}
	buf_adds(&b, "</repomd>");
	put(r, "repodata/repomd.xml", b.p);
}

#define SHA "02248d6cc0aa7d4ecaa964fbd0628ad26cb2740b0526e5d6b054ccac1aa5eed"
#define PACKAGE(name, arch, evr, source, sha)                                                      \
	"<package type='rpm'><name>" name "</name><arch>" arch "</arch><version " evr "/>"         \
	"<checksum type='sha256'>" SHA sha "</checksum><time build='1700000000'/>"                 \
	"<size package='10'/><location href='Packages//./" name ".rpm'/><format><rpm:sourcerpm "   \
	"xmlns:rpm='r'>" source "</rpm:sourcerpm></format></package>"
#define UPDATE(attrs, id, rest) "<update status='final' " attrs "><id>" id "</id>" rest "</update>"
#define ISSUED "<issued date='2024-02-27 02:07:15'/>"

static const char primary[] = "<metadata xmlns='c'>" PACKAGE(
	"xz", "x86_64", "epoch='1' ver='5.2' rel='8.el9_0'", "xz-5.2-8.el9_0.src.rpm", "0")
	PACKAGE("xz-libs", "x86_64", "epoch='1' ver='5.2' rel='8.el9_0'", "xz-5.2-8.el9_0.src.rpm",
		"1") PACKAGE("xz", "src", "epoch='1' ver='5.2' rel='8.el9_0'", "", "2")
		PACKAGE("perl-Git", "noarch", "epoch='0' ver='2' rel='1.module+el9+1+a'",
			"git-2-1.module+el9+1+a.src.rpm", "3")
			PACKAGE("tool", "noarch", "epoch='2' ver='1' rel='1.el9'",
				"tool-set-7-1.el9.src.rpm", "4") "</metadata>";

static const char updateinfo[] = "<updates>" UPDATE(
	"from='packager@almalinux.org' type='security' version='1'", "ALSA-2024:1",
	"<title>Important: xz\n update</title>" ISSUED
	"<references><reference type='cve' id='CVE-2022-1271'/><reference type='cve' "
	"id='1493960'/><reference type='bugzilla' id='7' title='CVE-2022-1271 CVE-2023-12345 x'/>"
	"<reference type='self' id='x' href='https://errata.example/1'/></references>"
	"<pkglist><collection><package name='xz' epoch='1' version='5.2' release='8.el9_0' "
	"arch='x86_64'/><package name='xz' epoch='1' version='5.2' release='8.el9_0' arch='aarch64'/>"
	"<package name='xz' epoch='1' version='5.2' release='8.el9_0' arch='src'/>"
	"<package name='xz' epoch='1' version='9' release='1.el7' arch='x86_64'/>"
	"</collection></pkglist>")
	UPDATE("from='x@example.org' type='recommended' version='2'", "MIX-1",
	       "<pkglist><collection><module name='git' stream='rhel9'/><package name='perl-Git' "
	       "version='1' release='1.module+el9+0+a' arch='noarch'><reboot_suggested/></package>"
	       "</collection><collection><package name='perl-Git' version='2' "
	       "release='1.module+el9+1+a' arch='noarch'/></collection></pkglist>")
		UPDATE("from='x@example.org' type='odd' version='3'", "MIX-1",
		       "<severity>urgent</severity><pkglist><collection><package name='tool' "
		       "epoch='2' version='0' release='1.el9' arch='noarch'/></collection>"
		       "</pkglist>") UPDATE("from='x@example.org' type='security' version='1'",
					    "EMPTY-1", "") "</updates>";

static const char modules[] =
	"---\ndocument: modulemd-defaults\nversion: 1\ndata: {module: git, stream: '2.10'}\n"
	"---\ndocument: modulemd-defaults\nversion: 1\ndata: {module: none}\n"
	"---\ndocument: modulemd\nversion: 2\ndata:\n  name: git\n  stream: 2.10\n  artifacts:\n"
	"    rpms:\n    - perl-Git-0:2-1.module+el9+1+a.noarch\n    - git-0:2-1.module+el9+1+a.src\n";

static void make(struct repo *r)
{
	put(r, "repodata/p.xml", primary);
	put(r, "repodata/u.xml", updateinfo);
	put(r, "repodata/m.yaml", modules);
	seal(r, "sha256", 1700000000);
}

static const char *options[2];
static const char *keyrings[2];

static struct feed_spec spec_of(void)
{
	return (struct feed_spec) { .id = "rpm/almalinux-9/baseos",
				    .kind = "rpm",
				    .url = "http://mirror/",
				    .suite = "baseos",
				    .os = "almalinux:9",
				    .keyrings = keyrings,
				    .options = options };
}

static bool sync_repo(struct repo *r, const struct feed_spec *s, struct generation_result *out)
{
	struct feed_env env = { .fetch = { get, r }, .now_ms = 1800000000000 };
	return rpm_sync_repo(s, &env, out, &e);
}

static void refused(struct repo *r, const struct feed_spec *s, enum err_code code, const char *says)
{
	struct generation_result out = { 0 };
	bool good = sync_repo(r, s, &out);
	assert_null(out.sink);
	assert_false(good);
	if (e.code != code || !strstr(e.msg, says))
		fail_msg("code %s, text '%s', wanted '%s'", err_code_name(e.code), e.msg, says);
}

/* --- what becomes of it --------------------------------------------------------------------------
 */

static const struct patch *patch_of(const struct catalog *c, const char *id)
{
	uint32_t i = catalog_find(c, str_of(id));
	if (i == CATALOG_NONE)
		fail_msg("no patch '%s'", id);
	return &c->patches[i];
}

static const struct component *component_of(const struct catalog *c, const struct patch *p,
					    const char *name, const char *arch)
{
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *k = &c->components[p->first_component + i];
		if (str_is(k->name, name) && str_is(k->arch, arch))
			return k;
	}
	fail_msg("patch '%s' has no '%s.%s'", p->id.p, name, arch);
	return NULL;
}

static struct catalog *catalog_of(struct repo *r)
{
	AUTO(generation_result_done) struct generation_result out = { 0 };
	struct feed_spec s = spec_of();
	struct catalog *c = NULL;
	if (!sync_repo(r, &s, &out) || !catalog_build(&out.generation, 1, &c, &e))
		fail_msg("%s", e.msg);
	return c;
}

static void advisories_become_patches(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	make(&r);
	AUTO(catalog_unref) struct catalog *c = catalog_of(&r);
	const struct patch *p = patch_of(c, "alma:9:ALSA-2024:1");
	assert_string_equal(p->os.p, "almalinux:9");
	assert_string_equal(p->vendor.p, "AlmaLinux");
	assert_string_equal(p->bulletin.p, "ALSA-2024:1");
	assert_string_equal(p->title.p, "Important: xz  update");
	assert_string_equal(p->cves.p, "CVE-2022-1271 CVE-2023-12345");
	assert_string_equal(p->url.p, "https://errata.example/1");
	assert_string_equal(p->product.p, "xz");
	assert_int_equal(p->type, PATCH_TYPE_SECURITY);
	assert_int_equal(p->severity, SEVERITY_IMPORTANT); /* only the title says it */
	assert_int_equal(p->released_ms, 1708999635000);
	assert_int_equal(p->components, 2); /* no source, nothing of el7 */
	const struct component *k = component_of(c, p, "xz", "x86_64");
	assert_string_equal(k->version.p, "1:5.2-8.el9_0");
	assert_string_equal(k->file.p, "Packages/xz.rpm");
	assert_int_equal(k->size, 10);
	assert_int_equal(component_of(c, p, "xz", "aarch64")->archive, CATALOG_NONE);
	assert_int_equal(catalog_find(c, STR_LIT("alma:9:EMPTY-1")), CATALOG_NONE);
	const struct archive *a = &c->archives[0];
	assert_string_equal(a->id.p, "rpm-almalinux-9-baseos");
	assert_string_equal(a->suite.p, "9");
	assert_int_equal(a->files, 4); /* repomd and three data files, byte for byte */
	assert_string_equal(c->archive_files[a->first_file].path.p, "repodata/repomd.xml");
}

/* What no advisory names is a patch by source build, of no type. */
static void offers_without_advisory(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	make(&r);
	AUTO(catalog_unref) struct catalog *c = catalog_of(&r);
	const struct patch *p = patch_of(c, "alma:9:xz:1:5.2-8.el9_0");
	assert_int_equal(p->type, PATCH_TYPE_UNRATED);
	assert_int_equal(p->components, 1); /* xz itself is the advisory's */
	assert_non_null(component_of(c, p, "xz-libs", "x86_64"));
	assert_string_equal(p->bulletin.p, "");
	p = patch_of(c, "alma:9:tool-set:2:7-1.el9"); /* the epoch of its package */
	assert_string_equal(component_of(c, p, "tool", "noarch")->version.p, "2:1-1.el9");
}

/* From the collection's <module>, else from modules.yaml. */
static void module_streams(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	make(&r);
	AUTO(catalog_unref) struct catalog *c = catalog_of(&r);
	const struct patch *p = patch_of(c, "alma:9:MIX-1");
	bool stream[2] = { false, false };
	assert_int_equal(p->components, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct str m = c->components[p->first_component + i].module;
		stream[0] |= str_is(m, "git:rhel9");
		stream[1] |= str_is(m, "git:2.10");
		assert_int_equal(c->components[p->first_component + i].by_default,
				 str_is(m, "git:2.10"));
	}
	assert_true(stream[0] && stream[1]);
	assert_int_equal(p->reboot, REBOOT_ALWAYS);
	assert_int_equal(p->type, PATCH_TYPE_BUGFIX);
}

static void one_id_with_several_versions(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	make(&r);
	AUTO(catalog_unref) struct catalog *c = catalog_of(&r);
	const struct patch *p = patch_of(c, "alma:9:MIX-1:3");
	assert_string_equal(p->bulletin.p, "MIX-1");
	assert_string_equal(p->version.p, "3");
	assert_int_equal(p->type, PATCH_TYPE_UNRATED);
	assert_int_equal(p->severity, SEVERITY_CRITICAL);
}

/* --- what is refused -----------------------------------------------------------------------------
 */

static void damage_is_refused(void **state)
{
	static const char *const data[] = { "repodata/p.xml", "repodata/u.xml", "repodata/m.yaml" };
	struct feed_spec s = spec_of();
	for (size_t i = 0; i < ARRAY_LEN(data); i++) {
		AUTO(repo_done) struct repo r = { .n = 0 };
		make(&r);
		find(&r, data[i])->text[20] ^= 1;
		refused(&r, &s, ERR_UNTRUSTED, "SHA-256");
		find(&r, data[i])->n -= 1;
		refused(&r, &s, ERR_UNTRUSTED, "truncated");
		find(&r, data[i])->name = "gone";
		refused(&r, &s, ERR_NOT_FOUND, data[i]);
	}
	AUTO(repo_done) struct repo r = { .n = 0 };
	make(&r);
	put(&r, "repodata/repomd.xml", "<html><body>log in</body></html>");
	refused(&r, &s, ERR_UNTRUSTED, "web page");
	put(&r, "repodata/repomd.xml", "<repomd><data type='primary'>");
	refused(&r, &s, ERR_CORRUPT, "damaged");
	put(&r, "repodata/u.xml", "<updates><update><id>a</id></upd");
	seal(&r, "sha256", 1700000000);
	refused(&r, &s, ERR_CORRUPT, "u.xml");
}

static void weak_checksums(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	AUTO(generation_result_done) struct generation_result out = { 0 };
	struct feed_spec s = spec_of();
	make(&r);
	seal(&r, "sha", 1700000000);
	refused(&r, &s, ERR_UNTRUSTED, "sha1=allow");
	options[0] = "sha1=allow";
	if (!sync_repo(&r, &s, &out))
		fail_msg("%s", e.msg);
	find(&r, "repodata/p.xml")->text[20] ^= 1;
	refused(&r, &s, ERR_UNTRUSTED, "SHA-1");
	options[0] = NULL;
	find(&r, "repodata/p.xml")->text[20] ^= 1;
	seal(&r, "sha512", 1700000000);
	generation_result_done(&out);
	if (!sync_repo(&r, &s, &out))
		fail_msg("%s", e.msg);
	seal(&r, "md5", 1700000000);
	refused(&r, &s, ERR_UNTRUSTED, "'md5'");
}

static void dates_never_go_back(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0, .etag = "\"1\"" };
	AUTO(generation_result_done) struct generation_result out = { 0 };
	struct feed_spec s = spec_of();
	make(&r);
	s.last.released_ms = 1700000001000;
	refused(&r, &s, ERR_UNTRUSTED, "Date went back");
	seal(&r, "sha256", 1900000000);
	refused(&r, &s, ERR_UNTRUSTED, "future");
	s.last.etag = "\"1\"";
	int before = r.requests;
	if (!sync_repo(&r, &s, &out))
		fail_msg("%s", e.msg);
	assert_true(out.unchanged);
	assert_int_equal(r.requests, before + 1);
	assert_string_equal(out.etag, "\"1\"");
}

static void ids_of_vendors(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	struct feed_spec s = spec_of();
	make(&r);
	put(&r, "repodata/u.xml",
	    "<updates><update from='packager@almalinux.org' type='security' version='1'><id>"
	    "NOT-A-VALID-ADVISORY-ID</id><pkglist><collection><package name='x' version='1' "
	    "release='1.el9' arch='x86_64'/></collection></pkglist></update></updates>");
	seal(&r, "sha256", 1700000000);
	refused(&r, &s, ERR_CORRUPT, "NOT-A-VALID-ADVISORY-ID");
}

static void mirror_lists(void **state)
{
	AUTO(repo_done) struct repo r = { .n = 0 };
	AUTO(generation_result_done) struct generation_result out = { 0 };
	struct feed_spec s = spec_of();
	make(&r);
	s.url = "http://mirror/x/mirror.list";
	refused(&r, &s, ERR_NOT_FOUND, "mirror list");
	put(&r, "x/mirror.list", "# comment\nftp://no\n");
	refused(&r, &s, ERR_CORRUPT, "names no address");
	put(&r, "x/mirror.list", "http://mirror/\nhttp://other/\n");
	if (!sync_repo(&r, &s, &out))
		fail_msg("%s", e.msg);
	assert_string_equal(out.generation.feed.url.p, s.url); /* whose it is; the files: */
	assert_non_null(memmem(out.generation.records.p, out.generation.records.n,
			       "\thttp://mirror\t", 15));
}

/* --- a thousand wrong documents ------------------------------------------------------------------
 */

static uint64_t state_of_chance = 20240227;

static size_t chance(size_t below)
{
	state_of_chance = state_of_chance * 6364136223846793005ull + 1442695040888963407ull;
	return (size_t)(state_of_chance >> 33) % below;
}

/* One change of structure: an element, an attribute, a value goes, comes twice, or changes places.
 */
static char *mutated(const char *text)
{
	static const char *const odd[] = {
		"''",	 "'-1'",   "'../x'", "'999999999999999999999'", "'\xe3\x81\x82'",
		"'a b'", "'&#9;'", "'%s%n'"
	};
	size_t n = strlen(text), from = chance(n), to = from;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	bool value = chance(2) == 0;
	char open = value ? '\'' : '<', close = value ? '\'' : '>';
	while (from < n && text[from] != open)
		from++;
	to = from + (from < n);
	while (to < n && text[to] != close)
		to++;
	to += to < n;
	for (size_t more = value ? 0 : chance(3); more > 0 && to < n; more--) {
		while (to < n && text[to] != '>')
			to++;
		to += to < n;
	}
	buf_add(&b, text, from);
	switch (chance(3)) {
	case 0: buf_adds(&b, value ? odd[chance(ARRAY_LEN(odd))] : ""); break;
	case 1:
		buf_add(&b, text + from, to - from);
		buf_add(&b, text + from, to - from);
		break;
	default: buf_add(&b, text + chance(from + 1), chance(20) < from ? 1 : 0);
	}
	buf_add(&b, text + to, n - to);
	return buf_take(&b);
}

/* Each is refused whole or gives a whole catalog. */
static void thousand_mutations(void **state)
{
	size_t accepted = 0, refused_whole = 0;
	for (int i = 0; i < 1500; i++) {
		AUTO(repo_done) struct repo r = { .n = 0 };
		AUTO(generation_result_done) struct generation_result out = { 0 };
		struct feed_spec s = spec_of();
		make(&r);
		AUTO(xfree) char *p = i % 3 == 0 ? mutated(primary) : xstrdup(primary);
		AUTO(xfree) char *u = i % 3 == 1 ? mutated(updateinfo) : xstrdup(updateinfo);
		put(&r, "repodata/p.xml", p);
		put(&r, "repodata/u.xml", u);
		seal(&r, "sha256", 1700000000);
		AUTO(xfree)
		char *m = i % 3 == 2 ? mutated(find(&r, "repodata/repomd.xml")->text) : NULL;
		if (m)
			put(&r, "repodata/repomd.xml", m);
		if (!sync_repo(&r, &s, &out)) {
			assert_null(out.sink);
			assert_true(e.code == ERR_CORRUPT || e.code == ERR_UNTRUSTED ||
				    e.code == ERR_NOT_FOUND || e.code == ERR_LIMIT);
			refused_whole++;
			continue;
		}
		struct catalog *c = NULL;
		if (!catalog_build(&out.generation, 1, &c, &e))
			fail_msg("%s", e.msg);
		catalog_unref(c);
		accepted++;
	}
	print_message("%zu refused whole, %zu gave a whole catalog\n", refused_whole, accepted);
	assert_true(refused_whole > 100 && accepted > 100);
}

/* --- signatures ----------------------------------------------------------------------------------
 */

static void pinned_keys(void **state)
{
	char home[] = "/tmp/rpmXXXXXX";
	AUTO(repo_done) struct repo r = { .n = 0 };
	AUTO(generation_result_done) struct generation_result out = { 0 };
	AUTO(buf_done)
	struct buf key = BUF_INIT(1u << 20), sig = BUF_INIT(1u << 20);
	struct feed_spec s = spec_of();
	assert_non_null(mkdtemp(home));
	AUTO(xfree) char *ring = file_join(home, "ring.gpg");
	make(&r);
	struct str repomd = { find(&r, "repodata/repomd.xml")->text,
			      find(&r, "repodata/repomd.xml")->n };
	if (!keys_make(home, &key) || !keys_sign(home, repomd, &sig)) {
		assert_true(file_remove_tree(home, &e));
		print_message("skipped: gpg is not here to make a key\n");
		skip();
	}
	assert_true(file_write_atomic(ring, buf_str(&key), 0600, &e));
	keyrings[0] = ring;
	refused(&r, &s, ERR_UNTRUSTED, "not signed");
	put(&r, "repodata/repomd.xml.asc", sig.p);
	if (!sync_repo(&r, &s, &out))
		fail_msg("%s", e.msg);
	assert_true(out.generation.feed.is_signed);
	assert_non_null(strstr(out.generation.feed.signer.p, "r@example.org"));
	seal(&r, "sha256", 1700000001); /* another one, the old signature */
	refused(&r, &s, ERR_UNTRUSTED, "signature");
	keyrings[0] = NULL;
	keys_done(home);
}

/* The stored repository of 2008: SHA-1 and a signature by a key and digest nobody accepts today. */
static void stored_repository(void **state)
{
	const char *root = getenv("TSUKUROI_SHARED");
	AUTO(xfree)
	char *dir = xasprintf("%s/feeds/rpm-distros/opensuse-11.0-update",
			      root ? root : "../shared");
	if (access(dir, R_OK) != 0) {
		print_message("sample '%s' is not there\n", dir);
		skip();
	}
	extern const struct feed_fetch feed_local;
	struct feed_env env = { .fetch = feed_local };
	struct feed_spec s = { .id = "x", .url = dir, .suite = "update", .os = "opensuse:11.0" };
	AUTO(generation_result_done) struct generation_result out = { 0 };
	assert_false(rpm_sync_repo(&s, &env, &out, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	options[0] = "sha1=allow";
	s.options = options;
	if (!rpm_sync_repo(&s, &env, &out, &e))
		fail_msg("%s", e.msg);
	options[0] = NULL;
	AUTO(catalog_unref) struct catalog *c = NULL;
	assert_true(catalog_build(&out.generation, 1, &c, &e));
	uint32_t bulletins = 0;
	for (uint32_t i = 0; i < c->n_patches; i++)
		bulletins += c->patches[i].bulletin.n > 0;
	assert_int_equal(bulletins, 164);
	print_message("%u patches, %u of them advisories, %u components\n", c->n_patches, bulletins,
		      c->n_components);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advisories_become_patches),
		cmocka_unit_test(offers_without_advisory),
		cmocka_unit_test(module_streams),
		cmocka_unit_test(one_id_with_several_versions),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(weak_checksums),
		cmocka_unit_test(dates_never_go_back),
		cmocka_unit_test(ids_of_vendors),
		cmocka_unit_test(mirror_lists),
		cmocka_unit_test(thousand_mutations),
		cmocka_unit_test(pinned_keys),
		cmocka_unit_test(stored_repository),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
