/* SPDX-License-Identifier: Apache-2.0
 * The envelope around an order. Invariant: nothing of an order is parsed before its signature has
 * been verified with the caller's own key; the key named in the envelope decides nothing. */
#include "base/enc.h"
#include "format/json.h"
#include "proto/order.h"

/* base64url of ORDER_MAX bytes, the signature, the key and the JSON around them. */
#define ENVELOPE_MAX (ORDER_MAX / 3 * 4 + 1024)

bool order_seal(struct str order_json, const struct sign_key *key, struct buf *envelope,
		struct err *e)
{
	uint8_t pub[SIGN_PUBLIC_LEN], sig[SIGN_SIGNATURE_LEN];
	char hex[2 * SIGN_PUBLIC_LEN + 1];
	if (order_json.n > ORDER_MAX)
		return err_set(e, ERR_LIMIT, "order is larger than %u bytes", ORDER_MAX);
	if (!sign_message(key, ORDER_DOMAIN, order_json, sig, e))
		return false;
	sign_key_public(key, pub);
	buf_adds(envelope, "{\"order\":\"");
	enc_base64url(envelope, order_json.p, order_json.n);
	buf_adds(envelope, "\",\"signature\":\"");
	enc_base64url(envelope, sig, sizeof(sig));
	buf_printf(envelope, "\",\"key\":\"%s\"}", enc_hex(pub, sizeof(pub), hex));
	return buf_ok(envelope, "sealed order", e);
}

/* The envelope's two encoded members, decoded. */
static bool unwrap(struct str envelope, struct buf *order, struct buf *sig, struct err *e)
{
	static const char *const known[] = { "order", "signature", "key", NULL };
	const char *order64, *sig64, *key;
	AUTO(json_free) json_t *j = NULL;
	if (!json_parse(envelope, ENVELOPE_MAX, &j, e) || !json_only(j, known, e) ||
	    !json_need_str(j, "order", 1, ENVELOPE_MAX, &order64, e) ||
	    !json_need_str(j, "signature", 1, 2 * SIGN_SIGNATURE_LEN, &sig64, e) ||
	    !json_need_str(j, "key", 2 * SIGN_PUBLIC_LEN, 2 * SIGN_PUBLIC_LEN, &key, e))
		return false;
	if (!enc_unbase64url(str_of(order64), order) || !enc_unbase64url(str_of(sig64), sig))
		return err_set(e, ERR_CORRUPT, "order or signature is not base64url");
	return buf_ok(order, "order", e) && buf_ok(sig, "signature", e);
}

bool order_open(struct str envelope, const uint8_t pub[static SIGN_PUBLIC_LEN], struct arena *a,
		struct order *out, struct err *e)
{
	AUTO(buf_done) struct buf order = BUF_INIT(ORDER_MAX);
	AUTO(buf_done) struct buf sig = BUF_INIT(2 * SIGN_SIGNATURE_LEN);
	if (!unwrap(envelope, &order, &sig, e)) {
		if (e && e->code == ERR_INVALID)
			e->code = ERR_CORRUPT;
		return err_prefix(e, "sealed order");
	}
	return sign_verify(pub, ORDER_DOMAIN, buf_str(&order), buf_str(&sig), e) &&
	       order_parse(buf_str(&order), a, out, e);
}
