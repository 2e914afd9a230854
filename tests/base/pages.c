/* SPDX-License-Identifier: Apache-2.0
 * Memory given back: what is resident falls, the program's own data stays, other threads go on
 * (P12). */
#include "base/pages.h"
#include "base/base.h"
#include "base/clock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static long file_kb(void)
{
	char line[200];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "RssFile:", 8) == 0)
			kb = strtol(line + 8, NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

/* Sum over every page of code and constants of the C library and of this program. */
__attribute__((no_sanitize("address"))) static uint64_t touch(void)
{
	char line[400];
	uint64_t sum = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *rest;
		uintptr_t from = strtoull(line, &rest, 16);
		uintptr_t to = strtoull(rest + 1, &rest, 16);
		if ((!strstr(line, "/libc") && !strstr(line, "pages")) || rest[1] != 'r' ||
		    rest[2] != '-')
			continue;
		for (uintptr_t p = from; p < to; p += 64)
			sum = sum * 31 + *(const volatile unsigned char *)p;
	}
	fclose(f);
	return sum;
}

static int changed = 5;
static const char *relocated[] = { "one", "two" };

static void test_resident_falls(void **state)
{
	changed = 7;
	relocated[1] = "three";
	(void)touch();
	long before = file_kb();
	pages_give_back();
	long after = file_kb();
	if (before < 0)
		skip(); /* no /proc of this kind */
	print_message("file pages: %ld kB, given back: %ld kB left\n", before, after);
	assert_true(after < before / 2);
	assert_int_equal(changed, 7);
	assert_string_equal(relocated[0], "one");
	assert_string_equal(relocated[1], "three");
}

static void test_content_comes_back(void **state)
{
	uint64_t before = touch();
	pages_give_back();
	assert_true(before != 0 && touch() == before);
	pages_give_back();
	char text[40];
	snprintf(text, sizeof(text), "%d %.3f %s", changed, 1.5, relocated[0]);
	assert_string_equal(text, "7 1.500 one");
}

static atomic_bool stop;

static void *work(void *arg)
{
	uint64_t *rounds = arg;
	while (!atomic_load(&stop)) {
		char text[64];
		void *p = malloc(1000 + *rounds % 5000);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)*rounds);
		ASSERT(strtoull(text, NULL, 10) == *rounds);
		void *lib = *rounds % 16 == 0 ? dlopen("libm.so.6", RTLD_NOW) : NULL;
		if (lib)
			dlclose(lib);
		free(p);
		++*rounds;
	}
	return NULL;
}

static void test_other_threads_go_on(void **state)
{
	uint64_t rounds[2] = { 0 };
	pthread_t t[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, &rounds[i]), 0);
	int64_t end = clock_mono_ms() + 500;
	size_t given = 0;
	while (clock_mono_ms() < end) {
		pages_give_back();
		given++;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_true(given > 10 && rounds[0] > 10 && rounds[1] > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resident_falls),
		cmocka_unit_test(test_content_comes_back),
		cmocka_unit_test(test_other_threads_go_on),
	};
	return cmocka_run_group_tests_name("P12 pages given back", tests, NULL, NULL);
}
