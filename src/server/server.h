/* SPDX-License-Identifier: Apache-2.0
 * The whole server, assembled: opens every room in order, listens, and takes everything down again.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H
#include "api/assets.h"
#include "server/options.h"
#include "server/signer.h"

struct server;
/** `signer` was started before any thread. `console` is what the build embedded.
 *  `o` (and its texts) must live as long as the server.
 *  Nothing listens before everything behind it is ready. */
bool server_start(const struct options *o, struct signer *signer, struct asset_table console,
		  struct server **out, struct err *e) MUST_CHECK;
void server_stop(struct server *s);
AUTO_DEFINE(struct server, server_stop)
/** "https://name:port". */
const char *server_url(const struct server *s);
/** The one-time set-up link while no administrator exists, else NULL. */
const char *server_setup_link(const struct server *s);
/** After a restore from a backup, with the server stopped: begins a new epoch (F29). */
bool server_new_epoch(const struct options *o, int64_t *epoch_out, struct err *e) MUST_CHECK;
/** With the server stopped: see verify.h. */
bool server_verify(const struct options *o, struct buf *report, struct err *e) MUST_CHECK;
#endif
