/* SPDX-License-Identifier: Apache-2.0
 * The program `tsukuroi`: the commands of its room, and one thing more: output that could not be
 * written is a failure. */
#include "base/err.h"
#include "cli/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_DFL);
	int status = commands_run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "error: cannot write the output: %s\n", strerror(errno));
		return err_exit_status(ERR_IO);
	}
	return status;
}
