/* SPDX-License-Identifier: Apache-2.0
 * One place that writes problems, so that none says more than it should. */
#include "api/problem.h"

#include "base/log.h"

static const struct {
	int status;
	const char *title;
} titles[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 507, "Insufficient Storage" },
};

const char *problem_title(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

void problem_reply(struct http_req *r, const struct problem *p)
{
	const char *detail = p->detail;
	if (p->status == 500) {
		log_error("request %s %s %s failed: %s", http_req_id(r), http_req_method(r),
			  http_req_path(r), detail);
		detail = strcmp(p->code, "io") == 0
				 ? "the server could not read or write its files; its log has the "
				   "cause under this request id"
				 : "the server made a mistake; its log has the cause under this "
				   "request id";
	}
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "type", json_string("about:blank"));
	json_object_set_new(j, "title", json_string(problem_title(p->status)));
	json_object_set_new(j, "status", json_integer(p->status));
	json_object_set_new(j, "detail", json_text(str_of(detail)));
	json_object_set_new(j, "code", json_string(p->code));
	json_object_set_new(j, "request_id", json_string(http_req_id(r)));
	if (p->params)
		json_object_set(j, "params", p->params);
	if (p->errors)
		json_object_set(j, "errors", p->errors);
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 10);
	json_write(j, &b);
	http_reply_header(r, "Cache-Control", "no-store");
	http_reply(r, p->status, "application/problem+json", buf_str(&b));
}
