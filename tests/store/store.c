/* SPDX-License-Identifier: Apache-2.0
 * The store on a real directory: atomic in, verified out, concurrent writers, kill -9 (F01), a full
 * disk (F09; needs root for a small tmpfs, says so when it cannot). */
#include "store/store.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static struct store *s;
static struct err e;

static int open_store(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test-store-XXXXXX");
	return mkdtemp(dir) && store_open(dir, &s, &e) ? 0 : 1;
}

static int remove_store(void **state)
{
	store_close(s);
	s = NULL;
	return file_remove_tree(dir, &e) ? 0 : 1;
}

static int entries(const char *where)
{
	DIR *d = opendir(where);
	int n = 0;
	assert_non_null(d);
	for (struct dirent *ent; (ent = readdir(d));)
		n += ent->d_name[0] != '.';
	closedir(d);
	return n;
}

static int leftovers(void)
{
	AUTO(xfree) char *tmp = file_join(dir, "tmp");
	return entries(tmp);
}

static void put_and_read(void **state)
{
	struct sha256 id, want = digest_of(STR_LIT("hello"));
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	int64_t size = 0;
	assert_true(store_put(s, STR_LIT("hello"), &id, &e));
	assert_true(digest_eq(&id, &want));
	assert_true(store_has(s, &id, &size));
	assert_int_equal(size, 5);
	buf_adds(&b, "before ");
	assert_true(store_read(s, &id, &b, &e));
	assert_string_equal(b.p, "before hello");
	AUTO(xfree) char *path = store_path(s, &id);
	AUTO(xfree)
	char *ends = xasprintf(
		"%s/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", dir);
	assert_string_equal(path, ends);
	assert_true(store_put(s, STR_LIT("hello"), &id, &e)); /* again: fine */
	int fd = -1;
	assert_true(store_read_fd(s, &id, &fd, &size, &e));
	close(fd);
	assert_true(store_remove(s, &id, &e));
	assert_true(store_remove(s, &id, &e));
	assert_false(store_has(s, &id, NULL));
	assert_false(store_read(s, &id, &b, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(leftovers(), 0);
}

static void empty_content(void **state)
{
	struct sha256 id;
	int64_t size = -1;
	AUTO(buf_done) struct buf b = BUF_INIT(10);
	assert_true(store_put(s, STR_LIT(""), &id, &e));
	assert_true(store_has(s, &id, &size));
	assert_int_equal(size, 0);
	assert_true(store_read(s, &id, &b, &e));
}

static void without_commit_nothing(void **state)
{
	struct store_writer *w = NULL;
	struct sha256 id = digest_of(STR_LIT("half"));
	assert_true(store_begin(s, 100, &w, &e));
	assert_true(store_add(w, STR_LIT("half"), &e));
	assert_int_equal(leftovers(), 1);
	assert_false(store_has(s, &id, NULL));
	store_abort(w);
	assert_int_equal(leftovers(), 0);
	assert_false(store_has(s, &id, NULL));
}

static void unexpected_content(void **state)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	struct sha256 expect = digest_of(STR_LIT("wanted")), got = digest_of(STR_LIT("other")),
		      id = { 0 };
	struct sha256 zero = { 0 };
	assert_true(store_begin(s, 100, &w, &e));
	assert_true(store_add(w, STR_LIT("other"), &e));
	assert_false(store_commit(w, &expect, &id, NULL, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_memory_equal(&id, &zero, sizeof(id));
	assert_false(store_has(s, &expect, NULL));
	assert_false(store_has(s, &got, NULL));
	assert_int_equal(leftovers(), 0);
	assert_false(store_commit(w, NULL, &id, NULL, &e)); /* only abort is left */
}

static void size_bounded(void **state)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	assert_true(store_begin(s, 10, &w, &e));
	assert_true(store_add(w, STR_LIT("0123456789"), &e));
	assert_false(store_add(w, STR_LIT("x"), &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(leftovers(), 0);
}

/* F11: a flipped bit is noticed, reported and removed. */
static void F11_corrupt_file_removed(void **state)
{
	struct sha256 id;
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	assert_true(store_put(s, STR_LIT("precious"), &id, &e));
	AUTO(xfree) char *path = store_path(s, &id);
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "P", 1, 0), 1);
	close(fd);
	assert_false(store_read(s, &id, &b, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_int_equal(b.n, 0);
	assert_false(store_has(s, &id, NULL));
}

static char *outside_file(const char *where, const char *content)
{
	char *path = xasprintf("%s/incoming", where);
	if (!file_write_atomic(path, str_of(content), 0600, &e))
		fail_msg("%s", e.msg);
	return path;
}

static void adopt(const char *from)
{
	AUTO(xfree) char *path = outside_file(from, "a package");
	struct sha256 id = digest_of(STR_LIT("a package")), other = digest_of(STR_LIT("x"));
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	assert_false(store_adopt(s, path, &other, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_true(file_exists(path));
	assert_false(store_has(s, &id, NULL));
	if (!store_adopt(s, path, &id, &e))
		fail_msg("%s", e.msg);
	assert_false(file_exists(path));
	assert_true(store_read(s, &id, &b, &e));
	assert_string_equal(b.p, "a package");
	assert_int_equal(leftovers(), 0);
	assert_true(store_remove(s, &id, &e));
}

static void adopt_same_and_other_file_system(void **state)
{
	adopt(dir);
	char shm[] = "/dev/shm/test-store-XXXXXX";
	if (mkdtemp(shm)) {
		adopt(shm);
		rmdir(shm);
	}
	/* A symbolic link is not followed; a file with a second name is copied, not renamed. */
	AUTO(xfree) char *path = outside_file(dir, "twice");
	AUTO(xfree) char *name2 = file_join(dir, "second-name");
	AUTO(xfree) char *slink = file_join(dir, "link");
	struct sha256 id = digest_of(STR_LIT("twice"));
	assert_int_equal(symlink(path, slink), 0);
	assert_false(store_adopt(s, slink, NULL, &e));
	assert_int_equal(link(path, name2), 0);
	assert_true(store_adopt(s, path, NULL, &e));
	int fd = open(name2, O_WRONLY);
	assert_int_equal(pwrite(fd, "TWICE", 5, 0), 5);
	close(fd);
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	assert_true(store_read(s, &id, &b, &e));
}

static void *write_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 30; i++) {
		struct err mine = { 0 };
		char text[64];
		int n = snprintf(text, sizeof(text), "content %d", i % 7);
		if (!store_put(s, (struct str) { text, (size_t)n }, NULL, &mine))
			return xstrdup(mine.msg);
		struct store *again = NULL; /* a sweep while others write */
		if (i % 10 == 0 && !store_open(dir, &again, &mine))
			return xstrdup(mine.msg);
		store_close(again);
	}
	return NULL;
}

static void concurrent_writers(void **state)
{
	pthread_t t[6];
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_many, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		void *msg = NULL;
		pthread_join(t[i], &msg);
		if (msg)
			fail_msg("%s", (char *)msg);
	}
	for (int i = 0; i < 7; i++) {
		char text[64];
		AUTO(buf_done) struct buf b = BUF_INIT(1000);
		int n = snprintf(text, sizeof(text), "content %d", i);
		struct sha256 id = digest_of((struct str) { text, (size_t)n });
		assert_true(store_read(s, &id, &b, &e));
	}
	assert_int_equal(leftovers(), 0);
}

/* Every file in the store has the content its name says. */
static int verify_all(void)
{
	int seen = 0;
	DIR *d = opendir(dir);
	for (struct dirent *ent; (ent = readdir(d));) {
		if (strlen(ent->d_name) != 2 || ent->d_name[0] == '.')
			continue;
		AUTO(xfree) char *sub = file_join(dir, ent->d_name);
		DIR *in = opendir(sub);
		for (struct dirent *file; (file = readdir(in));) {
			if (file->d_name[0] == '.')
				continue;
			AUTO(xfree) char *hex = xasprintf("%s%s", ent->d_name, file->d_name);
			AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
			struct sha256 id;
			assert_true(digest_parse(str_of(hex), &id));
			if (!store_read(s, &id, &b, &e))
				fail_msg("%s", e.msg);
			seen++;
		}
		closedir(in);
	}
	closedir(d);
	return seen;
}

static void F01_killed_at_any_moment(void **state)
{
	int before = 0, after = 0;
	for (int round = 0; round < 25; round++) {
		pid_t pid = fork();
		if (pid == 0) {
			for (;;) {
				char block[20000];
				random_bytes(block, sizeof(block));
				if (!store_put(s, (struct str) { block, sizeof(block) }, NULL,
					       NULL))
					_exit(1);
			}
		}
		usleep(5000 + (useconds_t)random_below(20000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		struct store *again = NULL;
		before += leftovers();
		assert_true(store_open(dir, &again, &e));
		store_close(again);
		after += leftovers();
	}
	assert_int_equal(after, 0);
	int files = verify_all();
	print_message("%d kills: %d files, all right; %d leftovers swept\n", 25, files, before);
	assert_true(files > 0);
}

static void F09_disk_full(void **state)
{
	AUTO(xfree) char *small = file_join(dir, "small");
	assert_int_equal(mkdir(small, 0700), 0);
	if (mount("tmpfs", small, "tmpfs", 0, "size=1m") != 0) {
		print_message("skipped: cannot mount a tmpfs (not root)\n");
		skip();
	}
	struct store *full = NULL;
	struct sha256 id;
	AUTO(buf_done) struct buf big = BUF_INIT(3 << 20);
	memset(buf_reserve(&big, 2 << 20), 'x', 2 << 20);
	big.n = 2 << 20;
	assert_true(store_open(small, &full, &e));
	assert_true(store_put(full, STR_LIT("fits"), &id, &e));
	bool stored = store_put(full, buf_str(&big), NULL, &e);
	AUTO(xfree) char *tmp = file_join(small, "tmp");
	int left = entries(tmp);
	enum err_code code = e.code;
	/* Room again: works again, without reopening. */
	struct sha256 id2;
	bool again = store_put(full, (struct str) { big.p, 500000 }, &id2, &e);
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
	bool readable = store_read(full, &id, &b, &e);
	store_close(full);
	assert_int_equal(umount(small), 0);
	assert_false(stored);
	assert_int_equal(code, ERR_FULL);
	assert_int_equal(left, 0);
	assert_true(again);
	assert_true(readable);
}

static struct sha256 by_sha512(struct str content)
{
	AUTO(digest_free) struct digest *d = digest_new_of(DIGEST_SHA512);
	uint8_t sum[DIGEST_MAX];
	digest_add(d, content.p, content.n);
	digest_end_bytes(d, sum);
	return store_name_of_sha512(sum);
}

/* A vendor who gives SHA-512 alone: expected, found and read by that; elsewhere its SHA-256 counts.
 */
static void named_by_sha512(void **state)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	AUTO(buf_done) struct buf b = BUF_INIT(100);
	struct str content = STR_LIT("a package");
	struct sha256 name = by_sha512(content), id = digest_of(content), got, back;
	assert_true(store_is_other_name(&name));
	assert_false(store_is_other_name(&id));
	assert_false(store_has(s, &name, NULL));
	assert_false(store_known_as(s, &id, &back));
	got = store_resolve(s, &name);
	assert_true(digest_eq(&got, &name));
	assert_true(store_begin(s, 100, &w, &e));
	assert_true(store_add(w, content, &e));
	assert_true(store_commit(w, &name, &got, NULL, &e));
	assert_true(digest_eq(&got, &id));
	assert_true(store_has(s, &name, NULL) && store_has(s, &id, NULL));
	got = store_resolve(s, &name);
	assert_true(digest_eq(&got, &id));
	assert_true(store_known_as(s, &id, &back) && digest_eq(&back, &name));
	assert_true(store_read(s, &name, &b, &e));
	assert_string_equal(b.p, content.p);
	/* gone: nothing is promised any more */
	assert_true(store_remove(s, &id, &e));
	assert_false(store_has(s, &name, NULL));
}

static void other_content_than_its_sha512(void **state)
{
	AUTO(store_abort) struct store_writer *w = NULL;
	struct sha256 name = by_sha512(STR_LIT("wanted")), other = digest_of(STR_LIT("other"));
	assert_true(store_begin(s, 100, &w, &e));
	assert_true(store_add(w, STR_LIT("other"), &e));
	assert_false(store_commit(w, &name, NULL, NULL, &e));
	assert_int_equal(e.code, ERR_UNTRUSTED);
	assert_false(store_has(s, &name, NULL) || store_has(s, &other, NULL));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_store, remove_store)
	const struct CMUnitTest tests[] = {
		T(put_and_read),
		T(empty_content),
		T(without_commit_nothing),
		T(unexpected_content),
		T(named_by_sha512),
		T(other_content_than_its_sha512),
		T(size_bounded),
		T(F11_corrupt_file_removed),
		T(adopt_same_and_other_file_system),
		T(concurrent_writers),
		T(F01_killed_at_any_moment),
		T(F09_disk_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
