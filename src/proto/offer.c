/* SPDX-License-Identifier: Apache-2.0
 * The member "offer" of an order. Invariant: what offer_write() gives, offer_read() takes; nothing
 * that steers a terminal comes out of it. */
#include "proto/offer.h"
#include "base/clock.h"
#include "window/notice.h"

json_t *offer_write(const struct offer *o)
{
	json_t *j = json_object();
	json_object_set_new(j, "name", json_text(o->name));
	json_object_set_new(j, "description", json_text(o->description));
	json_object_set_new(j, "deadline", json_time(o->deadline_ms));
	return j;
}

static bool read_deadline(const json_t *j, int64_t *out, struct err *e)
{
	const json_t *v = json_object_get(j, "deadline");
	*out = 0;
	if (json_is_null(v))
		return true;
	return (json_is_string(v) && clock_parse_rfc3339(str_of(json_string_value(v)), out) &&
		*out > 0) ||
	       err_set(e, ERR_INVALID, "'deadline' must be a time or null");
}

bool offer_read(const json_t *j, struct arena *a, struct offer *out, struct err *e)
{
	static const char *const known[] = { "name", "description", "deadline", NULL };
	const char *name, *description;
	struct offer o = { 0 };
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "it must be an object");
	if (!json_only(j, known, e) || !json_need_str(j, "name", 1, OFFER_NAME_MAX, &name, e) ||
	    !json_need_str(j, "description", 0, OFFER_DESCRIPTION_MAX, &description, e) ||
	    !read_deadline(j, &o.deadline_ms, e))
		return false;
	if (!notice_is_text(name, false) || !notice_is_text(description, true))
		return err_set(e, ERR_INVALID, "'%s' must not have control characters",
			       notice_is_text(name, false) ? "description" : "name");
	o.name = arena_str(a, str_of(name));
	o.description = arena_str(a, str_of(description));
	*out = o;
	return true;
}
