/* SPDX-License-Identifier: Apache-2.0
 * The CA: its certificates are verified with GnuTLS's own verifier for purpose, name and date, and
 * read by openssl(1) as an independent oracle when it is there. */
#include "crypto/x509.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"

#include <gnutls/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS (1800000000LL * 1000)
#define DAY_MS (86400LL * 1000)

static struct x509_ca *ca, *foreign;
static struct err e;

static int make_cas(void **state)
{
	return x509_ca_new("Tsukuroi test CA", 10, NOW_MS, &ca, &e) &&
			       x509_ca_new("Other CA", 10, NOW_MS, &foreign, &e)
		       ? 0
		       : 1;
}

static int free_cas(void **state)
{
	x509_ca_free(ca);
	x509_ca_free(foreign);
	return 0;
}

static gnutls_x509_crt_t crt_of(struct str pem)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t d = { (unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n };
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_PEM), 0);
	return crt;
}

/* GnuTLS's verdict (0 = good) on the first certificate of `pem`. */
static unsigned verdict(const struct x509_ca *by, struct str pem, const char *host,
			const char *purpose, int64_t at_ms)
{
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	assert_true(x509_ca_save(by, &cert, &key, &e));
	gnutls_x509_crt_t root = crt_of(buf_str(&cert)), leaf = crt_of(pem);
	gnutls_x509_trust_list_t list;
	assert_int_equal(gnutls_x509_trust_list_init(&list, 0), 0);
	assert_int_equal(gnutls_x509_trust_list_add_cas(list, &root, 1, 0), 1);
	gnutls_typed_vdata_st data[2] = {
		{ GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)purpose, 0 },
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)(uintptr_t)host, 0 },
	};
	unsigned status = 0;
	assert_int_equal(gnutls_x509_trust_list_verify_crt2(list, &leaf, 1, data, host ? 2 : 1,
							    GNUTLS_VERIFY_DISABLE_TIME_CHECKS,
							    &status, NULL),
			 0);
	time_t at = (time_t)(at_ms / 1000);
	if (at < gnutls_x509_crt_get_activation_time(leaf) ||
	    at > gnutls_x509_crt_get_expiration_time(leaf))
		status |= GNUTLS_CERT_EXPIRED;
	gnutls_x509_trust_list_deinit(list, 1);
	gnutls_x509_crt_deinit(leaf);
	return status;
}

static void server_certificate(void **state)
{
	const char *const names[] = { "patch.example.jp", "*.lab.example", "192.0.2.7",
				      "2001:db8::7" };
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	assert_true(x509_server_cert(ca, names, 4, 397, NOW_MS, &cert, &key, &e));
	struct str pem = buf_str(&cert);
	const char *tls = GNUTLS_KP_TLS_WWW_SERVER;
	assert_int_equal(verdict(ca, pem, "patch.example.jp", tls, NOW_MS), 0);
	assert_int_equal(verdict(ca, pem, "a.lab.example", tls, NOW_MS), 0);
	assert_int_equal(verdict(ca, pem, "192.0.2.7", tls, NOW_MS), 0);
	assert_int_equal(verdict(ca, pem, "2001:db8::7", tls, NOW_MS), 0);
	assert_int_not_equal(verdict(ca, pem, "evil.example", tls, NOW_MS), 0);
	assert_int_not_equal(verdict(ca, pem, "192.0.2.8", tls, NOW_MS), 0);
	assert_int_not_equal(verdict(ca, pem, NULL, GNUTLS_KP_TLS_WWW_CLIENT, NOW_MS), 0);
	assert_int_not_equal(verdict(foreign, pem, NULL, tls, NOW_MS), 0);
	assert_int_not_equal(verdict(ca, pem, NULL, tls, NOW_MS + 398 * DAY_MS), 0);
	/* A peer whose clock is 23 hours slow still takes it (F25). */
	assert_int_equal(verdict(ca, pem, NULL, tls, NOW_MS - DAY_MS + 3600000), 0);
	/* The chain: leaf, then the CA. */
	const char *second = strstr(cert.p + 1, "-----BEGIN CERTIFICATE");
	assert_non_null(second);
	struct x509_info info;
	assert_true(x509_read(str_of(second), &info, &e));
	struct sha256 pin = x509_ca_pin(ca);
	assert_true(digest_eq(&info.pin, &pin));
	assert_string_equal(info.common_name, "Tsukuroi test CA");
}

static void bad_server_names(void **state)
{
	static const char *const bad[] = { "",	    "a b",  "-a.example", "a..b",
					   ".a",    "a.",   "a/b",	  "*",
					   "a.*.b", "x\ny", "http://a",	  "256.1.1.1:80" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf cert = BUF_INIT(65536);
		AUTO(buf_done) struct buf key = BUF_INIT(65536);
		const char *const names[] = { "ok.example", bad[i] };
		if (x509_server_cert(ca, names, 2, 30, NOW_MS, &cert, &key, &e))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void client_certificate(void **state)
{
	AUTO(buf_done) struct buf csr = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	/* The subject the requester wishes for is ignored. */
	assert_true(x509_csr_new("administrator", &csr, &key, &e));
	assert_true(x509_client_cert(ca, buf_str(&csr), "00112233445566778899aabbccddeeff", 90,
				     NOW_MS, &cert, &e));
	struct x509_info info;
	assert_true(x509_read(buf_str(&cert), &info, &e));
	assert_string_equal(info.common_name, "00112233445566778899aabbccddeeff");
	assert_int_equal(info.not_after_ms, NOW_MS + 90 * DAY_MS);
	assert_int_equal(info.not_before_ms, NOW_MS - DAY_MS);
	assert_int_equal(verdict(ca, buf_str(&cert), NULL, GNUTLS_KP_TLS_WWW_CLIENT, NOW_MS), 0);
	assert_int_not_equal(verdict(ca, buf_str(&cert), NULL, GNUTLS_KP_TLS_WWW_SERVER, NOW_MS),
			     0);
	assert_int_not_equal(
		verdict(foreign, buf_str(&cert), NULL, GNUTLS_KP_TLS_WWW_CLIENT, NOW_MS), 0);
	/* A client certificate is no CA. */
	struct x509_ca *leaf_as_ca = NULL;
	assert_false(x509_ca_load(buf_str(&cert), buf_str(&key), &leaf_as_ca, &e));
	assert_int_equal(e.code, ERR_INVALID);
	static const char *const bad[] = { "",
					   "a/../b",
					   "x,CN=admin",
					   "a\nb",
					   " a",
					   "0123456789012345678901234567890123456789012345678901234"
					   "5678901234" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(x509_client_cert(ca, buf_str(&csr), bad[i], 90, NOW_MS, &cert, &e));
}

static void never_outlives_ca(void **state)
{
	AUTO(x509_ca_free) struct x509_ca *young = NULL;
	AUTO(buf_done) struct buf csr = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	struct x509_info info;
	assert_true(x509_ca_new("Young CA", 1, NOW_MS, &young, &e));
	assert_true(x509_csr_new("a", &csr, &key, &e));
	assert_true(x509_client_cert(young, buf_str(&csr), "a", 3650, NOW_MS, &cert, &e));
	assert_true(x509_read(buf_str(&cert), &info, &e));
	assert_int_equal(info.not_after_ms, NOW_MS + 365 * DAY_MS);
	assert_false(
		x509_client_cert(young, buf_str(&csr), "a", 90, NOW_MS + 366 * DAY_MS, &cert, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
}

/* CSR with a key of the caller's kind, PEM into `out`. */
static void make_csr(gnutls_pk_algorithm_t kind, unsigned bits, struct buf *out)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crq_t crq;
	gnutls_datum_t d;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crq_init(&crq);
	assert_int_equal(gnutls_x509_privkey_generate(key, kind, bits, 0), 0);
	assert_int_equal(gnutls_x509_crq_set_version(crq, 1), 0);
	assert_int_equal(gnutls_x509_crq_set_key(crq, key), 0);
	assert_int_equal(gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_UNKNOWN, 0), 0);
	assert_int_equal(gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &d), 0);
	buf_add(out, d.data, d.size);
	gnutls_free(d.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_x509_privkey_deinit(key);
}

static void csr_keys(void **state)
{
	static const struct {
		gnutls_pk_algorithm_t kind;
		unsigned bits;
		bool good;
	} kinds[] = {
		{ GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519), true },
		{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), true },
		{ GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), false },
		{ GNUTLS_PK_RSA, 2048, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO(buf_done) struct buf csr = BUF_INIT(65536);
		AUTO(buf_done) struct buf cert = BUF_INIT(65536);
		make_csr(kinds[i].kind, kinds[i].bits, &csr);
		assert_int_equal(x509_client_cert(ca, buf_str(&csr), "a", 90, NOW_MS, &cert, &e),
				 kinds[i].good);
		if (kinds[i].good)
			assert_int_equal(
				verdict(ca, buf_str(&cert), NULL, GNUTLS_KP_TLS_WWW_CLIENT, NOW_MS),
				0);
	}
}

/* Any change of a CSR breaks its self-signature or its form. */
static void A41_csr_damaged(void **state)
{
	AUTO(buf_done) struct buf csr = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	gnutls_datum_t der = { 0 };
	assert_true(x509_csr_new("agent", &csr, &key, &e));
	gnutls_datum_t pem = { (unsigned char *)csr.p, (unsigned)csr.n };
	assert_int_equal(gnutls_pem_base64_decode2("NEW CERTIFICATE REQUEST", &pem, &der), 0);
	for (unsigned i = 0; i < der.size; i++) {
		gnutls_datum_t out = { 0 };
		der.data[i] ^= 0x04;
		assert_int_equal(gnutls_pem_base64_encode2("NEW CERTIFICATE REQUEST", &der, &out),
				 0);
		struct str s = { (char *)out.data, out.size };
		if (x509_client_cert(ca, s, "a", 90, NOW_MS, &cert, &e))
			fail_msg("accepted with byte %u changed", i);
		assert_int_equal(e.code, ERR_INVALID);
		gnutls_free(out.data);
		der.data[i] ^= 0x04;
	}
	gnutls_free(der.data);
	assert_false(x509_client_cert(ca, STR_LIT(""), "a", 90, NOW_MS, &cert, &e));
	assert_false(x509_client_cert(ca, STR_LIT("-----BEGIN NEW CERTIFICATE REQUEST-----\n"), "a",
				      90, NOW_MS, &cert, &e));
}

static void save_and_load(void **state)
{
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	AUTO(buf_done) struct buf cert2 = BUF_INIT(65536);
	AUTO(buf_done) struct buf key2 = BUF_INIT(65536);
	AUTO(x509_ca_free) struct x509_ca *again = NULL;
	assert_true(x509_ca_save(ca, &cert, &key, &e));
	assert_true(x509_ca_save(foreign, &cert2, &key2, &e));
	assert_true(x509_ca_load(buf_str(&cert), buf_str(&key), &again, &e));
	struct sha256 a = x509_ca_pin(ca), b = x509_ca_pin(again);
	assert_true(digest_eq(&a, &b));
	struct x509_ca *mixed = NULL;
	assert_false(x509_ca_load(buf_str(&cert), buf_str(&key2), &mixed, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "does not belong"));
	assert_false(x509_ca_load(buf_str(&key), buf_str(&key), &mixed, &e));
	assert_false(x509_ca_load(STR_LIT(""), STR_LIT(""), &mixed, &e));
}

static void ca_parameters(void **state)
{
	struct x509_ca *none = NULL;
	assert_false(x509_ca_new("x", 0, NOW_MS, &none, &e));
	assert_false(x509_ca_new("x", 31, NOW_MS, &none, &e));
	assert_false(x509_ca_new("", 1, NOW_MS, &none, &e));
	struct x509_info info;
	assert_false(x509_read(STR_LIT("hello"), &info, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

/* pin and fingerprint against openssl(1). */
static void openssl_agrees(void **state)
{
	AUTO(buf_done) struct buf cert = BUF_INIT(65536);
	AUTO(buf_done) struct buf key = BUF_INIT(65536);
	assert_true(x509_ca_save(ca, &cert, &key, &e));
	struct proc_result r;
	AUTO(buf_done) struct buf pub = BUF_INIT(65536);
	AUTO(buf_done) struct buf der = BUF_INIT(65536);
	struct proc_spec get = { .argv = (const char *const[]) { "openssl", "x509", "-noout",
								 "-pubkey", NULL },
				 .input = buf_str(&cert),
				 .timeout_s = 20 };
	if (!proc_run(&get, &pub, NULL, &r, &e)) {
		print_message("skipped: openssl is not installed\n");
		skip();
	}
	struct proc_spec to_der = { .argv = (const char *const[]) { "openssl", "pkey", "-pubin",
								    "-outform", "DER", NULL },
				    .input = buf_str(&pub),
				    .timeout_s = 20 };
	assert_true(proc_run(&to_der, &der, NULL, &r, &e));
	struct sha256 want = digest_of(buf_str(&der)), got = x509_ca_pin(ca);
	assert_true(der.n > 80);
	assert_true(digest_eq(&want, &got));
	AUTO(buf_done) struct buf raw = BUF_INIT(65536);
	struct proc_spec cert_der = { .argv = (const char *const[]) { "openssl", "x509", "-outform",
								      "DER", NULL },
				      .input = buf_str(&cert),
				      .timeout_s = 20 };
	assert_true(proc_run(&cert_der, &raw, NULL, &r, &e));
	struct x509_info info;
	assert_true(x509_read(buf_str(&cert), &info, &e));
	want = digest_of(buf_str(&raw));
	assert_true(digest_eq(&want, &info.fingerprint));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_certificate), cmocka_unit_test(bad_server_names),
		cmocka_unit_test(client_certificate), cmocka_unit_test(never_outlives_ca),
		cmocka_unit_test(csr_keys),	      cmocka_unit_test(A41_csr_damaged),
		cmocka_unit_test(save_and_load),      cmocka_unit_test(ca_parameters),
		cmocka_unit_test(openssl_agrees),
	};
	return cmocka_run_group_tests(tests, make_cas, free_cas);
}
