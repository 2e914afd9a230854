/* SPDX-License-Identifier: Apache-2.0
 * A stream of YAML documents (YAML 1.1, over libyaml) as events with a path. Every scalar is text
 * as it is written ("1.10" stays "1.10"). Anchors, aliases and tags are refused: no vendor's
 * document needs them, and they are how a small document becomes a large one. Depth, lengths and
 * the number of events are bounded. */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H
#include "base/buf.h"

#define YAML_DEPTH 32u
#define YAML_SCALAR_MAX ((size_t)64 << 10) /**< bytes of a scalar; more is ERR_LIMIT */
#define YAML_EVENTS_MAX 20000000u

enum yaml_kind {
	YAML_DOCUMENT, /**< a document begins */
	YAML_DOCUMENT_DONE,
	YAML_MAP,
	YAML_MAP_DONE,
	YAML_LIST,
	YAML_LIST_DONE,
	YAML_SCALAR,
};
struct yaml_event {
	enum yaml_kind kind;
	/** Keys of the mappings around the event, outermost first; a list's items carry "" for it.
	 * "data", "artifacts", "rpms", "" is an item of data.artifacts.rpms. Keys longer than 200
	 * bytes are cut. */
	const struct str *path;
	unsigned depth;	 /**< steps of `path` */
	struct str text; /**< of a YAML_SCALAR; NUL-terminated */
	uint64_t line;
};
/** False with `e` filled in ends the reading. */
typedef bool (*yaml_fn)(void *arg, const struct yaml_event *ev, struct err *e);
/** Source of bytes; *got_out = 0 is the end. */
typedef bool (*yaml_source)(void *arg, void *p, size_t n, size_t *got_out, struct err *e);

/** Reads to the end. ERR_CORRUPT names the line; ERR_LIMIT; or the callback's or source's error. */
bool yaml_read(yaml_source source, void *source_arg, yaml_fn fn, void *arg, struct err *e)
	MUST_CHECK;
/** The same from memory. */
bool yaml_text(struct str text, yaml_fn fn, void *arg, struct err *e) MUST_CHECK;
/** Whether the event's path is exactly these keys, NULL-terminated. */
bool yaml_at(const struct yaml_event *ev, const char *const *path);
#endif
