/* SPDX-License-Identifier: Apache-2.0
 * E-mail addresses as this product takes them: a dot-atom, "@", a host name (RFC 5321 4.1.2 without
 * quoted local parts, address literals and characters beyond ASCII). What passes can stand in a
 * header and in an SMTP command as it is. */
#ifndef FORMAT_MAIL_ADDRESS_H
#define FORMAT_MAIL_ADDRESS_H
#include "base/str.h"

#define MAIL_ADDRESS_MAX 254

bool mail_address_ok(struct str s);
#endif
