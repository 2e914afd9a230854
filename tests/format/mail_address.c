/* SPDX-License-Identifier: Apache-2.0
 * What is an address, and that nothing passes that could be more than one in a header or command.
 */
#include "format/mail_address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_good(void **state UNUSED)
{
	static const char *const good[] = { "a@b", "patches@example.org", "a.b+c@x-1.example.co.jp",
					    "o'neil@example.org", "root@localhost" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(mail_address_ok(str_of(good[i])));
}

static void test_bad(void **state UNUSED)
{
	static const char *const bad[] = { "",
					   "@",
					   "a@",
					   "@b",
					   "a",
					   "a@b@c",
					   "a b@c",
					   "a@b c",
					   "a@b\r\nRCPT TO:<c@d>",
					   "<a@b>",
					   "a,b@c",
					   "a@b,c@d",
					   ".a@b",
					   "a.@b",
					   "a..b@c",
					   "a@.b",
					   "a@b.",
					   "a@-b",
					   "a@b-",
					   "\"a\"@b",
					   "a@[127.0.0.1]",
					   "\xe6\x97\xa5@b",
					   "a@\xe6\x97\xa5" };
	char local[80], whole[300];
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mail_address_ok(str_of(bad[i])));
	assert_false(mail_address_ok((struct str) { "a@b\0c", 5 }));
	memset(local, 'x', sizeof(local));
	memcpy(local + 65, "@b", 3);
	assert_false(mail_address_ok(str_of(local)));
	assert_true(mail_address_ok(str_of(local + 1)));
	memset(whole, 'a', sizeof(whole));
	for (size_t i = 10; i < sizeof(whole); i += 10)
		whole[i] = '.';
	whole[1] = '@';
	assert_true(mail_address_ok((struct str) { whole, 254 }));
	assert_false(mail_address_ok((struct str) { whole, 255 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
