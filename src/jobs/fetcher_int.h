/* SPDX-License-Identifier: Apache-2.0
 * Private to the jobs room: what the two ends of a fetch say to each other. */
#ifndef JOBS_FETCHER_INT_H
#define JOBS_FETCHER_INT_H
#include "ipc/frame.h"
#include "ipc/pack.h"
#include "jobs/fetcher.h"

#define FETCH_FRAME_MAX ((size_t)1 << 20)

enum fetch_message {
	FETCH_SETUP = 1, /**< server: proxy, paths that may be read */
	FETCH_GET,	 /**< server: a request; with the pipe the body goes to */
	FETCH_ANSWER,	 /**< process: status and headers, after the body */
	FETCH_FAILED,	 /**< process: code and text of an error */
};
#endif
