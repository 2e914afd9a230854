/* SPDX-License-Identifier: Apache-2.0
 * GET /events, and the contract itself. */
#include "api/api_int.h"
#include "api/call.h"
#include "api/openapi.h"

static const char *word_topic(unsigned i)
{
	return event_topic_name((enum event_topic)i);
}

static bool get_events(struct call *c, struct err *e)
{
	uint64_t topics = query_words(&c->query, "topics");
	unsigned mask = topics ? (unsigned)topics : (1u << EVENT_TOPICS_) - 1;
	if (strcmp(http_req_method(c->req), "GET") != 0)
		return call_fail(c, e, 405, "method_not_allowed",
				 "a stream can only be read with GET");
	if (!events_attach(c->api->events, c->req, mask, http_req_header(c->req, "Last-Event-ID")))
		return err_set(e, ERR_UNAVAILABLE, "too many event streams are open");
	return true;
}

static bool get_openapi(struct call *c, struct err *e)
{
	(void)e;
	return call_text(c, 200, "application/yaml", openapi_text());
}

static const struct param events_params[] = {
	{ .name = "topics", .type = PARAM_WORDS, .word = word_topic, .words = EVENT_TOPICS_ },
	PARAM_LAST
};

const struct route event_routes[] = {
	ROUTE(GET, API "/events", PERM_VIEW, get_events, .query = events_params),
	ROUTE(GET, API "/openapi.yaml", PERM_SELF, get_openapi),
	ROUTE_TABLE_END,
};
