/* SPDX-License-Identifier: Apache-2.0
 * Names of the orders. A new order is a file, a declaration and a line here. */
#include "pkgver/pkgver.h"

static const struct {
	const char *name;
	int (*compare)(struct str a, struct str b);
} schemes[PKGVER_SCHEMES_] = {
	[PKGVER_DEB] = { "deb", deb_compare },
	[PKGVER_RPM] = { "rpm", rpm_compare },
	[PKGVER_APK] = { "apk", apk_compare },
	[PKGVER_DOTTED] = { "dotted", dotted_compare },
	[PKGVER_WINGET] = { "winget", winget_compare },
	[PKGVER_MAC] = { "mac", mac_compare },
};

const char *pkgver_scheme_name(enum pkgver_scheme s)
{
	ASSERT(s < PKGVER_SCHEMES_);
	return schemes[s].name;
}

bool pkgver_scheme_parse(struct str word, enum pkgver_scheme *out)
{
	for (size_t i = 0; i < PKGVER_SCHEMES_; i++) {
		if (str_is(word, schemes[i].name)) {
			*out = (enum pkgver_scheme)i;
			return true;
		}
	}
	return false;
}

int pkgver_compare(enum pkgver_scheme s, struct str a, struct str b)
{
	ASSERT(s < PKGVER_SCHEMES_);
	return schemes[s].compare(a, b);
}
