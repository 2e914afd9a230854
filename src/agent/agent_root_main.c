/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi-agent-root: the half with rights and without a network. Linked with base, format,
 * crypto, pkgver and proto only: there is no code in it that could speak to a server. */
#include "agent/root/cards.h"
#include "agent/root/leave.h"
#include "agent/root/notices.h"
#include "agent/root/offers.h"
#include "agent/root/rootd.h"
#include "agent/root/runner.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char usage[] = "usage: tsukuroi-agent-root run [--agent-user NAME]\n"
			    "       tsukuroi-agent-root run-job ORDER      (started by 'run')\n"
			    "       tsukuroi-agent-root tell-users ORDER START  (the same)\n"
			    "       tsukuroi-agent-root tell-leaving ORDER TIME  (the same)\n"
			    "       tsukuroi-agent-root tell-offer DEPLOYMENT TIME  (the same)\n"
			    "       tsukuroi-agent-root set-cards on|off  (the same)\n"
			    "options: --config-dir DIR --state-dir DIR --run-dir DIR\n";

static int fail(const struct err *e)
{
	log_error("%s", e->msg);
	return err_exit_status(e->code);
}

static int run(const struct agent_paths *p, const char *user)
{
	struct err e = { 0 };
	AUTO(rootd_free) struct rootd *d = NULL;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	AUTO(fd_close) int stop = signalfd(-1, &set, SFD_CLOEXEC);
	if (!rootd_new(p, user, &d, &e))
		return fail(&e);
	log_info("ready");
	return rootd_run(d, stop, &e) ? 0 : fail(&e);
}

int main(int argc, char **argv)
{
	struct agent_paths paths = agent_paths_default;
	struct err e = { 0 };
	log_init("tsukuroi-agent-root", LOG_INFO);
	argc = agent_paths_take(&paths, argc, argv, &e);
	if (argc < 0)
		return fail(&e);
	if (argc == 3 && strcmp(argv[1], "run-job") == 0)
		return runner_run(&paths, argv[2], &e) ? 0 : fail(&e);
	bool on = argc == 3 && strcmp(argv[2], "on") == 0;
	if (argc == 3 && strcmp(argv[1], "set-cards") == 0 && (on || strcmp(argv[2], "off") == 0))
		return cards_run(&paths, on, &e) ? 0 : fail(&e);
	uint64_t ms;
	bool timed = argc == 4 && str_to_u64(str_of(argv[3]), &ms) && ms < INT64_MAX;
	if (timed && strcmp(argv[1], "tell-users") == 0)
		return notices_show(&paths, argv[2], (int64_t)ms, &e) ? 0 : fail(&e);
	if (timed && strcmp(argv[1], "tell-leaving") == 0)
		return leave_show(&paths, argv[2], (int64_t)ms, &e) ? 0 : fail(&e);
	if (timed && strcmp(argv[1], "tell-offer") == 0)
		return offers_show(&paths, argv[2], (int64_t)ms, &e) ? 0 : fail(&e);
	if (argc == 2 && strcmp(argv[1], "run") == 0)
		return run(&paths, AGENT_USER);
	if (argc == 4 && strcmp(argv[1], "run") == 0 && strcmp(argv[2], "--agent-user") == 0)
		return run(&paths, argv[3]);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("tsukuroi-agent-root %s\n", TSUKUROI_VERSION) < 0;
	fputs(usage, stderr);
	return 2;
}
