/* SPDX-License-Identifier: Apache-2.0
 * P13, our side: serves one file as the server and its agents' gateway do (http_reply_fd), plain
 * and over TLS, until its standard input ends. bench/p13_files.py starts it, starts the peer,
 * downloads and compares: p13_files FILE CERT KEY. Prints the two ports. */
#include "base/file.h"
#include "net/http_server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void serve(void *path, struct http_req *r)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0)
		http_reply_fd(r, 200, "application/octet-stream", fd, st.st_size);
	else
		http_reply(r, 404, "text/plain", STR_LIT("the file is gone"));
}

static void start(struct http_server_conf conf, const char *cert, const char *key,
		  struct http_server **out)
{
	struct err e = { 0 };
	conf.cert_pem = cert;
	conf.key_pem = key;
	if (http_server_start(&conf, out, &e))
		return;
	fprintf(stderr, "cannot measure: %s\n", e.msg);
	exit(2);
}

int main(int argc, char **argv)
{
	AUTO(buf_done) struct buf cert = BUF_INIT(65536), key = BUF_INIT(65536);
	AUTO(http_server_stop) struct http_server *plain = NULL, *tls = NULL;
	struct err e = { 0 };
	if (argc != 4 || !file_read(argv[2], &cert, &e) || !file_read(argv[3], &key, &e)) {
		fprintf(stderr, "usage: p13_files FILE CERT KEY; %s\n", e.msg);
		return 2;
	}
	struct http_server_conf conf = { .address = "127.0.0.1",
					 .threads = 1,
					 .max_connections = 64,
					 .idle_timeout_s = 60,
					 .handler = serve,
					 .arg = argv[1] };
	start(conf, NULL, NULL, &plain);
	start(conf, cert.p, key.p, &tls);
	printf("plain=%u tls=%u\n", http_server_port(plain), http_server_port(tls));
	fflush(stdout);
	char c;
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}
