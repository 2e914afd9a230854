/* SPDX-License-Identifier: Apache-2.0
 * Files as a fetch backend: no redirects, no directories, bounded by the request's maximum. */
#include "feeds/local.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *feed_local_path(const char *url)
{
	if (strncmp(url, "file:///", 8) == 0)
		return url + 7;
	if (strncmp(url, "file:/", 6) == 0 && url[6] != '/')
		return url + 5;
	return url[0] == '/' ? url : NULL;
}

static bool send_body(int fd, const struct feed_request *r, feed_body body, void *body_arg,
		      struct err *e)
{
	AUTO(xfree) char *buf = xmalloc(1u << 16);
	for (int64_t total = 0;;) {
		ssize_t n = read(fd, buf, 1u << 16);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "'%s' cannot be read", r->url);
		if (n == 0)
			return true;
		total += n;
		if (total > r->max)
			return err_set(e, ERR_LIMIT, "'%s' is larger than %lld bytes", r->url,
				       (long long)r->max);
		if (!body(body_arg, (struct str) { buf, (size_t)n }, e))
			return false;
	}
}

static bool local_get(void *arg, const struct feed_request *r, struct feed_response *resp_out,
		      feed_body body, void *body_arg, struct err *e)
{
	const char *local = feed_local_path(r->url), *path = local ? local : r->url;
	struct feed_response resp = { .status = 200 };
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		resp.status = 404;
		*resp_out = resp;
		return true;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, errno, "'%s' cannot be opened", r->url);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "'%s' is not a file", r->url);
	snprintf(resp.etag, sizeof(resp.etag), "\"%llx-%llx-%llx.%lx\"",
		 (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
		 (unsigned long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (r->etag && str_is(str_of(r->etag), resp.etag)) {
		resp.status = 304;
		*resp_out = resp;
		return true;
	}
	if (!send_body(fd, r, body, body_arg, e))
		return false;
	*resp_out = resp;
	return true;
}

const struct feed_fetch feed_local = { .get = local_get };
