/* SPDX-License-Identifier: Apache-2.0
 * Messages over a real socket pair: whole, in pieces, too large, cut off, with descriptors. */
#include "ipc/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];
static struct err e;

static int open_pair(void **state)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	fd_close(pair[0]);
	fd_close(pair[1]);
	return 0;
}

static void a_message_with_descriptors(void **state)
{
	AUTO(frame_done) struct frame f = FRAME_INIT(100);
	int p[2];
	char c = 0;
	assert_int_equal(pipe(p), 0);
	assert_true(frame_send(pair[0], 7, STR_LIT("hello"), &p[1], 1, &e));
	assert_true(frame_receive(pair[1], 1000, &f, &e));
	assert_int_equal(f.kind, 7);
	assert_true(str_is(buf_str(&f.body), "hello"));
	assert_int_equal(f.n_fds, 1);
	AUTO(fd_close) int fd = frame_take_fd(&f, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(p[0], &c, 1), 1);
	assert_int_equal(c, 'x');
	assert_int_equal(frame_take_fd(&f, 0), -1);
	assert_int_equal(frame_take_fd(&f, 1), -1);
	assert_true(frame_send(pair[0], 8, STR_LIT(""), NULL, 0, &e));
	assert_true(frame_receive(pair[1], 1000, &f, &e));
	assert_int_equal(f.body.n + f.n_fds, 0);
	close(p[0]);
	close(p[1]);
}

static void descriptors_not_taken_are_closed(void **state)
{
	int fd;
	{
		AUTO(frame_done) struct frame f = FRAME_INIT(100);
		int p[2];
		assert_int_equal(pipe(p), 0);
		assert_true(frame_send(pair[0], 1, STR_LIT("x"), p, 2, &e));
		assert_true(frame_receive(pair[1], 1000, &f, &e));
		fd = f.fds[1];
		close(p[0]);
		close(p[1]);
	}
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void hostile_lengths(void **state)
{
	AUTO(frame_done) struct frame f = FRAME_INIT(100);
	assert_int_equal(write(pair[0], "\xff\xff\xff\xff\x01", 5), 5);
	assert_false(frame_receive(pair[1], 1000, &f, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(f.body.cap < 4096);
}

static void silence_and_end(void **state)
{
	AUTO(frame_done) struct frame f = FRAME_INIT(100);
	assert_false(frame_receive(pair[1], 20, &f, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_int_equal(write(pair[0], "\x05\x00\x00\x00\x01he", 7), 7);
	fd_close(pair[0]);
	pair[0] = -1;
	assert_false(frame_receive(pair[1], 1000, &f, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_false(frame_send(pair[1], 1, STR_LIT("x"), NULL, 0, &e)); /* and no SIGPIPE */
	assert_int_equal(e.code, ERR_UNAVAILABLE);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
		T(a_message_with_descriptors),
		T(descriptors_not_taken_are_closed),
		T(hostile_lengths),
		T(silence_and_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
