/* SPDX-License-Identifier: Apache-2.0
 * The file "had": a line a version, "time name arch version", newest last. It is rewritten whole
 * and atomically, so that it is always the old one or the new one. */
#include "agent/root/had.h"
#include "base/file.h"
#include "base/intern.h"

#define HAD_MAX (16u << 20)

static bool read_file(const char *path, struct buf *out, struct err *e)
{
	return !file_exists(path) || file_read(path, out, e);
}

/* "name arch version" of an entry of a list; false for one that had no version. */
static bool key_of(const json_t *entry, const char *version, struct buf *out)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *arch = json_string_value(json_object_get(entry, "arch"));
	const char *had = json_string_value(json_object_get(entry, version));
	if (!name || !arch || !had || !had[0])
		return false;
	buf_reset(out);
	buf_printf(out, "%s %s %s", name, arch, had);
	return buf_ok(out, "a version", NULL);
}

static void take_keys(const json_t *list, const char *version, struct intern *keys)
{
	AUTO(buf_done) struct buf key = BUF_INIT(1000);
	const json_t *entry;
	size_t i;
	json_array_foreach(list, i, entry)
	{
		if (key_of(entry, version, &key))
			intern_add(keys, buf_str(&key));
	}
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;
	while (str_line(&text, &line))
		n++;
	return n;
}

bool had_note(const char *root, const json_t *transaction, const json_t *packages, int64_t now_ms,
	      struct err *e)
{
	AUTO(intern_free) struct intern *keys = intern_new();
	AUTO(buf_done) struct buf old = BUF_INIT(HAD_MAX), text = BUF_INIT(HAD_MAX);
	AUTO(xfree) char *path = file_join(root, "had");
	struct str rest, line, when;
	take_keys(transaction, "from", keys);
	take_keys(packages, "before", keys);
	if (!intern_count(keys))
		return true;
	if (!read_file(path, &old, e))
		return false;
	size_t have = count_lines(buf_str(&old)) + intern_count(keys);
	for (rest = buf_str(&old); str_line(&rest, &line); have--) {
		struct str key = line;
		if (have <= HAD_LINES && str_split(&key, ' ', &when) &&
		    intern_find(keys, key) == INTERN_NONE)
			buf_printf(&text, "%.*s\n", STR_ARG(line));
	}
	for (uint32_t i = 0; i < intern_count(keys); i++)
		buf_printf(&text, "%lld %.*s\n", (long long)now_ms, STR_ARG(intern_get(keys, i)));
	return buf_ok(&text, "the record of versions", e) &&
	       file_write_atomic(path, buf_str(&text), 0600, e);
}

bool had_when(const char *root, struct str name, struct str arch, struct str version,
	      int64_t *ms_out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(HAD_MAX), key = BUF_INIT(1000);
	AUTO(xfree) char *path = file_join(root, "had");
	struct str rest, line, when;
	*ms_out = 0;
	buf_printf(&key, "%.*s %.*s %.*s", STR_ARG(name), STR_ARG(arch), STR_ARG(version));
	if (!read_file(path, &text, e))
		return false;
	for (rest = buf_str(&text); str_line(&rest, &line);) {
		int64_t ms;
		if (str_split(&line, ' ', &when) && str_eq(line, buf_str(&key)) &&
		    str_to_i64(when, &ms))
			*ms_out = ms;
	}
	return true;
}
