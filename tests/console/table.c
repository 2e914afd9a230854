/* SPDX-License-Identifier: Apache-2.0
 * The packed console as the server sees it: sorted, complete, honest about encodings, no inline
 * script or style that the content security policy would refuse. */
#include "api/assets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct asset *find(const char *path)
{
	for (size_t i = 0; i < console_assets_n; i++)
		if (strcmp(console_assets[i].path, path) == 0)
			return &console_assets[i];
	return NULL;
}

static void table_is_sorted_and_whole(void **state)
{
	assert_true(console_assets_n > 0);
	for (size_t i = 0; i < console_assets_n; i++) {
		const struct asset *a = &console_assets[i];
		if (i > 0)
			assert_true(strcmp(console_assets[i - 1].path, a->path) < 0);
		assert_int_equal(a->path[0], '/');
		assert_non_null(strchr(a->type, '/'));
		assert_true(strlen(a->etag) > 0 && !strpbrk(a->etag, "\"\\ "));
		assert_true(a->raw.n > 0);
		assert_true(a->gz.n < a->raw.n && a->br.n < a->raw.n);
		assert_true(a->immutable == (strncmp(a->path, "/assets/", 8) == 0));
		assert_null(strstr(a->path, ".map"));
	}
}

static void page_obeys_the_policy(void **state)
{
	const struct asset *page = find("/index.html");
	assert_non_null(page);
	assert_false(page->immutable);
	char html[8192];
	assert_true(page->raw.n < sizeof(html));
	memcpy(html, page->raw.p, page->raw.n);
	html[page->raw.n] = '\0';
	assert_null(strstr(html, "style=\""));
	assert_null(strstr(html, "<style"));
	assert_null(strstr(html, "http://"));
	assert_null(strstr(html, "https://"));
	for (const char *p = html; (p = strstr(p, "<script")) != NULL; p++) {
		assert_non_null(strstr(p, "src=\"/assets/"));
		assert_true(strstr(p, "src=\"/assets/") < strchr(p, '>'));
	}
	/* every file it names is in the table */
	for (const char *p = html; (p = strstr(p, "\"/")) != NULL;) {
		const char *end = strchr(++p, '"');
		assert_non_null(end);
		char path[256];
		assert_true((size_t)(end - p) < sizeof(path));
		memcpy(path, p, (size_t)(end - p));
		path[end - p] = '\0';
		assert_non_null(find(path));
		p = end;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sorted_and_whole),
		cmocka_unit_test(page_obeys_the_policy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
