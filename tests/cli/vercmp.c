/* SPDX-License-Identifier: Apache-2.0
 * `tsukuroi vercmp` and the choice of commands, run inside this process with stdout and stderr in
 * files: what it prints and its exit status. */
#include "base/file.h"
#include "cli/commands.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct run {
	int status;
	char out[4096], err[4096];
};

static int redirect(int fd, int file)
{
	int old = dup(fd);
	assert_true(old >= 0 && dup2(file, fd) == fd);
	return old;
}

static void take_back(int fd, int old, int file, char text[static 4096])
{
	assert_true(dup2(old, fd) == fd);
	close(old);
	ssize_t n = pread(file, text, 4095, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	close(file);
}

/* Runs `tsukuroi <words>`; `input` (may be NULL) is its standard input. */
static struct run run(const char *const *words, const char *input)
{
	char *argv[10] = { (char *)(uintptr_t) "tsukuroi" };
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	struct run r;
	int in = memfd_create("in", 0), out = memfd_create("out", 0), err = memfd_create("err", 0);
	assert_true(in >= 0 && out >= 0 && err >= 0);
	if (input)
		assert_int_equal(pwrite(in, input, strlen(input), 0), strlen(input));
	fflush(stdout);
	fflush(stderr);
	int old_in = redirect(0, in), old_out = redirect(1, out), old_err = redirect(2, err);
	r.status = commands_run(argc, argv);
	fflush(stdout);
	fflush(stderr);
	char unused[4096];
	take_back(0, old_in, in, unused);
	take_back(1, old_out, out, r.out);
	take_back(2, old_err, err, r.err);
	return r;
}
#define RUN(input, ...) run((const char *const[]) { __VA_ARGS__, NULL }, input)

static void one_pair(void **state)
{
	static const struct {
		const char *scheme, *a, *b, *want;
	} cases[] = {
		{ "deb", "1.0~rc1", "1.0", "<\n" }, { "rpm", "1:1-1", "2-1", ">\n" },
		{ "apk", "1.2_p1", "1.2", ">\n" },  { "dotted", "1.0", "1.0.0", "=\n" },
		{ "winget", "1-rc", "1", "<\n" },   { "mac", "13.4.1", "13.4.1 (a)", "<\n" },
		{ "deb", "-", ".", "<\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct run r = RUN(NULL, "vercmp", cases[i].scheme, cases[i].a, cases[i].b);
		assert_int_equal(r.status, 0);
		assert_string_equal(r.out, cases[i].want);
		assert_string_equal(r.err, "");
	}
}

static void batch(void **state)
{
	static const char text[] = "#a\tb\tresult\n1\t2\t-1\n1.0\t1.0-0\n\n2:1\t9\tx\ty\r\n";
	struct run r = RUN(text, "vercmp", "deb", "--batch", "-");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "-1\n0\n1\n");
	r = RUN(text, "vercmp", "--batch", "-", "deb");
	assert_string_equal(r.out, "-1\n0\n1\n");
	r = RUN("1\t2\n3 4\n", "vercmp", "deb", "--batch", "-");
	assert_int_equal(r.status, 2);
	assert_string_equal(r.err, "error: '-' line 2: there is no tab; write 'A<tab>B'\n");
	r = RUN(NULL, "vercmp", "deb", "--batch", "/nonexistent");
	assert_int_equal(r.status, 4);
}

static void wrong_use(void **state)
{
	struct run r = RUN(NULL, "vercmp", "dpkg", "1", "2");
	assert_int_equal(r.status, 2);
	assert_string_equal(
		r.err, "error: unknown scheme 'dpkg'; it must be one of deb, rpm, apk, dotted, "
		       "winget, mac\n");
	assert_string_equal(r.out, "");
	assert_int_equal(RUN(NULL, "vercmp", "deb", "1").status, 2);
	r = RUN(NULL, "no-such-command");
	assert_int_equal(r.status, 2);
	assert_non_null(strstr(r.err, "unknown command 'no-such-command'"));
	r = RUN(NULL, "help");
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.out, "vercmp"));
	r = RUN(NULL, "--version");
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out, "tsukuroi " TSUKUROI_VERSION "\n");
	assert_int_equal(RUN(NULL, NULL).status, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_pair),
		cmocka_unit_test(batch),
		cmocka_unit_test(wrong_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
