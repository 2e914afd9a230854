/* SPDX-License-Identifier: Apache-2.0
 * A vendor's OpenPGP key made for one test, and what it signs. */
#ifndef TESTS_FEEDS_KEYS_H
#define TESTS_FEEDS_KEYS_H
#include "base/file.h"
#include "base/proc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline bool keys_gpg(const char *home, const char *const *words, struct str input,
			    struct buf *out)
{
	const char *argv[24] = { "gpg", "--batch", "--homedir", home, "--passphrase", "" };
	size_t n = 6;
	AUTO(buf_done) struct buf noise = BUF_INIT(1u << 20);
	struct err e = { 0 };
	for (; words[n - 6]; n++)
		argv[n] = words[n - 6];
	argv[n] = NULL;
	struct proc_spec spec = { .argv = argv, .input = input, .timeout_s = 600 };
	struct proc_result res = { 0 };
	return proc_run(&spec, out, &noise, &res, &e) && res.exit_status == 0;
}

/** Makes a vendor's key "Repo <r@example.org>" in the directory `home`: its public half. False
 * where there is no gpg. */
static inline bool keys_make(const char *home, struct buf *key)
{
	static const char *const make[] = { "--quick-gen-key", "Repo <r@example.org>", "ed25519",
					    "sign", NULL };
	static const char *const export[] = { "--export", NULL };
	AUTO(buf_done) struct buf none = BUF_INIT(1u << 20);
	return keys_gpg(home, make, STR_LIT(""), &none) && keys_gpg(home, export, STR_LIT(""), key);
}

/** A detached signature with it. */
static inline bool keys_sign(const char *home, struct str document, struct buf *signature)
{
	static const char *const sign[] = { "--detach-sign", "--armor", "--output", "-", NULL };
	buf_reset(signature);
	return keys_gpg(home, sign, document, signature);
}

static inline void keys_done(const char *home)
{
	const char *stop[] = { "gpgconf", "--homedir", home, "--kill", "gpg-agent", NULL };
	AUTO(buf_done) struct buf none = BUF_INIT(1u << 20);
	struct proc_spec spec = { .argv = stop, .timeout_s = 600 };
	struct proc_result res;
	struct err e = { 0 };
	assert_true(proc_run(&spec, &none, NULL, &res, &e));
	assert_true(file_remove_tree(home, &e));
}
#endif
