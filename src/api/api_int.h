/* SPDX-License-Identifier: Apache-2.0
 * The struct behind struct api, and the route tables of the room. Private to src/api. */
#ifndef API_API_INT_H
#define API_API_INT_H
#include "api/api.h"
#include "api/route.h"
#include "base/vec.h"

#include <pthread.h>

struct push;
struct failures;
struct plan_books;
struct enrol_throttle;
struct changes_cache;
struct nonces;

struct api {
	struct api_conf conf;
	uint8_t cursor_key[32]; /**< kept in the database: cursors survive a restart */
	struct events *events;
	struct push *push;
	struct failures *failures;
	struct plan_books *plans;
	struct enrol_throttle *enrol_throttle;
	struct changes_cache *changes;
	struct nonces *nonces;
	bool shared;  /**< other servers use the same database */
	char run[33]; /**< names this run of the server */
	pthread_mutex_t told_lock;
	VEC(uint64_t) attrs_seen; /**< per host; see agent_quick.h; under told_lock */
	VEC(uint8_t) told;	  /**< per host: was told to scan; see api_scan_told */
};

/* Tables, each ended by ROUTE_TABLE_END. public_routes and public_agent_routes hold every route
 * that needs no identity. */
extern const struct route public_routes[], session_routes[], dashboard_routes[], patches_routes[],
	changes_routes[], systems_routes[], explanation_routes[], deployments_routes[],
	enrolment_routes[], feeds_routes[], sources_routes[], jobs_routes[], settings_routes[],
	search_routes[], event_routes[], history_routes[], declines_routes[], pairs_routes[],
	policies_routes[], rollouts_routes[], services_routes[], groups_routes[], filters_routes[],
	plans_routes[], approvals_routes[], auto_routes[], reboots_routes[], scripts_routes[],
	mails_routes[], lifecycle_routes[], portal_routes[];
extern const struct route public_agent_routes[], agent_routes[];
/** All tables of a face, NULL-terminated. */
extern const struct route *const api_tables[];
extern const struct route *const api_agent_tables[];

/** Whether the host was told to scan; afterwards the note says `tell`. */
bool api_scan_told(struct api *api, uint32_t host, bool tell);

#define API "/api/v1"
#define AGENT "/agent/v1"
#endif
