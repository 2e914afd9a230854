/* SPDX-License-Identifier: Apache-2.0
 * format/xml.h: the same elements whatever the chunks, wanted text, and what is refused: document
 * types, depth, endless tags, damage (S-03). */
#include "format/xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool on_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct buf *b = arg;
	buf_printf(b, "<%.*s %u", STR_ARG(el->name), el->depth);
	for (const char *const *a = el->attrs; *a; a += 2)
		buf_printf(b, " %s=%s", a[0], a[1]);
	if (str_is(el->name, "t"))
		xml_want_text(x, 8);
	if (str_is(el->name, "skip"))
		xml_skip(x);
	return !str_is(el->name, "stop") || err_set(e, ERR_CONFLICT, "enough");
}

static bool on_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	(void)x, (void)e;
	buf_printf(arg, "[%.*s]%.*s>", STR_ARG(text), STR_ARG(name));
	return true;
}

static bool read_in(struct str text, size_t step, struct buf *out, struct err *e)
{
	AUTO(xml_free) struct xml *x = xml_new(on_start, on_end, out);
	for (size_t at = 0; at < text.n; at += step)
		if (!xml_feed(x, (struct str) { text.p + at, MIN(step, text.n - at) }, e))
			return false;
	return xml_finish(x, e);
}

static void chunks(void **state)
{
	static const char doc[] =
		"<?xml version=\"1.0\"?><!-- c --><r xmlns:p='u' a=\"1\" b='&lt;&#x41;'>"
		"<t>one <i>t</i>&amp;two</t><p:q p:z='1'/>none<t>\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86"
		"</t><skip><t>no</t></skip><t/></r>";
	static const char want[] = "<r 0 xmlns:p=u a=1 b=<A<t 1<i 2[]i>[one t&tw]t><q 1 p:z=1[]q>"
				   "<t 1[\xe3\x81\x82\xe3\x81\x84]t><skip 1<t 1[]t>[]r>";
	for (size_t step = 1; step <= sizeof(doc); step++) {
		AUTO(buf_done) struct buf b = BUF_INIT(4096);
		struct err e = { 0 };
		if (!read_in(STR_LIT(doc), step, &b, &e))
			fail_msg("%s", e.msg);
		assert_string_equal(b.p, want);
	}
}

static void refuse(const char *doc, enum err_code code, const char *says)
{
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 20);
	struct err e = { 0 };
	assert_false(read_in(str_of(doc), 1000, &b, &e));
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, says))
		fail_msg("'%s' does not say '%s'", e.msg, says);
}

static void refused(void **state)
{
	refuse("", ERR_CORRUPT, "line 1");
	refuse("<a>", ERR_CORRUPT, "line 1");
	refuse("<a>\n</b>", ERR_CORRUPT, "line 2");
	refuse("<a/><b/>", ERR_CORRUPT, "line 1");
	refuse("<a>&nbsp;</a>", ERR_CORRUPT, "line 1");
	refuse("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", ERR_CORRUPT, "document type");
	refuse("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", ERR_CORRUPT, "document type");
	refuse("<a>\xff</a>", ERR_CORRUPT, "line 1");
	refuse("<a><stop/></a>", ERR_CONFLICT, "enough");
}

static void too_deep(void **state)
{
	AUTO(buf_done) struct buf doc = BUF_INIT(4096);
	for (unsigned i = 0; i <= XML_DEPTH; i++)
		buf_adds(&doc, "<a>");
	refuse(doc.p, ERR_LIMIT, "deeper");
}

/* A tag that never ends, and names without end: memory is bounded, not the document. */
static void too_large(void **state)
{
	AUTO(buf_done) struct buf tag = BUF_INIT(64u << 20), names = BUF_INIT(64u << 20);
	buf_adds(&tag, "<a b='");
	while (tag.n < 40u << 20)
		buf_adds(&tag, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	refuse(tag.p, ERR_LIMIT, "larger than allowed");
	buf_adds(&names, "<a>");
	for (unsigned i = 0; names.n < 40u << 20; i++)
		buf_printf(&names, "<name%u/>", i);
	refuse(names.p, ERR_LIMIT, "larger than allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
