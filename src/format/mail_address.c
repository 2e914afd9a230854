/* SPDX-License-Identifier: Apache-2.0
 * The grammar of an address: two lists of labels between dots, none of them empty. */
#include "format/mail_address.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_atext(char c)
{
	return is_letter_or_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool local_ok(struct str s)
{
	struct str label;
	if (s.n == 0 || s.n > LOCAL_MAX)
		return false;
	while (str_split(&s, '.', &label)) {
		if (label.n == 0)
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_atext(label.p[i]))
				return false;
	}
	return true;
}

static bool domain_ok(struct str s)
{
	struct str label;
	if (s.n == 0)
		return false;
	while (str_split(&s, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-')
				return false;
	}
	return true;
}

bool mail_address_ok(struct str s)
{
	ptrdiff_t at = str_find(s, '@');
	return s.n <= MAIL_ADDRESS_MAX && at > 0 && local_ok((struct str) { s.p, (size_t)at }) &&
	       domain_ok((struct str) { s.p + at + 1, s.n - (size_t)at - 1 });
}
