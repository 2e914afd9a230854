/* SPDX-License-Identifier: Apache-2.0
 * Long-running work, as the jobs room tells it through struct api_conf. */
#include "api/api_int.h"
#include "api/job_json.h"
#include "api/list.h"
#include "api/words.h"

#define MAX_JOBS 200 /* of those that the jobs room keeps in memory: all of them */
#define MAX_PARAMS 4096

static json_t *message_json(const char *code, const char *params)
{
	if (!code)
		return json_null();
	json_t *j = json_object(), *p = NULL;
	json_object_set_new(j, "code", json_string(code));
	if (params && json_parse(str_of(params), MAX_PARAMS, &p, NULL))
		json_object_set_new(j, "params", p);
	return j;
}

static json_t *step_json(const struct api_job_step *s)
{
	json_t *j = json_object();
	json_object_set_new(j, "code", json_string(s->code));
	json_object_set_new(j, "state", json_string(s->state));
	json_object_set_new(j, "progress", json_real(s->progress));
	json_object_set_new(j, "message", message_json(s->message, s->message_params));
	return j;
}

json_t *job_json(const struct api_job *job)
{
	json_t *j = json_object(), *steps = json_array();
	for (size_t i = 0; i < job->n_steps; i++)
		json_array_append_new(steps, step_json(&job->steps[i]));
	json_object_set_new(j, "id", json_string(job->id));
	json_object_set_new(j, "kind", json_string(job->kind));
	json_object_set_new(j, "state", json_string(job->state));
	json_object_set_new(j, "created", json_time(job->created_ms));
	json_object_set_new(j, "started", json_time(job->started_ms));
	json_object_set_new(j, "finished", json_time(job->finished_ms));
	json_object_set_new(j, "progress", json_real(job->progress));
	json_object_set_new(j, "message", message_json(job->message, job->message_params));
	json_object_set_new(j, "error", words_text_or_null(job->error));
	json_object_set_new(j, "created_by", json_text(str_of(job->created_by)));
	json_object_set_new(j, "steps", steps);
	return j;
}

static const char *word_job_state(unsigned i)
{
	static const char *const words[] = { "queued", "running", "succeeded", "failed",
					     "cancelled" };
	ASSERT(i < ARRAY_LEN(words));
	return words[i];
}
#define JOB_STATES 5

struct shown_jobs {
	const struct api_job *all;
	uint64_t states; /* bits of words; 0 = any */
};
enum { BY_ID, BY_CREATED };

static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct api_job *j = &((struct shown_jobs *)arg)->all[item];
	*out = (struct page_value) { .is_text = column == BY_ID,
				     .i = j->created_ms,
				     .s = str_of(j->id) };
}

static uint32_t failing(void *arg, uint32_t item)
{
	const struct shown_jobs *s = arg;
	for (unsigned i = 0; i < JOB_STATES; i++)
		if (s->states >> i & 1 && strcmp(s->all[item].state, word_job_state(i)) == 0)
			return 0;
	return s->states != 0;
}

static const char *const columns[] = { "id", "created", NULL };
static const struct list_kind kind = {
	.columns = columns, .default_sort = "-created", .value = value, .failing = failing
};

static bool list_jobs(struct call *c, struct err *e)
{
	struct api_job *jobs = NULL;
	struct list_page page;
	size_t n = 0;
	if (!c->conf->jobs_list(c->conf->arg, MAX_JOBS, c->arena, &jobs, &n, e))
		return false;
	struct shown_jobs s = { jobs, query_words(&c->query, "state") };
	if (!list_run(c, &kind, &s, (struct list_input) { NULL, (uint32_t)n }, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, job_json(&jobs[page.items[i]]));
	return call_json(c, 200, list_reply(items, &page));
}

static bool get_job(struct call *c, struct err *e)
{
	struct api_job job;
	return c->conf->job_get(c->conf->arg, call_param(c, 0), c->arena, &job, e) &&
	       call_json(c, 200, job_json(&job));
}

static const struct param jobs_params[] = {
	PARAMS_LIST,
	{ .name = "state", .type = PARAM_WORDS, .word = word_job_state, .words = JOB_STATES },
	PARAM_LAST
};

const struct route jobs_routes[] = {
	ROUTE(GET, API "/jobs", PERM_VIEW, list_jobs, .query = jobs_params),
	ROUTE(GET, API "/jobs/{job_id}", PERM_VIEW, get_job),
	ROUTE_TABLE_END,
};
