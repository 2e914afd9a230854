/* SPDX-License-Identifier: Apache-2.0
 * Argon2id: parameters, right and wrong guesses, and the ceiling on memory under many guesses
 * (A35). */
#include "crypto/password.h"
#include "base/clock.h"
#include "base/file.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

static char hash[PASSWORD_HASH_MAX];

static int make_hash(void **state)
{
	return password_hash(STR_LIT("correct horse"), hash, NULL) ? 0 : 1;
}

static void parameters(void **state)
{
	char again[PASSWORD_HASH_MAX];
	struct err e = { 0 };
	assert_true(str_starts(str_of(hash), "$argon2id$v=19$m=65536,t=2,p=1$"));
	assert_true(password_hash(STR_LIT("correct horse"), again, &e));
	assert_string_not_equal(hash, again); /* salted */
}

static void guesses(void **state)
{
	assert_true(password_matches(hash, STR_LIT("correct horse")));
	assert_false(password_matches(hash, STR_LIT("correct horsE")));
	assert_false(password_matches(hash, STR_LIT("correct hors")));
	assert_false(password_matches(hash, STR_LIT("")));
	assert_false(password_matches("", STR_LIT("correct horse")));
	assert_false(password_matches("$argon2id$v=19$m=65536,t=2,p=1$", STR_LIT("correct horse")));
	assert_false(password_matches(NULL, STR_LIT("correct horse")));
}

static void bounds(void **state)
{
	char big[2000], out[PASSWORD_HASH_MAX] = "before";
	struct err e = { 0 };
	memset(big, 'x', sizeof(big));
	assert_false(password_hash((struct str) { big, 1025 }, out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_false(password_hash(STR_LIT(""), out, &e));
	assert_string_equal(out, "before");
	assert_false(password_matches(hash, (struct str) { big, sizeof(big) }));
	assert_true(password_hash((struct str) { big, 1024 }, out, &e));
	assert_true(password_matches(out, (struct str) { big, 1024 }));
	assert_false(password_matches(out, (struct str) { big, 1025 }));
}

static double cpu_of(const char *h, struct str guess)
{
	struct rusage a, b;
	getrusage(RUSAGE_SELF, &a);
	bool same UNUSED = password_matches(h, guess);
	getrusage(RUSAGE_SELF, &b);
	return (double)(b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec -
			a.ru_stime.tv_sec) +
	       (double)(b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec -
			a.ru_stime.tv_usec) /
		       1e6;
}

/* A37: an account that does not exist costs as much as one that does (coarse: within a factor of 3,
 * against a factor of 10,000 when the work is skipped). */
static void A37_same_work(void **state)
{
	double right = cpu_of(hash, STR_LIT("correct horse"));
	double absent = cpu_of(NULL, STR_LIT("correct horse"));
	double empty = cpu_of(hash, STR_LIT(""));
	assert_true(right > 0.005);
	assert_true(absent > right / 3 && absent < right * 3);
	assert_true(empty > right / 3 && empty < right * 3);
}

static void *guess(void *arg)
{
	return password_matches(hash, STR_LIT("guess")) ? arg : NULL;
}

static void A35_parallel_guesses_bounded(void **state)
{
	pthread_t t[24];
	struct rusage r;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, guess, hash), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		void *matched = NULL;
		pthread_join(t[i], &matched);
		assert_null(matched);
	}
	getrusage(RUSAGE_SELF, &r);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* 24 at once would be 1.5 GiB; four are 256 MiB. */
	assert_true(r.ru_maxrss < 400 * 1024);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(guesses),
		cmocka_unit_test(bounds),
		cmocka_unit_test(A37_same_work),
		cmocka_unit_test(A35_parallel_guesses_bounded),
	};
	return cmocka_run_group_tests(tests, make_hash, NULL);
}
