/* SPDX-License-Identifier: Apache-2.0
 * Real signed files of Debian and damaged ones, against what gpgv itself says about each (A02,
 * A03): expected_gpgv.tsv. Text outside the signed block must never come back. */
#include "crypto/openpgp.h"
#include "base/enc.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define DOC_MAX ((size_t)4 << 20)

static char *shared(const char *name)
{
	const char *dir = getenv("TSUKUROI_SHARED");
	char *path = xasprintf("%s/feeds/debian/%s", dir ? dir : "/nonexistent", name);
	if (access(path, R_OK) == 0)
		return path;
	print_message("skipped: no shared samples at '%s'\n", path);
	xfree(path);
	skip();
	return NULL;
}

static void read_case(const char *name, struct buf *out)
{
	AUTO(xfree) char *rel = xasprintf("signature-cases/%s", name);
	AUTO(xfree) char *path = shared(rel);
	struct err e = { 0 };
	if (!file_read(path, out, &e))
		fail_msg("%s", e.msg);
}

static bool verify(struct str doc, const char *keyring, struct buf *text,
		   struct openpgp_signer *signer, struct err *e)
{
	AUTO(xfree) char *rel = xasprintf("keys/%s", keyring);
	AUTO(xfree) char *path = shared(rel);
	return openpgp_verify_clearsigned(doc, (const char *const[]) { path, NULL }, text, signer,
					  e);
}

#define ALL_KEYS "debian-archive-keyring.gpg"

static bool contains(struct str s, const char *word)
{
	return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static void check_row(struct str name, bool good)
{
	AUTO(xfree) char *file = str_dup(name);
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	struct openpgp_signer signer = { 0 };
	struct err e = { 0 };
	read_case(file, &doc);
	bool ok = verify(buf_str(&doc), ALL_KEYS, &text, &signer, &e);
	print_message("%-30s %s %s\n", file, ok ? "good" : "refused:", ok ? signer.name : e.msg);
	assert_int_equal(ok, good);
	if (ok) {
		assert_int_equal(signer.good, 2);
		assert_true(text.n > 30000);
	} else {
		assert_int_equal(e.code, ERR_UNTRUSTED);
		assert_int_equal(text.n, 0);
	}
	/* Unsigned text of the prefix and suffix cases. */
	assert_false(contains(buf_str(&text), "Origin: Evil"));
	assert_false(contains(buf_str(&text), "00000000000000000000000000000000"));
	assert_false(contains(buf_str(&text), "-----BEGIN"));
}

static void A02_every_case_as_gpgv_says(void **state)
{
	AUTO(buf_done) struct buf table = BUF_INIT(65536);
	read_case("expected_gpgv.tsv", &table);
	struct str rest = buf_str(&table), line, name, code;
	int rows = 0;
	while (str_line(&rest, &line)) {
		if (!str_split(&line, '\t', &name) || !str_split(&line, '\t', &code))
			continue;
		if (str_find(name, ' ') >= 0)
			continue; /* the row with another keyring: next test */
		check_row(name, str_is(code, "0"));
		rows++;
	}
	assert_int_equal(rows, 7);
}

static void only_removed_keys_trusted(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	assert_false(verify(buf_str(&doc), "debian-archive-removed-keys.gpg", &text, NULL, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "no public key"));
	assert_int_equal(text.n, 0);
}

static void signer_and_text(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	struct openpgp_signer signer = { 0 };
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	assert_true(verify(buf_str(&doc), ALL_KEYS, &text, &signer, &e));
	assert_string_equal(signer.fingerprint, "AC530D520F2F3269F5E98313A48449044AAD5C5D");
	assert_string_equal(signer.name, "Debian Security Archive Automatic Signing Key "
					 "(11/bullseye) <ftpmaster@debian.org>");
	/* The signed text stands in the document between the first empty line and the signature. */
	const char *from = memmem(doc.p, doc.n, "\n\n", 2);
	assert_non_null(from);
	assert_true(text.n <= doc.n - (size_t)(from + 2 - doc.p));
	assert_memory_equal(from + 2, text.p, text.n);
	assert_true(str_starts((struct str) { from + 2 + text.n, 30 }, "-----BEGIN PGP SIGNATURE"));
}

/* Two good documents one after the other are not one good document. */
static void two_texts_refused(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	read_case("good.InRelease", &doc);
	assert_false(verify(buf_str(&doc), ALL_KEYS, &text, NULL, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_int_equal(text.n, 0);
}

static void every_cut_refused(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	for (size_t n = 0; n < doc.n - 64; n += doc.n / 23) {
		AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
		assert_false(verify((struct str) { doc.p, n }, ALL_KEYS, &text, NULL, &e));
		assert_int_equal(e.code, ERR_UNTRUSTED);
		assert_int_equal(text.n, 0);
	}
}

static void keyring_troubles(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	const char *const absent[] = { "/nonexistent/keyring.gpg", NULL };
	assert_false(openpgp_verify_clearsigned(buf_str(&doc), absent, &text, NULL, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "'/nonexistent/keyring.gpg'"));

	char path[] = "/tmp/test-keyring-XXXXXX";
	int fd = mkstemp(path);
	const char armour[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
	assert_int_equal(write(fd, armour, strlen(armour)), (ssize_t)strlen(armour));
	close(fd);
	assert_false(openpgp_verify_clearsigned(buf_str(&doc), (const char *const[]) { path, NULL },
						&text, NULL, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "gpg --dearmor"));
	unlink(path);
}

static void result_bounded(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(100);
	struct err e = { 0 };
	read_case("good.InRelease", &doc);
	assert_false(verify(buf_str(&doc), ALL_KEYS, &text, NULL, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

/* apt's Release with its Release.gpg beside it. */
static void detached(void **state)
{
	AUTO(xfree) char *release = shared("archive/bookworm/Release");
	AUTO(xfree) char *sig_file = shared("archive/bookworm/Release.gpg");
	AUTO(xfree) char *ring = shared("keys/" ALL_KEYS);
	AUTO(buf_done) struct buf doc = BUF_INIT(DOC_MAX);
	AUTO(buf_done) struct buf sig = BUF_INIT(DOC_MAX);
	const char *const rings[] = { ring, NULL };
	struct openpgp_signer signer = { 0 };
	struct err e = { 0 };
	if (!file_read(release, &doc, &e) || !file_read(sig_file, &sig, &e) ||
	    !openpgp_verify_detached(buf_str(&doc), buf_str(&sig), rings, &signer, &e))
		fail_msg("%s", e.msg);
	assert_true(signer.good >= 1);
	assert_non_null(strstr(signer.name, "Debian"));
	doc.p[doc.n / 2] ^= 1;
	assert_false(openpgp_verify_detached(buf_str(&doc), buf_str(&sig), rings, &signer, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_non_null(strstr(e.msg, "bad signature"));
	doc.p[doc.n / 2] ^= 1;
	assert_false(openpgp_verify_detached(buf_str(&doc), (struct str) { sig.p, sig.n / 2 },
					     rings, &signer, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_false(openpgp_verify_detached(buf_str(&doc), STR_LIT(""), rings, &signer, &e));
	/* A clear-signed text where a signature belongs says nothing about the document. */
	AUTO(buf_done) struct buf clear = BUF_INIT(DOC_MAX);
	read_case("good.InRelease", &clear);
	assert_false(openpgp_verify_detached(buf_str(&doc), buf_str(&clear), rings, &signer, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
}

/* What gpg --armor makes of `keys`, from another alphabet of base64. */
static void armour(struct str keys, struct buf *out)
{
	AUTO(buf_done) struct buf text = BUF_INIT(DOC_MAX);
	enc_base64url(&text, keys.p, keys.n);
	buf_adds(out, "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\nComment: x\r\n\r\n");
	for (size_t i = 0; i < text.n; i++) {
		buf_addc(out, text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : text.p[i]);
		if (i % 64 == 63)
			buf_adds(out, "\r\n");
	}
	buf_adds(out, &"==="[3 - (4 - text.n % 4) % 4]);
	buf_adds(out, "\n=AbCd\n-----END PGP PUBLIC KEY BLOCK-----\n");
}

static void dearmor(void **state)
{
	AUTO(xfree) char *path = shared("keys/debian-archive-keyring.gpg");
	AUTO(buf_done)
	struct buf keys = BUF_INIT(DOC_MAX), text = BUF_INIT(DOC_MAX), got = BUF_INIT(DOC_MAX);
	struct err e = { 0 };
	assert_true(file_read(path, &keys, &e));
	for (size_t cut = 0; cut < 3; cut++) { /* every length of the last group */
		struct str some = { keys.p, keys.n - cut };
		buf_reset(&text);
		buf_reset(&got);
		buf_adds(&text, "The vendor's keys\n");
		armour(some, &text);
		buf_adds(&text, "and another\n");
		armour(some, &text);
		assert_true(openpgp_dearmor(buf_str(&text), &got, &e));
		assert_int_equal(got.n, 2 * some.n);
		assert_memory_equal(got.p, some.p, some.n);
		assert_memory_equal(got.p + some.n, some.p, some.n);
	}
	buf_reset(&got);
	assert_true(openpgp_dearmor(buf_str(&keys), &got, &e)); /* binary already */
	assert_true(str_eq(buf_str(&got), buf_str(&keys)));
	static const char *const bad[] = {
		"",
		"no key",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nA!AA\n-----END PGP PUBLIC KEY BLOCK-----\n",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
		"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(openpgp_dearmor(str_of(bad[i]), &got, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(A02_every_case_as_gpgv_says),
		cmocka_unit_test(only_removed_keys_trusted),
		cmocka_unit_test(signer_and_text),
		cmocka_unit_test(two_texts_refused),
		cmocka_unit_test(every_cut_refused),
		cmocka_unit_test(keyring_troubles),
		cmocka_unit_test(result_bounded),
		cmocka_unit_test(detached),
		cmocka_unit_test(dearmor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
