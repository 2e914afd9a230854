/* SPDX-License-Identifier: Apache-2.0
 * base/file.h in a directory of its own: bounded reads, atomic writes, trees, locks. */
#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/tsukuroi-file-XXXXXX";

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	struct err e = { 0 };
	return file_remove_tree(dir, &e) && !file_exists(dir) ? 0 : -1;
}

static void write_and_read(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *path = file_join(dir, "a");
	assert_true(file_write_atomic(path, STR_LIT("one\0two"), 0640, &e));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	AUTO(buf_done) struct buf b = BUF_INIT(7);
	assert_true(file_read(path, &b, &e));
	assert_true(str_eq(buf_str(&b), STR_LIT("one\0two")));
	AUTO(buf_done) struct buf small = BUF_INIT(6);
	assert_false(file_read(path, &small, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(file_write_atomic(path, STR_LIT(""), 0600, &e));
	buf_reset(&b);
	assert_true(file_read(path, &b, &e));
	assert_int_equal(b.n, 0);
	assert_false(file_read(dir, &b, &e));
	assert_int_equal(e.code, ERR_INVALID);
	AUTO(xfree) char *none = file_join(dir, "none");
	assert_false(file_read(none, &b, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	AUTO(xfree) char *deep = file_join(none, "x");
	assert_false(file_write_atomic(deep, STR_LIT("x"), 0600, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(file_free_bytes(dir) > 0);
	assert_int_equal(file_free_bytes(none), -1);
}

/* A write that fails leaves the old content, and nothing beside it. */
static void failed_write(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *sub = file_join(dir, "target");
	AUTO(xfree) char *in_it = file_join(sub, "f");
	assert_true(file_mkdirs(sub, 0700, &e));
	assert_true(file_write_atomic(in_it, STR_LIT("x"), 0600, &e));
	assert_false(
		file_write_atomic(sub, STR_LIT("y"), 0600, &e)); /* a directory is in the way */
	AUTO(buf_done) struct buf b = BUF_INIT(10);
	assert_true(file_read(in_it, &b, &e));
	assert_string_equal(b.p, "x");
	AUTO(fd_close) int full = open("/dev/full", O_WRONLY);
	if (full >= 0) {
		assert_false(file_write_fd(full, STR_LIT("x"), "full", &e));
		assert_int_equal(e.code, ERR_FULL);
	}
}

static void directories(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *deep = file_join(dir, "x/y/z");
	AUTO(xfree) char *slash = file_join(dir, "x/y/z/");
	AUTO(xfree) char *file = file_join(dir, "x/file");
	AUTO(xfree) char *below = file_join(dir, "x/file/d");
	assert_true(file_mkdirs(deep, 0700, &e));
	assert_true(file_mkdirs(deep, 0755, &e));
	assert_true(file_mkdirs(slash, 0755, &e));
	assert_true(file_mkdirs("/", 0755, &e));
	struct stat st;
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(file_write_atomic(file, STR_LIT("x"), 0600, &e));
	assert_false(file_mkdirs(file, 0700, &e));
	assert_false(file_mkdirs(below, 0700, &e));
	assert_false(file_mkdirs("", 0700, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static void remove_tree(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *tree = file_join(dir, "tree");
	AUTO(xfree) char *deep = file_join(tree, "a/b/c");
	AUTO(xfree) char *link = file_join(tree, "a/link");
	AUTO(xfree) char *outside = file_join(dir, "outside");
	AUTO(xfree) char *kept = file_join(outside, "kept");
	assert_true(file_mkdirs(deep, 0700, &e) && file_mkdirs(outside, 0700, &e));
	assert_true(file_write_atomic(kept, STR_LIT("x"), 0600, &e));
	assert_int_equal(symlink(outside, link), 0);
	assert_true(file_remove_tree(tree, &e));
	assert_false(file_exists(tree));
	assert_true(file_exists(kept)); /* the link was removed, not what it pointed to */
	assert_true(file_remove_tree(tree, &e));
	AUTO(xfree) char *top = file_join(dir, "top");
	assert_int_equal(symlink(outside, top), 0);
	assert_true(file_remove_tree(top, &e));
	assert_true(file_exists(kept));
	assert_false(file_exists(top));
}

static void locks(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *path = file_join(dir, "lock");
	int fd = -1, other = -1;
	assert_true(file_lock(path, &fd, &e));
	assert_false(file_lock(path, &other, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	char pid[24];
	snprintf(pid, sizeof(pid), "pid %d)", (int)getpid());
	assert_non_null(strstr(e.msg, pid));
	assert_int_equal(other, -1);
	fd_close(fd);
	assert_true(file_lock(path, &other, &e));
	fd_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_and_read), cmocka_unit_test(failed_write),
		cmocka_unit_test(directories),	  cmocka_unit_test(remove_tree),
		cmocka_unit_test(locks),
	};
	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
