/* SPDX-License-Identifier: Apache-2.0
 * How the tests of deployments and of their policies speak: as a technician. */
#ifndef DEPLOYING_H
#define DEPLOYING_H
#include "world.h"

#define SSL "debian:12:openssl:3.0.2-1"

__attribute__((unused)) static void post(struct world *w, const char *path, const char *body,
					 const char *key, struct reply *out)
{
	struct who t = as(w, ROLE_TECHNICIAN);
	AUTO(xfree) char *line = key ? xasprintf("Idempotency-Key: %s", key) : NULL;
	const char *extra[] = { line, NULL };
	request(w, &t, "POST", path, body, extra, out);
}

__attribute__((unused)) static void get(struct world *w, const char *path, struct reply *out)
{
	struct who t = as(w, ROLE_TECHNICIAN);
	request(w, &t, "GET", path, NULL, NULL, out);
}

__attribute__((unused)) static char *preview(struct world *w, const char *selection)
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *body = xasprintf("{%s}", selection);
	post(w, "/api/v1/deployments:preview", body, NULL, &r);
	expect(&r, 200, NULL);
	return xstrdup(text_at(r.json, "preview_token"));
}

__attribute__((unused)) static char *creation(const char *selection, const char *token)
{
	return xasprintf("{%s,\"preview_token\":\"%s\"}", selection, token);
}
#endif
