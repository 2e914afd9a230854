/* SPDX-License-Identifier: Apache-2.0
 * The self-service portal (M-143, M-144) for administrators: what is published to users. */
#ifndef API_PORTAL_H
#define API_PORTAL_H
#include "api/call.h"

/** A deployment request's "option" and "deadline". */
bool portal_read(const json_t *body, struct deploy_request *r, struct err *e) MUST_CHECK;
#endif
