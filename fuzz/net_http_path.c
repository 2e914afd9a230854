/* SPDX-License-Identifier: Apache-2.0
 * Request targets. A path that is accepted must be canonical: decoding or normalising it once more
 * changes nothing. */
#include "base/enc.h"
#include "net/http_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *path)
{
	struct str rest = str_of(path), seg;
	ASSERT(path[0] == '/' && !strpbrk(path, "\\;%?#"));
	rest.p++;
	rest.n--;
	while (path[1] && str_split(&rest, '/', &seg))
		ASSERT(seg.n && !str_is(seg, ".") && !str_is(seg, ".."));
	/* Encoded again it is accepted and gives the same. */
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 23);
	const char *why = NULL;
	for (const char *p = path; *p; p++) {
		if (*p == '/')
			buf_addc(&b, '/');
		else
			enc_percent(&b, (struct str) { p, 1 });
	}
	const char *again = http_path_canonical(buf_str(&b), &a, &why);
	ASSERT(again && strcmp(again, path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct http_param *p = NULL;
	size_t n = 0;
	const char *why = NULL;
	const char *path = http_path_canonical((struct str) { (const char *)data, size }, &a, &why);
	if (path)
		check(path);
	if (http_path_query((struct str) { (const char *)data, size }, &a, &p, &n, &why))
		for (size_t i = 0; i < n; i++)
			ASSERT(p[i].name[0] && p[i].value);
	return 0;
}
