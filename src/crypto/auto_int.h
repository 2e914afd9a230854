/* SPDX-License-Identifier: Apache-2.0
 * Room-private: GnuTLS objects that free themselves, and its data type over struct str. */
#ifndef CRYPTO_AUTO_INT_H
#define CRYPTO_AUTO_INT_H
#include "base/str.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define AUTO_GNUTLS(struct_tag, name, deinit)                                                      \
	static inline void name(struct struct_tag *p)                                              \
	{                                                                                          \
		if (p)                                                                             \
			deinit(p);                                                                 \
	}                                                                                          \
	AUTO_DEFINE(struct struct_tag, name)

AUTO_GNUTLS(gnutls_x509_privkey_int, x509_key_free, gnutls_x509_privkey_deinit)
AUTO_GNUTLS(gnutls_pubkey_st, pubkey_free, gnutls_pubkey_deinit)
AUTO_GNUTLS(gnutls_x509_crt_int, x509_crt_free, gnutls_x509_crt_deinit)
AUTO_GNUTLS(gnutls_x509_crq_int, x509_crq_free, gnutls_x509_crq_deinit)

/** A datum GnuTLS allocated, in place. */
static inline void datum_done(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}
AUTO_DEFINE_VALUE(gnutls_datum_t, datum_done)

/** `s` as GnuTLS wants it (it does not write there). */
static inline gnutls_datum_t datum_of(struct str s)
{
	return (gnutls_datum_t) { (unsigned char *)(uintptr_t)(s.n ? s.p : ""), (unsigned)s.n };
}
#endif
