/* SPDX-License-Identifier: Apache-2.0
 * The messages both ends of a sandboxed sync share. */
#include "feeds/sandbox/sandbox_int.h"

#include <stdio.h>

void sandbox_pack_job(struct buf *b, const struct sandbox_job *job)
{
	const struct feed_spec *s = &job->spec;
	const char *const texts[] = {
		s->id, s->kind, s->url, s->dir, s->suite, s->os, s->endpoint_keyring, s->last.etag
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		pack_text(b, texts[i]);
	pack_list(b, s->components);
	pack_list(b, s->architectures);
	pack_list(b, s->keyrings);
	pack_list(b, s->options);
	pack_int(b, s->last.released_ms);
	pack_int(b, s->last.valid_until_ms);
	pack_int(b, job->now_ms);
	pack_int(b, job->memory);
	pack_int(b, job->cpu_s);
}

bool sandbox_unpack_job(struct str body, struct arena *a, struct sandbox_job *out, struct err *e)
{
	struct unpacker u = { .rest = body, .a = a };
	struct sandbox_job j = { 0 };
	struct feed_spec *s = &j.spec;
	const char **const texts[] = {
		&s->id,	      &s->kind, &s->url, &s->dir, &s->suite, &s->os, &s->endpoint_keyring,
		&s->last.etag
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = unpack_text(&u);
	s->components = unpack_list(&u);
	s->architectures = unpack_list(&u);
	s->keyrings = unpack_list(&u);
	s->options = unpack_list(&u);
	s->last.released_ms = unpack_int(&u);
	s->last.valid_until_ms = unpack_int(&u);
	j.now_ms = unpack_int(&u);
	j.memory = unpack_int_in(&u, 0, INT64_MAX);
	j.cpu_s = unpack_int_in(&u, 0, INT64_MAX);
	if (!unpack_end(&u, e))
		return false;
	if (!s->id || !s->kind || !s->url)
		return err_set(e, ERR_CORRUPT, "a feed without name, kind or address");
	*out = j;
	return true;
}

void sandbox_pack_error(struct buf *b, const struct err *e)
{
	pack_int(b, e->code);
	pack_int(b, e->sys);
	pack_str(b, str_of(e->msg));
}

bool sandbox_unpack_error(struct str body, struct err *e)
{
	struct unpacker u = { .rest = body };
	struct err got = { 0 };
	got.code = (enum err_code)unpack_int_in(&u, ERR_NONE + 1, ERR_CODES_ - 1);
	got.sys = (int)unpack_int_in(&u, 0, 4096);
	struct str msg = unpack_str(&u);
	if (!unpack_end(&u, e))
		return false;
	snprintf(got.msg, sizeof(got.msg), "%.*s", STR_ARG(msg));
	for (char *p = got.msg; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	if (e)
		*e = got;
	return false;
}
