/* SPDX-License-Identifier: Apache-2.0
 * tsukuroid: the server. Reads its options, starts the sign process before any thread, opens the
 * server and waits for a signal. */
#include "base/file.h"
#include "ipc/sandbox.h"
#include "jobs/jobs.h"
#include "server/backup.h"
#include "server/server.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: tsukuroid [--config FILE] [--check | --new-epoch | --verify | --backup DIR |\n"
	"                 --restore DIR] [--version]\n"
	"The Tsukuroi server: console and API (HTTPS 8383), agents (HTTPS 8027).\n"
	"  --config FILE   configuration; default /etc/tsukuroi/tsukuroid.conf when it exists\n"
	"  --check         read the configuration, say whether it is good, and exit\n"
	"  --new-epoch     after a database was restored from a backup: agents report how they\n"
	"                  stand before they get orders again; the server must be stopped\n"
	"  --verify        look for damage in everything that is stored; the server must be stopped\n"
	"  --backup DIR    makes a copy of the database and the keys, DIR/tsukuroi-TIME; the server may\n"
	"                  run meanwhile\n"
	"  --restore DIR   puts such a copy back; the server must be stopped\n";

static int fail(const struct err *e)
{
	log_error("%s", e->msg);
	return err_exit_status(e->code);
}

static void raise_descriptors(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Large buffers go back to the system when they are freed. By itself malloc keeps, in each thread's
 * arena, as much as the largest body that ever came: 16 workers would hold half a gigabyte. */
#define KEEP_BELOW (2 << 20)

static int serve(const struct options *o)
{
	struct err e = { 0 };
	mallopt(M_MMAP_THRESHOLD, KEEP_BELOW);
	mallopt(M_TRIM_THRESHOLD, 2 * KEEP_BELOW);
	AUTO(xfree) char *tls = file_join(o->state_dir, "tls");
	AUTO(xfree) char *key = file_join(tls, "deploy.key");
	umask(027);
	raise_descriptors();
	if (!file_mkdirs(o->state_dir, 0750, &e) || !file_mkdirs(tls, 0700, &e))
		return fail(&e);
	AUTO(signer_stop) struct signer *signer = NULL;
	if (!signer_start(key, &signer, &e))
		return fail(&e);
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	AUTO(server_stop) struct server *server = NULL;
	if (!server_start(o, signer, (struct asset_table) { console_assets, console_assets_n },
			  &server, &e))
		return fail(&e);
	log_info("ready: %s", server_url(server));
	if (!sandbox_landlock())
		log_warn("this kernel has no Landlock: the processes that fetch and that check "
			 "signatures are not kept from other files of this user");
	if (server_setup_link(server))
		log_info("no administrator yet; open this one-time link within 24 hours: %s",
			 server_setup_link(server));
	int got;
	sigwait(&stop, &got);
	log_info("stopping");
	return 0;
}

static int new_epoch(const struct options *o)
{
	struct err e = { 0 };
	int64_t epoch;
	umask(027);
	if (!server_new_epoch(o, &epoch, &e))
		return fail(&e);
	printf("epoch %lld begins; start the server\n", (long long)epoch);
	return 0;
}

static int verify(const struct options *o)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf report = BUF_INIT(16u << 10);
	umask(027);
	bool good = server_verify(o, &report, &e);
	printf("%.*s", STR_ARG(buf_str(&report)));
	return good ? 0 : fail(&e);
}

static int backup(const struct options *o, const char *dir)
{
	struct err e = { 0 };
	AUTO(xfree) char *name = NULL;
	umask(077);
	if (!server_backup(o, dir, &name, &e))
		return fail(&e);
	printf("backed up: %s\n", name);
	return 0;
}

static int restore(const struct options *o, const char *dir)
{
	struct err e = { 0 };
	umask(077);
	if (!server_restore(o, dir, &e))
		return fail(&e);
	printf("restored, a new epoch begins; start the server\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument, NULL, 'c' },
					       { "check", no_argument, NULL, 'k' },
					       { "verify", no_argument, NULL, 'y' },
					       { "new-epoch", no_argument, NULL, 'e' },
					       { "backup", required_argument, NULL, 'b' },
					       { "restore", required_argument, NULL, 'r' },
					       { "version", no_argument, NULL, 'v' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	role_main(argc, argv, jobs_roles);
	const char *config = NULL, *to = NULL, *from = NULL;
	bool check = false, epoch = false, look = false;
	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		switch (c) {
		case 'c': config = optarg; break;
		case 'k': check = true; break;
		case 'e': epoch = true; break;
		case 'y': look = true; break;
		case 'b': to = optarg; break;
		case 'r': from = optarg; break;
		case 'v': printf("tsukuroid %s\n", TSUKUROI_VERSION); return 0;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return 2;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	log_init("tsukuroid", LOG_INFO);
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct options o;
	if (!options_load(config, &a, &o, &e))
		return fail(&e);
	enum log_level level = LOG_INFO;
	bool known UNUSED = log_level_parse(o.log_level, &level);
	log_init("tsukuroid", level);
	if (check) {
		printf("the configuration is good\n");
		return 0;
	}
	if (from)
		return restore(&o, from);
	if (!server_restore_finish(&o, &e))
		return fail(&e);
	if (to)
		return backup(&o, to);
	if (look)
		return verify(&o);
	return epoch ? new_epoch(&o) : serve(&o);
}
