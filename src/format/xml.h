/* SPDX-License-Identifier: Apache-2.0
 * XML read as a stream of elements (XML 1.0, over expat), for vendors' documents of any size. Bytes
 * are fed in chunks; names come without their namespace prefix. A document type declaration is
 * refused, so there are no entities but the five of XML itself; nothing outside the document is
 * ever read. Depth, memory and the text of an element are bounded. */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H
#include "base/buf.h"

#define XML_DEPTH 64u		       /**< elements within each other */
#define XML_MEMORY ((size_t)16 << 20)  /**< what the parser may hold, a single tag included */
#define XML_TEXT_MAX ((size_t)1 << 20) /**< most that xml_want_text may ask for */

struct xml;
/** An element's start; valid during the callback only. */
struct xml_element {
	struct str name;	  /**< without prefix; NUL-terminated */
	const char *const *attrs; /**< name, value, ..., NULL; names with their prefix */
	unsigned depth;		  /**< the outermost is 0 */
};
/** False with `e` filled in ends the reading. */
typedef bool (*xml_start)(void *arg, struct xml *x, const struct xml_element *el, struct err *e);
/** `text` is what xml_want_text asked for, else empty. Not trimmed; UTF-8; NUL-terminated. */
typedef bool (*xml_end)(void *arg, struct xml *x, struct str name, struct str text, struct err *e);

struct xml *xml_new(xml_start start, xml_end end, void *arg);
void xml_free(struct xml *x);
AUTO_DEFINE(struct xml, xml_free)

/** In a start callback: the element's own text, of itself and of elements within it, goes to its
 * end callback; bytes beyond `max` are dropped (never within a character). */
void xml_want_text(struct xml *x, size_t max);
/** In a start callback: nothing within this element is told, and neither is its end. */
void xml_skip(struct xml *x);
/** Value of an attribute, NULL when the element has none of that name. */
const char *xml_attr(const struct xml_element *el, const char *name);
/** The same as a view: p == NULL when there is none. */
struct str xml_attr_str(const struct xml_element *el, const char *name);
/** Line of the event being told, from 1. */
uint64_t xml_line(const struct xml *x);

/** The next bytes (a pipe_consumer). ERR_CORRUPT names the line; ERR_LIMIT; or the callback's
 * error. After a failure the reader must not be fed again. */
bool xml_feed(void *xml, struct str bytes, struct err *e) MUST_CHECK;
/** The end of the input. ERR_CORRUPT when the document is not complete. */
bool xml_finish(struct xml *x, struct err *e) MUST_CHECK;
#endif
