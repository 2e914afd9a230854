/* SPDX-License-Identifier: Apache-2.0
 * URLs and references. What is accepted must read back the same and stay printable. */
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct url *u)
{
	struct url again;
	AUTO(buf_done) struct buf b = BUF_INIT(URL_MAX);
	url_write(u, &b);
	bool read_back = url_parse(buf_str(&b), &again, NULL);
	ASSERT(read_back && url_same_origin(u, &again) && strcmp(u->target, again.target) == 0);
	for (size_t i = 0; i < b.n; i++)
		ASSERT(b.p[i] > ' ' && b.p[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct url base, u;
	struct str s = { (const char *)data, size };
	if (url_parse(s, &u, NULL))
		check(&u);
	if (!url_parse(STR_LIT("https://host:8443/a/b/../c?d"), &base, NULL))
		base_die(__FILE__, __LINE__, "base");
	if (url_join(&base, s, &u, NULL))
		check(&u);
	return 0;
}
