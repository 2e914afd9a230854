/* SPDX-License-Identifier: Apache-2.0
 * See address.h. */
#include "fleet/address.h"

#include <arpa/inet.h>

bool address_parse(struct str text, struct address *out)
{
	char z[INET6_ADDRSTRLEN];
	struct address a = { 0 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (text.n == 0 || text.n >= sizeof(z) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	if (inet_pton(AF_INET, z, a.b) != 1) {
		if (inet_pton(AF_INET6, z, a.b) != 1)
			return false;
		a.six = memcmp(a.b, mapped, sizeof(mapped)) != 0;
		if (!a.six) {
			memmove(a.b, a.b + 12, 4);
			memset(a.b + 4, 0, 12);
		}
	}
	*out = a;
	return true;
}

static bool prefix_parse(struct str text, struct str bits, struct address_range *out, struct err *e)
{
	struct address a;
	uint64_t n;
	if (!address_parse(text, &a))
		return err_set(e, ERR_INVALID, "'%.*s' is not an IP address", (int)MIN(text.n, 60),
			       text.p);
	if (!str_to_u64(bits, &n) || n > (a.six ? 128u : 32u))
		return err_set(e, ERR_INVALID, "'/%.*s' is not a prefix length; use /0 to /%d",
			       (int)MIN(bits.n, 20), bits.p, a.six ? 128 : 32);
	out->low = out->high = a;
	for (uint64_t i = n; i < (a.six ? 128u : 32u); i++) {
		uint8_t bit = (uint8_t)(0x80 >> (i % 8));
		out->low.b[i / 8] &= (uint8_t)~bit;
		out->high.b[i / 8] |= bit;
	}
	return true;
}

bool address_range_parse(struct str text, struct address_range *out, struct err *e)
{
	ptrdiff_t slash = str_find(text, '/'), dash = str_find(text, '-');
	struct address_range r;
	if (slash >= 0) {
		struct str bits = { text.p + slash + 1, text.n - (size_t)slash - 1 };
		if (!prefix_parse((struct str) { text.p, (size_t)slash }, bits, &r, e))
			return false;
	} else if (dash >= 0) {
		struct str to = { text.p + dash + 1, text.n - (size_t)dash - 1 };
		if (!address_parse(str_trim((struct str) { text.p, (size_t)dash }), &r.low) ||
		    !address_parse(str_trim(to), &r.high) || r.low.six != r.high.six ||
		    memcmp(r.low.b, r.high.b, sizeof(r.low.b)) > 0)
			return err_set(e, ERR_INVALID,
				       "'%.*s' is not a range of IP addresses; write the lower one "
				       "first, both of one kind, as in 10.0.0.5-10.0.0.9",
				       (int)MIN(text.n, 90), text.p);
	} else if (!address_parse(text, &r.low)) {
		return err_set(e, ERR_INVALID,
			       "'%.*s' is neither an IP address nor a range of them; write "
			       "10.0.0.7, 10.0.0.0/24 or 10.0.0.5-10.0.0.9",
			       (int)MIN(text.n, 60), text.p);
	} else {
		r.high = r.low;
	}
	*out = r;
	return true;
}

bool address_in(const struct address_range *r, const struct address *a)
{
	return r->low.six == a->six && memcmp(r->low.b, a->b, sizeof(a->b)) <= 0 &&
	       memcmp(a->b, r->high.b, sizeof(a->b)) <= 0;
}
