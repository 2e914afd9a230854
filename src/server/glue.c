/* SPDX-License-Identifier: Apache-2.0
 * One-call adapters between rooms. No decisions here. */
#include "server/glue.h"
#include "base/log.h"
#include "feeds/sandbox/package.h"
#include "format/json.h"
#include "net/wol.h"
#include "server/node.h"
#include "settings/settings.h"

const struct api_installer glue_installers[] = {
	{ "debian", "tsukuroi-agent enroll --server {url} --token {token}" },
};
const size_t glue_installers_n = ARRAY_LEN(glue_installers);

void glue_init(struct glue *g)
{
	pthread_rwlock_init(&g->lock, NULL);
}

void glue_set_api(struct glue *g, struct api *api)
{
	pthread_rwlock_wrlock(&g->lock);
	g->api = api;
	pthread_rwlock_unlock(&g->lock);
}

void glue_job_changed(void *arg, const char *job)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_on_job(g->api, job);
	pthread_rwlock_unlock(&g->lock);
}

void glue_feed_changed(void *arg, const char *feed)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_on_feed(g->api, feed);
	pthread_rwlock_unlock(&g->lock);
}

void glue_wake_here(void *arg, const uint32_t *hosts, size_t n)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_wake(g->api, hosts, n);
	pthread_rwlock_unlock(&g->lock);
}

void glue_wake_elsewhere(void *arg, const uint32_t *hosts, size_t n)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->node)
		node_wake(g->node, hosts, n);
	pthread_rwlock_unlock(&g->lock);
}

void glue_wake(void *arg, const uint32_t *hosts, size_t n)
{
	glue_wake_here(arg, hosts, n);
	glue_wake_elsewhere(arg, hosts, n);
}

bool glue_wake_lan(void *arg, const uint8_t mac[static 6], const char *subnet)
{
	struct err e = { 0 };
	bool sent = wol_send(mac, subnet, &e);
	if (!sent && e.code != ERR_NOT_FOUND)
		log_warn("%s", e.msg);
	return sent;
}

void glue_set_node(struct glue *g, struct node *node)
{
	pthread_rwlock_wrlock(&g->lock);
	g->node = node;
	pthread_rwlock_unlock(&g->lock);
}

void glue_audited(void *arg, const char *action)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_on_audit(g->api, action);
	pthread_rwlock_unlock(&g->lock);
}

void glue_deployment_changed(void *arg, const char *deployment)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_on_deployment(g->api, deployment);
	pthread_rwlock_unlock(&g->lock);
}

bool glue_turned(void *arg, const char *deployment, const char *action, const char *detail,
		 struct err *e)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	bool told = g->api ? api_audit(g->api, action, deployment, detail, e)
			   : err_set(e, ERR_UNAVAILABLE, "the server is starting or stopping");
	pthread_rwlock_unlock(&g->lock);
	return told;
}

void glue_approvals_changed(void *arg)
{
	struct glue *g = arg;
	pthread_rwlock_rdlock(&g->lock);
	if (g->api)
		api_on_approvals(g->api);
	pthread_rwlock_unlock(&g->lock);
}

void glue_want_payload(void *arg, const struct catalog *c, const uint32_t *components, uint32_t n)
{
	struct glue *g = arg;
	jobs_want_payload(g->jobs, c, components, n);
}

bool glue_read_changelog(void *arg UNUSED, enum component_kind kind, struct str package, int fd,
			 struct buf *out, struct err *e)
{
	return package_changelog(kind, package, fd, out, e);
}

bool glue_payload_trouble(void *arg, const struct sha256 *payload, struct payload_trouble *out)
{
	struct glue *g = arg;
	return jobs_payload_trouble(g->jobs, payload, out);
}

bool glue_source(void *arg UNUSED, size_t i, const char **kind, const char **title,
		 const char *const **os, bool *offers, bool *is_signed)
{
	struct job_source s;
	if (!jobs_source(i, &s))
		return false;
	*kind = s.kind;
	*title = s.title;
	*os = s.os;
	*offers = s.offers;
	*is_signed = s.is_signed;
	return true;
}

bool glue_start_sync(void *arg, const char *by, char job_out[static 33], struct err *e)
{
	struct glue *g = arg;
	return jobs_start_sync(g->jobs, by, job_out, e);
}

bool glue_accept_held(void *arg, const char *feed, struct err *e)
{
	struct glue *g = arg;
	return jobs_accept_held(g->jobs, feed, e);
}

/* What a step works on and what went wrong with it, as JSON text. */
static char *step_params(const struct job_step *s, struct arena *a)
{
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "subject", json_text(str_of(s->subject)));
	if (s->error[0])
		json_object_set_new(j, "error", json_text(str_of(s->error)));
	if (s->error_code)
		json_object_set_new(j, "error_code", json_string(s->error_code));
	if (s->error_subject[0])
		json_object_set_new(j, "error_subject", json_text(str_of(s->error_subject)));
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	json_write(j, &b);
	return arena_strdup(a, b.p);
}

static void to_api(const struct job *j, struct arena *a, struct api_job *out)
{
	*out = (struct api_job) { .id = arena_strdup(a, j->id),
				  .kind = arena_strdup(a, j->kind),
				  .state = job_state_name(j->state),
				  .created_by = arena_strdup(a, j->created_by),
				  .created_ms = j->created_ms,
				  .started_ms = j->started_ms,
				  .finished_ms = j->finished_ms,
				  .progress = j->progress,
				  .error = j->error[0] ? arena_strdup(a, j->error) : NULL };
	out->steps = arena_array(a, struct api_job_step, j->n_steps ? j->n_steps : 1);
	for (size_t i = 0; i < j->n_steps; i++) {
		const struct job_step *s = &j->steps[i];
		out->steps[i] = (struct api_job_step) { .code = arena_strdup(a, s->code),
							.state = s->state == JOB_QUEUED
									 ? "waiting"
									 : job_state_name(s->state),
							.progress = s->progress,
							.message = arena_strdup(a, s->code),
							.message_params = step_params(s, a) };
	}
	out->n_steps = j->n_steps;
}

bool glue_jobs_list(void *arg, size_t max, struct arena *a, struct api_job **out, size_t *n_out,
		    struct err *e UNUSED)
{
	struct glue *g = arg;
	max = MIN(max, (size_t)JOBS_KEEP);
	struct job *copy = xcalloc(max ? max : 1, sizeof(*copy));
	size_t n = jobs_list(g->jobs, copy, max);
	struct api_job *list = arena_array(a, struct api_job, n ? n : 1);
	for (size_t i = 0; i < n; i++)
		to_api(&copy[i], a, &list[i]);
	xfree(copy);
	*out = list;
	*n_out = n;
	return true;
}

bool glue_job_get(void *arg, const char *id, struct arena *a, struct api_job *out, struct err *e)
{
	struct glue *g = arg;
	struct job *copy = arena_new(a, struct job);
	if (!jobs_get(g->jobs, id, copy, e))
		return false;
	to_api(copy, a, out);
	return true;
}

int64_t glue_refresh_s(void *arg)
{
	struct glue *g = arg;
	return settings_int(g->settings, SETTING_REFRESH_CYCLE_S);
}

bool glue_wake_on_lan(void *arg)
{
	struct glue *g = arg;
	return settings_bool(g->settings, SETTING_WAKE_ON_LAN);
}

/* Extended support counts only where the host gets it (Ubuntu Pro's esm-infra). */
bool glue_end_of_life(void *arg, const struct match_view *v, uint32_t host, int64_t now_ms)
{
	const struct glue *g = arg;
	const struct host_attrs *a = &fleet_host(v->fleet, host)->attrs;
	AUTO(enrich_unref) struct enrich *x = enrichment_get(g->enrichment);
	struct lifecycle_of release;
	enrich_lifecycle(x, str_of(a->os_id), str_of(a->os_version), str_of(a->os_name),
			 STR_LIT(""), &release);
	bool extended = match_host_has_service(v, host, STR_LIT("esm-infra"));
	return lifecycle_state(&release, extended, now_ms) == LIFECYCLE_ENDED;
}

void glue_health_policy(struct glue *g)
{
#define NUMBERS(class)                                                                             \
	{                                                                                          \
		[SEVERITY_UNRATED] = NUMBER(class##_UNRATED),                                      \
		[SEVERITY_LOW] = NUMBER(class##_LOW),                                              \
		[SEVERITY_MODERATE] = NUMBER(class##_MODERATE),                                    \
		[SEVERITY_IMPORTANT] = NUMBER(class##_IMPORTANT),                                  \
		[SEVERITY_CRITICAL] = NUMBER(class##_CRITICAL),                                    \
	}
#define NUMBER(name) (uint32_t) settings_int(g->settings, SETTING_##name)
	const struct health_policy p = { .highly = NUMBERS(HEALTH_HIGHLY),
					 .vulnerable = NUMBERS(HEALTH_VULNERABLE) };
	match_set_health_policy(g->match, &p);
}

void glue_setting_changed(void *arg, enum setting id)
{
	struct glue *g = arg;
	if (id >= SETTING_HEALTH_HIGHLY_CRITICAL && id <= SETTING_HEALTH_VULNERABLE_UNRATED)
		glue_health_policy(g);
	if (id >= SETTING_MAIL_SERVER && id <= SETTING_MAIL_SECRET)
		mail_settings_changed(g->mail);
	if (id == SETTING_STALE_SCAN_S)
		match_set_stale(g->match, settings_int(g->settings, id));
}

void glue_minute(void *arg)
{
	struct glue *g = arg;
	struct err e = { 0 };
	pthread_rwlock_rdlock(&g->lock);
	if (g->api && !api_tick(g->api, &e))
		log_warn("housekeeping: %s", e.msg);
	pthread_rwlock_unlock(&g->lock);
}

void glue_redirect(void *arg, struct http_req *r)
{
	AUTO(buf_done) struct buf to = BUF_INIT(8192);
	buf_adds(&to, arg);
	buf_adds(&to, "/"); /* never the request's own Host or path: nothing from outside reaches
			       the header */
	http_reply_header(r, "Location", to.p);
	http_reply(r, 308, "text/plain", STR_LIT("This port only redirects to HTTPS.\n"));
}
