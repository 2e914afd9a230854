/* SPDX-License-Identifier: Apache-2.0
 * Windows' order of file and product versions: numbers at dots, of any length, missing ones are 0.
 */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

static bool is_in_version(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n';
}

/* The next field: its number and what follows that up to the dot. */
static void field(struct str *rest, struct str *number, struct str *text)
{
	struct str f = { "", 0 };
	str_split(rest, '.', &f);
	*number = take_run(&f, is_digit);
	*text = f;
}

int dotted_compare(struct str a, struct str b)
{
	a = str_trim(a);
	b = str_trim(b);
	a = take_run(&a, is_in_version);
	b = take_run(&b, is_in_version);
	while (a.n || b.n) {
		struct str na, nb, ta, tb;
		field(&a, &na, &ta);
		field(&b, &nb, &tb);
		int c = compare_digits(na, nb);
		if (!c)
			c = sign(str_cmp(ta, tb));
		if (c)
			return c;
	}
	return 0;
}
