/* SPDX-License-Identifier: Apache-2.0
 * Key files as vendors ship them, made into the keyrings that gpgv reads. The checksum behind a
 * block is not looked at (RFC 9580 section 6.1): what was damaged verifies no signature. */
#include "base/enc.h"
#include "crypto/openpgp.h"

#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END "-----END PGP PUBLIC KEY BLOCK-----"

/* A line of base64 in the alphabet enc.h reads, which takes no padding. */
static void add_line(struct buf *body, struct str line)
{
	while (line.n && line.p[line.n - 1] == '=')
		line.n--;
	for (size_t i = 0; i < line.n; i++)
		buf_addc(body, line.p[i] == '+' ? '-' : line.p[i] == '/' ? '_' : line.p[i]);
}

/* The rest of a block: header lines, an empty one, base64, perhaps "=" and a checksum. */
static bool take_block(struct str *rest, struct buf *out)
{
	AUTO(buf_done) struct buf body = BUF_INIT(rest->n + 1);
	bool in_body = false;
	struct str line;
	while (str_line(rest, &line)) {
		line = str_trim(line);
		if (str_is(line, END))
			return body.n && enc_unbase64url(buf_str(&body), out);
		if (in_body && line.n && line.p[0] != '=')
			add_line(&body, line);
		in_body |= !line.n;
	}
	return false;
}

bool openpgp_dearmor(struct str text, struct buf *out, struct err *e)
{
	struct str rest = text, line;
	bool binary = text.n && ((unsigned char)text.p[0] & 0x80); /* RFC 9580 section 4.2 */
	bool any = binary;
	if (binary)
		buf_addstr(out, text);
	while (!binary && str_line(&rest, &line)) {
		if (!str_is(str_trim(line), BEGIN))
			continue;
		if (!take_block(&rest, out))
			return err_set(e, ERR_CORRUPT, "a block of keys is damaged");
		any = true;
	}
	if (!any)
		return err_set(e, ERR_CORRUPT, "no OpenPGP key is in it");
	return buf_ok(out, "keyring", e);
}
