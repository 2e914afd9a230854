/* SPDX-License-Identifier: Apache-2.0
 * See xml.h. Invariant: expat calls nothing of ours but the handlers set here, and gets memory from
 * nowhere but `take`, which counts what one reader holds. Handlers for text are set only while
 * somebody wants it: most of a large document is never copied. */
#include "format/xml.h"

#include <expat.h>
#include <malloc.h>

struct xml {
	XML_Parser parser;
	xml_start start;
	xml_end end;
	void *arg;
	struct err *e; /* of the call that is running */
	bool failed;
	size_t memory;
	bool out_of_memory;
	unsigned depth;
	unsigned skip,
		want; /* depth (from 1) of the element skipped, of the one whose text is wanted */
	size_t text_max;
	struct buf text;
};

/* --- memory --------------------------------------------------------------------------------------
 * expat's memory functions have no argument of ours: the reader that is in a call is kept here. */

static _Thread_local struct xml *running;

static bool may_hold(size_t more)
{
	if (more <= XML_MEMORY && running->memory + more <= XML_MEMORY)
		return true;
	running->out_of_memory = true;
	return false;
}

static void *counted(void *p)
{
	if (p)
		running->memory += malloc_usable_size(p);
	return p;
}

static void *take(size_t n)
{
	return may_hold(n) ? counted(malloc(n)) : NULL;
}

static void give(void *p)
{
	running->memory -= p ? malloc_usable_size(p) : 0;
	free(p);
}

static void *resize(void *p, size_t n)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	if (n > had && !may_hold(n - had))
		return NULL;
	void *got = realloc(p, n);
	if (got)
		running->memory = running->memory - had + malloc_usable_size(got);
	return got;
}

static const XML_Memory_Handling_Suite memory = { take, resize, give };

/* --- events --------------------------------------------------------------------------------------
 */

static void fail(struct xml *x)
{
	x->failed = true;
	XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL on_text(void *arg, const XML_Char *s, int n)
{
	struct xml *x = arg;
	size_t room = x->text_max - x->text.n, take = MIN((size_t)n, room);
	while (take && take < (size_t)n && ((unsigned char)s[take] & 0xC0) == 0x80)
		take--; /* do not cut inside a character */
	buf_add(&x->text, s, take);
	if (take < (size_t)n) {
		x->text_max = x->text.n;
		XML_SetCharacterDataHandler(x->parser, NULL);
	}
}

/* The name behind its prefix; once through it is enough. */
static struct str local(const char *name)
{
	const char *p = name;
	for (; *p; p++)
		if (*p == ':')
			name = p + 1;
	return (struct str) { name, (size_t)(p - name) };
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
	struct xml *x = arg;
	if (x->depth >= XML_DEPTH) {
		err_set(x->e, ERR_LIMIT, "XML has elements deeper than %u at line %llu", XML_DEPTH,
			(unsigned long long)xml_line(x));
		fail(x);
		return;
	}
	struct xml_element el = { local(name), (const char *const *)attrs, x->depth };
	x->depth++;
	if (!x->skip && !x->start(x->arg, x, &el, x->e))
		fail(x);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct xml *x = arg;
	struct str text = STR_LIT("");
	unsigned depth = x->depth--;
	if (x->skip) {
		x->skip = x->skip == depth ? 0 : x->skip;
		return;
	}
	if (x->want == depth) {
		x->want = 0;
		XML_SetCharacterDataHandler(x->parser, NULL);
		text = buf_str(&x->text);
	}
	if (!x->end(x->arg, x, local(name), text, x->e))
		fail(x);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int internal)
{
	struct xml *x = arg;
	(void)name, (void)system_id, (void)public_id, (void)internal;
	err_set(x->e, ERR_CORRUPT,
		"XML has a document type declaration at line %llu, which is not accepted",
		(unsigned long long)xml_line(x));
	fail(x);
}

/* --- reader --------------------------------------------------------------------------------------
 */

struct xml *xml_new(xml_start start, xml_end end, void *arg)
{
	struct xml *x = xcalloc(1, sizeof(*x));
	x->start = start;
	x->end = end;
	x->arg = arg;
	x->text = BUF_INIT(XML_TEXT_MAX);
	running = x;
	x->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	ASSERT(x->parser);
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
	running = NULL;
	return x;
}

void xml_free(struct xml *x)
{
	if (!x)
		return;
	running = x;
	XML_ParserFree(x->parser);
	running = NULL;
	buf_done(&x->text);
	xfree(x);
}

void xml_want_text(struct xml *x, size_t max)
{
	if (x->want)
		return; /* an element around this one gets it */
	ASSERT(max <= XML_TEXT_MAX);
	x->want = x->depth;
	x->text_max = max;
	buf_reset(&x->text);
	XML_SetCharacterDataHandler(x->parser, on_text);
}

void xml_skip(struct xml *x)
{
	x->skip = x->depth;
}

const char *xml_attr(const struct xml_element *el, const char *name)
{
	for (const char *const *a = el->attrs; *a; a += 2)
		if (strcmp(a[0], name) == 0)
			return a[1];
	return NULL;
}

struct str xml_attr_str(const struct xml_element *el, const char *name)
{
	return str_of(xml_attr(el, name));
}

uint64_t xml_line(const struct xml *x)
{
	return XML_GetCurrentLineNumber(x->parser);
}

static bool refuse(struct xml *x, struct err *e)
{
	unsigned long long line = xml_line(x);
	if (x->out_of_memory)
		return err_set(e, ERR_LIMIT,
			       "XML has a tag or names larger than allowed near line %llu", line);
	return err_set(e, ERR_CORRUPT, "XML is damaged at line %llu: %s", line,
		       XML_ErrorString(XML_GetErrorCode(x->parser)));
}

/* XML_Parse takes an int. */
#define MAX_PIECE ((size_t)1 << 24)

static bool parse(struct xml *x, struct str bytes, bool last, struct err *e)
{
	struct err mine = { 0 }, *before = x->e;
	ASSERT(!x->failed);
	x->e = e ? e : &mine;
	running = x;
	bool good = XML_Parse(x->parser, bytes.n ? bytes.p : "", (int)bytes.n, last) ==
		    XML_STATUS_OK;
	running = NULL;
	if (!good && !x->failed)
		refuse(x, x->e);
	x->failed = !good;
	x->e = before;
	return good;
}

bool xml_feed(void *xml, struct str bytes, struct err *e)
{
	struct xml *x = xml;
	for (size_t n; bytes.n; bytes.p += n, bytes.n -= n) {
		n = MIN(bytes.n, MAX_PIECE);
		if (!parse(x, (struct str) { bytes.p, n }, false, e))
			return false;
	}
	return true;
}

bool xml_finish(struct xml *x, struct err *e)
{
	return parse(x, STR_LIT(""), true, e);
}
