/* SPDX-License-Identifier: Apache-2.0
 * See inventory.h. */
#include "base/enc.h"
#include "crypto/digest.h"
#include "proto/inventory.h"

static uint64_t big_endian(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

struct inventory_sum inventory_sum_of_line(struct str line)
{
	struct sha256 d = digest_of(line);
	return (struct inventory_sum) { { big_endian(d.b), big_endian(d.b + 8) } };
}

struct inventory_sum inventory_sum_of_text(struct str text)
{
	struct inventory_sum all = { 0 };
	struct str line;
	while (text.n > 0 && str_line(&text, &line)) {
		struct inventory_sum one = inventory_sum_of_line(line);
		all.w[0] += one.w[0];
		all.w[1] += one.w[1];
	}
	return all;
}

const char *inventory_sum_hex(const struct inventory_sum *s, char out[static INVENTORY_SUM_HEX])
{
	snprintf(out, INVENTORY_SUM_HEX, "%016llx%016llx", (unsigned long long)s->w[0],
		 (unsigned long long)s->w[1]);
	return out;
}

bool inventory_sum_parse(struct str hex, struct inventory_sum *out)
{
	uint8_t b[16];
	if (hex.n != 2 * sizeof(b) || !enc_unhex(hex, b, sizeof(b)))
		return false;
	*out = (struct inventory_sum) { { big_endian(b), big_endian(b + 8) } };
	return true;
}
