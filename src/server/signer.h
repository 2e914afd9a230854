/* SPDX-License-Identifier: Apache-2.0
 * The sign process: holds the online deployment key and nothing else; seals orders it is given over
 * a socket pair. It parses every order before it signs, and signs only installs of this
 * organisation: the rest of the server cannot make it sign anything else. */
#ifndef SERVER_SIGNER_H
#define SERVER_SIGNER_H
#include "base/buf.h"
#include "crypto/sign.h"

struct signer;
/** Forks the process; the key at `key_path` is made when there is none. Call before starting
 * threads. */
bool signer_start(const char *key_path, struct signer **out, struct err *e) MUST_CHECK;
/** Tells the process which organisation's orders it may sign; only the first call counts. */
bool signer_bind(struct signer *s, const char *org, struct err *e) MUST_CHECK;
/** 64 hex digits. */
const char *signer_public(const struct signer *s);
/** deploy_signer.seal; `arg` is the struct signer. Any thread. */
bool signer_seal(void *arg, struct str order_json, struct buf *envelope, struct err *e) MUST_CHECK;
void signer_stop(struct signer *s);
AUTO_DEFINE(struct signer, signer_stop)
#endif
