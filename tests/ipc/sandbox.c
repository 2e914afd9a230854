/* SPDX-License-Identifier: Apache-2.0
 * The three sandboxes from inside (G17): this program is started again as a role, enters one, and
 * tries what it must not be able to do. What each says is checked here, outside. */
#include "ipc/sandbox.h"
#include "base/file.h"
#include "ipc/frame.h"
#include "ipc/role.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DIR "/tmp/test-sandbox-files"

/* --- inside --- */

static bool can_read(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY);
	return fd >= 0;
}

static bool can_write(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT, 0600);
	return fd >= 0;
}

static bool can_socket(int family)
{
	AUTO(fd_close) int fd = socket(family, SOCK_STREAM, 0);
	return fd >= 0;
}

static bool can_listen(void)
{
	AUTO(fd_close) int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd >= 0 && listen(fd, 1) == 0;
}

static bool can_run(void)
{
	static char *const argv[] = { (char *)(uintptr_t) "true", NULL };
	pid_t pid = fork();
	if (pid == 0) {
		execv("/bin/true", argv);
		_exit(1);
	}
	int status = 1;
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int inside(int fd, enum sandbox_kind kind)
{
	static const char *const read_list[] = { DIR "/allowed", DIR "/missing", NULL };
	struct sandbox box = { .kind = kind, .read = read_list, .memory = (int64_t)1 << 30 };
	struct err e = { 0 };
	pid_t parent = getppid();
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	if (!sandbox_enter(&box, &e)) {
		buf_adds(&b, e.msg);
	} else {
		const struct {
			const char *what;
			bool can;
		} tries[] = {
			{ "allowed", can_read(DIR "/allowed/file") },
			{ "other", can_read(DIR "/other/file") },
			{ "passwd", can_read("/etc/shadow") },
			{ "parent", can_read("/proc/1/maps") },
			{ "write", can_write(DIR "/allowed/file") },
			{ "create", can_write(DIR "/allowed/new") },
			{ "unlink", unlink(DIR "/allowed/file") == 0 },
			{ "chmod", chmod(DIR "/allowed/file", 0777) == 0 },
			{ "inet", can_socket(AF_INET) },
			{ "unix", can_socket(AF_UNIX) },
			{ "listen", can_listen() },
			{ "run", can_run() },
			{ "kill", kill(parent, 0) == 0 },
			{ "ptrace", ptrace(PTRACE_ATTACH, parent, 0, 0) == 0 },
		};
		for (size_t i = 0; i < ARRAY_LEN(tries); i++)
			if (tries[i].can)
				buf_printf(&b, "%s ", tries[i].what);
	}
	return frame_send(fd, 1, buf_str(&b), NULL, 0, &e) ? 0 : 1;
}

static int compute(int fd)
{
	return inside(fd, SANDBOX_COMPUTE);
}

static int network(int fd)
{
	return inside(fd, SANDBOX_NETWORK);
}

static int runs(int fd)
{
	return inside(fd, SANDBOX_RUN);
}

static int hangs(int fd)
{
	struct err e;
	return frame_send(fd, 1, STR_LIT("here"), NULL, 0, &e) ? pause() : 1;
}

static int ends(int fd)
{
	return 7;
}

/* Descriptors and environment of the parent must not be there. */
static int inherits(int fd)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct err e;
	for (int i = 4; i < 1000; i++)
		if (fcntl(i, F_GETFD) >= 0)
			buf_printf(&b, "descriptor %d ", i);
	if (getenv("TEST_SECRET"))
		buf_adds(&b, "secret");
	return frame_send(fd, 1, buf_str(&b), NULL, 0, &e) ? 0 : 1;
}

/* --- outside --- */

static const char *what_can(const char *role)
{
	static char said[4096];
	AUTO(frame_done) struct frame f = FRAME_INIT(4096);
	struct role_child r;
	struct err e = { 0 };
	if (!role_start(role, &r, &e) || !frame_receive(r.fd, 30000, &f, &e))
		fail_msg("%s", e.msg);
	role_end(&r, 5000, NULL);
	snprintf(said, sizeof(said), "%.*s", STR_ARG(buf_str(&f.body)));
	return said;
}

static void G17_compute_can_do_nothing(void **state)
{
	assert_string_equal(what_can("compute"), "");
}

static void need_landlock(void)
{
	if (!sandbox_landlock()) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
}

static void G17_network_reads_what_it_was_told(void **state)
{
	need_landlock();
	assert_string_equal(what_can("network"), "allowed inet ");
}

static void G17_run_has_no_socket_and_writes_nothing(void **state)
{
	need_landlock();
	assert_string_equal(what_can("runs"), "allowed run ");
}

static void a_role_inherits_nothing(void **state)
{
	int leak = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, 100); /* not close-on-exec */
	setenv("TEST_SECRET", "x", 1);
	assert_string_equal(what_can("inherits"), "");
	fd_close(leak);
}

static void endings(void **state)
{
	struct role_child r;
	struct role_ending how;
	struct err e = { 0 };
	char said[120];
	AUTO(frame_done) struct frame f = FRAME_INIT(100);
	assert_true(role_start("hangs", &r, &e) && frame_receive(r.fd, 30000, &f, &e));
	role_end(&r, 50, &how);
	assert_true(how.we_killed);
	role_say_ending(&how, said, sizeof(said));
	assert_string_equal(said, "did not answer and was ended");
	assert_int_equal(r.pid, 0);
	assert_true(role_start("ends", &r, &e));
	assert_false(frame_receive(r.fd, 30000, &f, &e)); /* it has ended */
	role_end(&r, 5000, &how);
	assert_int_equal(how.exit_status, 7);
	assert_true(role_start("hangs", &r, &e));
	kill(r.pid, SIGKILL);
	role_end(&r, 5000, &how);
	role_say_ending(&how, said, sizeof(said));
	assert_string_equal(said, "died of signal 9 (Killed)");
	assert_true(role_start("nonsense", &r, &e));
	assert_false(frame_receive(r.fd, 30000, &f, &e));
	role_end(&r, 5000, &how);
	assert_int_equal(how.exit_status, 2);
	struct role_child none = ROLE_NONE;
	role_end(&none, 0, &how);
}

static int make_files(void **state)
{
	struct err e = { 0 };
	return file_remove_tree(DIR, &e) && file_mkdirs(DIR "/allowed", 0755, &e) &&
			       file_mkdirs(DIR "/other", 0755, &e) &&
			       file_write_atomic(DIR "/allowed/file", STR_LIT("x"), 0644, &e) &&
			       file_write_atomic(DIR "/other/file", STR_LIT("x"), 0644, &e)
		       ? 0
		       : 1;
}

static int remove_files(void **state)
{
	struct err e = { 0 };
	return file_remove_tree(DIR, &e) ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct role_entry roles[] = {
		{ "compute", compute }, { "network", network }, { "runs", runs },
		{ "hangs", hangs },	{ "ends", ends },	{ "inherits", inherits },
		{ NULL, NULL },
	};
	role_main(argc, argv, roles);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(G17_compute_can_do_nothing),
		cmocka_unit_test(G17_network_reads_what_it_was_told),
		cmocka_unit_test(G17_run_has_no_socket_and_writes_nothing),
		cmocka_unit_test(a_role_inherits_nothing),
		cmocka_unit_test(endings),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
