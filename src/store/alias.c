/* SPDX-License-Identifier: Apache-2.0
 * Files whose vendor names them by SHA-512 alone. <dir>/names/<name> holds the hex of the file's
 * SHA-256, <dir>/names/<that>.of the hex of the name: two small files, each placed complete.
 * Invariant: they are written after the file itself, so a name that is there leads to a file that
 * was there and had that content. */
#include "base/file.h"
#include "store/store_int.h"

#include <stdio.h>

#define NAMES "names"
#define MARK                                                                                       \
	"s512" /* what names of this kind begin with: one in 2^32 others do, too, and is none */

struct sha256 store_name_of_sha512(const uint8_t sha512[static STORE_SHA512_LEN])
{
	AUTO(digest_free) struct digest *d = digest_new();
	digest_add(d, sha512, STORE_SHA512_LEN);
	struct sha256 name = digest_end(d);
	memcpy(name.b, MARK, sizeof(MARK) - 1);
	return name;
}

bool store_is_other_name(const struct sha256 *id)
{
	return memcmp(id->b, MARK, sizeof(MARK) - 1) == 0;
}

static char *name_path(const struct store *s, const struct sha256 *id, const char *suffix)
{
	char hex[SHA256_HEX];
	return xasprintf("%s/" NAMES "/%s%s", s->dir, digest_hex(id, hex), suffix);
}

static bool read_name(const struct store *s, const struct sha256 *id, const char *suffix,
		      struct sha256 *out)
{
	AUTO(xfree) char *path = name_path(s, id, suffix);
	AUTO(buf_done) struct buf text = BUF_INIT(SHA256_HEX + 1);
	struct err none = { 0 };
	return file_read(path, &text, &none) && digest_parse(str_trim(buf_str(&text)), out);
}

static bool write_name(const struct store *s, const struct sha256 *id, const char *suffix,
		       const struct sha256 *is, struct err *e)
{
	char hex[SHA256_HEX];
	AUTO(xfree) char *path = name_path(s, id, suffix);
	return file_write_atomic(path, str_of(digest_hex(is, hex)), STORE_FILE_MODE, e);
}

struct sha256 store_resolve(const struct store *s, const struct sha256 *id)
{
	struct sha256 real;
	return store_is_other_name(id) && read_name(s, id, "", &real) ? real : *id;
}

bool store_known_as(const struct store *s, const struct sha256 *id, struct sha256 *name_out)
{
	return read_name(s, id, ".of", name_out);
}

bool store_name(struct store *s, const struct sha256 *name, const struct sha256 *id, struct err *e)
{
	AUTO(xfree) char *dir = file_join(s->dir, NAMES);
	return file_mkdirs(dir, STORE_DIR_MODE, e) && file_sync_dir(s->dir, e) &&
	       write_name(s, id, ".of", name, e) && write_name(s, name, "", id, e);
}
