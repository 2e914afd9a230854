/* SPDX-License-Identifier: Apache-2.0
 * Files for agents: only what the current catalog names, as payload or as a signed part of an
 * archive, and the signed scripts of policies. The content is checked by whoever gets it; the store
 * keeps only what has the digest it is named by. */
#include "api/agent_work.h"
#include "api/api_int.h"
#include "deploy/orders/scripts.h"

#define RETRY_S "5"

static bool is_archive_file(const struct catalog *cat, const struct sha256 *d)
{
	for (uint32_t i = 0; i < cat->n_archive_files; i++)
		if (digest_eq(&cat->archive_files[i].sha256, d))
			return true;
	return false;
}

static bool send_script(struct call *c, const struct sha256 *digest, struct err *e)
{
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	if (agent_call_later(c))
		return true;
	if (!script_sealed(c->conf->deploy, digest, &sealed, e))
		return e->code != ERR_NOT_FOUND
			       ? false
			       : call_fail(c, e, 404, "not_offered",
					   "this file is not part of what the server has synced");
	http_reply_header(c->req, "Cache-Control", "no-store");
	http_reply(c->req, 200, "application/octet-stream", buf_str(&sealed));
	return true;
}

bool agent_file(struct call *c, struct err *e)
{
	struct sha256 digest, name;
	uint32_t component;
	bool offered;
	int fd;
	int64_t size;
	if (!digest_parse(c->params[0], &digest))
		return call_fail(c, e, 404, "not_offered", "a file is named by 64 hex digits");
	struct match_view v;
	match_read(c->conf->match, &v);
	AUTO(catalog_unref) struct catalog *cat = catalog_ref((struct catalog *)v.catalog);
	match_read_end(&v);
	component = catalog_find_payload(cat, &digest);
	if (component == CATALOG_NONE && store_known_as(c->conf->store, &digest, &name))
		component = catalog_find_payload(cat, &name);
	offered = component != CATALOG_NONE || is_archive_file(cat, &digest);
	if (!offered)
		return send_script(c, &digest, e);
	if (store_read_fd(c->conf->store, &digest, &fd, &size, e)) {
		http_reply_header(c->req, "Cache-Control", "no-store");
		http_reply_fd(c->req, 200, "application/octet-stream", fd, size);
		return true;
	}
	if (e->code != ERR_NOT_FOUND)
		return false;
	if (component != CATALOG_NONE)
		c->conf->want_payload(c->conf->arg, cat, &component, 1);
	http_reply_header(c->req, "Retry-After", RETRY_S);
	return call_fail(c, e, 503, "fetching",
			 "the server is fetching this file from the vendor; try again soon");
}
