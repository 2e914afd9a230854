/* SPDX-License-Identifier: Apache-2.0
 * A deploy key and sealed orders for tests/agent/endpoint.sh: what a server's sign process does.
 *   seal key DIR               writes DIR/deploy.key and DIR/deploy.pub
 *   seal order KEYFILE         order JSON on stdin, envelope on stdout
 * The order is parsed and written anew, so that only what the house's own reader accepts is sealed;
 * `seal raw KEYFILE` signs any bytes (for orders an agent must refuse). */
#include "base/enc.h"
#include "base/file.h"
#include "proto/order.h"

#include <stdio.h>

static int fail(const struct err *e)
{
	fprintf(stderr, "seal: %s\n", e->msg);
	return 1;
}

static int make_key(const char *dir)
{
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = NULL;
	AUTO(buf_done) struct buf pem = BUF_INIT(10000);
	AUTO(xfree) char *key_path = file_join(dir, "deploy.key");
	AUTO(xfree) char *pub_path = file_join(dir, "deploy.pub");
	uint8_t pub[SIGN_PUBLIC_LEN];
	char hex[2 * SIGN_PUBLIC_LEN + 2];
	if (!sign_key_new(&k, &e) || !sign_key_save(k, &pem, &e) ||
	    !file_write_atomic(key_path, buf_str(&pem), 0600, &e))
		return fail(&e);
	sign_key_public(k, pub);
	enc_hex(pub, sizeof(pub), hex);
	hex[2 * SIGN_PUBLIC_LEN] = '\n';
	if (!file_write_atomic(pub_path, (struct str) { hex, sizeof(hex) - 1 }, 0644, &e))
		return fail(&e);
	return 0;
}

static int seal(const char *key_path, bool raw)
{
	struct err e = { 0 };
	AUTO(sign_key_free) struct sign_key *k = NULL;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf pem = BUF_INIT(10000), in = BUF_INIT(ORDER_MAX);
	AUTO(buf_done) struct buf canonical = BUF_INIT(ORDER_MAX), out = BUF_INIT(2 * ORDER_MAX);
	struct order o;
	if (!file_read(key_path, &pem, &e) || !sign_key_load(buf_str(&pem), &k, &e) ||
	    !file_read_fd(0, &in, "standard input", &e))
		return fail(&e);
	if (!raw) {
		if (!order_parse(str_trim(buf_str(&in)), &a, &o, &e))
			return fail(&e);
		order_write(&o, &canonical);
	}
	if (!order_seal(raw ? buf_str(&in) : buf_str(&canonical), k, &out, &e) ||
	    !file_write_fd(1, buf_str(&out), "standard output", &e))
		return fail(&e);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "key") == 0)
		return make_key(argv[2]);
	if (argc == 3 && strcmp(argv[1], "order") == 0)
		return seal(argv[2], false);
	if (argc == 3 && strcmp(argv[1], "raw") == 0)
		return seal(argv[2], true);
	fprintf(stderr, "usage: seal key DIR | order KEY | raw KEY\n");
	return 2;
}
