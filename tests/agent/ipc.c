/* SPDX-License-Identifier: Apache-2.0
 * The local socket when the other half dies: whoever asks is told that it is away, so that it asks
 * again (F15, F16). */
#include "agent/ipc.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum death { BEFORE_READING, AFTER_READING, IN_THE_ANSWER };

/* A peer that takes one connection and dies as told. */
static pid_t peer(int listener, enum death death)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	struct err e;
	json_t *request;
	uid_t uid;
	int fd;
	if (!ipc_accept(listener, &fd, &uid, &e))
		_exit(1);
	if (death == BEFORE_READING) {
		struct pollfd p = { fd, POLLIN, 0 };
		(void)poll(&p, 1, 10000); /* what it never reads makes the end a reset */
	} else if (!ipc_recv(fd, 10000, &request, &e)) {
		_exit(1);
	}
	if (death == IN_THE_ANSWER && send(fd, "\0\0", 2, 0) != 2)
		_exit(1);
	_exit(0);
}

static void F_16_a_peer_that_dies_is_away(void **state)
{
	char dir[] = "/tmp/tsukuroi-ipc.XXXXXX", path[60];
	struct err e = { 0 };
	int listener = -1, status;
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_true(ipc_listen(path, 0600, &listener, &e));
	for (enum death d = BEFORE_READING; d <= IN_THE_ANSWER; d++) {
		AUTO(json_free) json_t *request = json_pack("{s:s}", "verb", "hello");
		AUTO(json_free) json_t *reply = NULL;
		pid_t pid = peer(listener, d);
		assert_false(ipc_call(path, request, 10000, &reply, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	close(listener);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F_16_a_peer_that_dies_is_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
