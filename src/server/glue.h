/* SPDX-License-Identifier: Apache-2.0
 * The functions that rooms hand to each other through the server, so that none of them knows a room
 * above itself. Each is one call. */
#ifndef SERVER_GLUE_H
#define SERVER_GLUE_H
#include "api/api.h"
#include "jobs/jobs.h"
#include "mail/mail.h"

#include <pthread.h>

struct node;
struct glue {
	pthread_rwlock_t lock; /* guards api, which comes last and goes first */
	struct api *api;
	struct jobs *jobs;
	struct mail *mail;
	struct node *node; /* NULL = the only server */
	struct settings *settings;
	struct match *match;
	struct enrichment *enrichment;
};
void glue_init(struct glue *g);
void glue_set_api(struct glue *g, struct api *api);
void glue_set_node(struct glue *g, struct node *node);

/* `arg` is the struct glue. */
void glue_job_changed(void *arg, const char *job);
void glue_feed_changed(void *arg, const char *feed);
/** Another server recorded it in the audit log. */
void glue_audited(void *arg, const char *action);
void glue_wake(void *arg, const uint32_t *hosts, size_t n);
bool glue_wake_lan(void *arg, const uint8_t mac[static 6], const char *subnet);
/** Only on the other servers of the database. */
void glue_wake_elsewhere(void *arg, const uint32_t *hosts, size_t n);
/** Only agents connected to this server. */
void glue_wake_here(void *arg, const uint32_t *hosts, size_t n);
void glue_want_payload(void *arg, const struct catalog *c, const uint32_t *components, uint32_t n);
bool glue_read_changelog(void *arg, enum component_kind kind, struct str package, int fd,
			 struct buf *out, struct err *e);
bool glue_payload_trouble(void *arg, const struct sha256 *payload, struct payload_trouble *out);
void glue_deployment_changed(void *arg, const char *deployment);
bool glue_turned(void *arg, const char *deployment, const char *action, const char *detail,
		 struct err *e);
void glue_approvals_changed(void *arg);
bool glue_source(void *arg, size_t i, const char **kind, const char **title, const char *const **os,
		 bool *offers, bool *is_signed);
bool glue_start_sync(void *arg, const char *by, char job_out[static 33], struct err *e) MUST_CHECK;
bool glue_accept_held(void *arg, const char *feed, struct err *e) MUST_CHECK;
bool glue_jobs_list(void *arg, size_t max, struct arena *a, struct api_job **out, size_t *n_out,
		    struct err *e) MUST_CHECK;
bool glue_job_get(void *arg, const char *id, struct arena *a, struct api_job *out, struct err *e)
	MUST_CHECK;
int64_t glue_refresh_s(void *arg);
bool glue_wake_on_lan(void *arg);
bool glue_end_of_life(void *arg, const struct match_view *v, uint32_t host, int64_t now_ms);
/** Hands the status policy of the settings to match. */
void glue_health_policy(struct glue *g);
void glue_setting_changed(void *arg, enum setting id);
void glue_minute(void *arg);
/** The redirecting port; `arg` is the server's URL. */
void glue_redirect(void *arg, struct http_req *r);

extern const struct api_installer glue_installers[];
extern const size_t glue_installers_n;
#endif
