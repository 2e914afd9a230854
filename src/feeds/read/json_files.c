/* SPDX-License-Identifier: Apache-2.0
 * See json_files.h. Whether something is a tar is told by its first block: a header with the right
 * checksum is no JSON. */
#include "feeds/read/json_files.h"
#include "format/tar.h"

#include <errno.h>
#include <unistd.h>

static bool read_file(struct tar *t, struct json_routes *routes, char *chunk, size_t size,
		      struct err *e)
{
	size_t got = 1;
	while (got) {
		if (!tar_read(t, chunk, size, &got, e) ||
		    !json_routes_feed(routes, (struct str) { chunk, got }, e))
			return false;
	}
	return json_routes_end(routes, e);
}

static bool read_archive(struct unpack *u, struct json_routes *routes, struct err *e)
{
	enum { CHUNK = 1 << 16 };
	AUTO(tar_free) struct tar *t = tar_new(u);
	AUTO(xfree) char *chunk = xmalloc(CHUNK);
	struct str name;
	uint64_t size;
	bool more;
	for (;;) {
		if (!tar_next(t, &name, &size, &more, e))
			return false;
		if (!more)
			return true;
		if (!str_ends(name, ".json"))
			continue;
		if (size > JSON_FILES_ONE)
			return err_set(e, ERR_LIMIT, "'%.*s' is larger than %u bytes",
				       STR_ARG(name), JSON_FILES_ONE);
		if (!read_file(t, routes, chunk, CHUNK, e))
			return err_prefix(e, "'%.*s'", STR_ARG(name));
	}
}

static bool read_plain(struct unpack *u, struct json_routes *routes, struct err *e)
{
	AUTO(xfree) char *chunk = xmalloc(1u << 16);
	for (size_t got = 1; got;)
		if (!unpack_read(u, chunk, 1u << 16, &got, e) ||
		    !json_routes_feed(routes, (struct str) { chunk, got }, e))
			return false;
	return json_routes_end(routes, e);
}

static bool open_input(struct json_input in, const char *name, struct unpack **out, struct err *e)
{
	if (in.fd < 0)
		return unpack_open_mem(in.bytes, name, JSON_FILES_ALL, 0, out, e);
	if (lseek(in.fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "'%s' cannot be read", name);
	return unpack_open_fd(in.fd, name, JSON_FILES_ALL, 0, out, e);
}

static bool looks_like_tar(struct json_input in, const char *name, bool *tar_out, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	char head[512];
	size_t got;
	if (!open_input(in, name, &u, e) || !unpack_read(u, head, sizeof(head), &got, e))
		return false;
	*tar_out = tar_is((struct str) { head, got });
	return true;
}

bool json_files_read(struct json_input in, const char *name, struct json_routes *r, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	bool is_tar;
	if (!looks_like_tar(in, name, &is_tar, e) || !open_input(in, name, &u, e))
		return false;
	return is_tar ? read_archive(u, r, e) : read_plain(u, r, e);
}
