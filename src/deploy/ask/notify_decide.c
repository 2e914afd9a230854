/* SPDX-License-Identifier: Apache-2.0
 * When a deployment's state is told (M-146), and who is, as JSON. Pure. */
#include "deploy/ask/notify.h"
#include "format/mail_address.h"

/* The grid's interval that a moment lies in. */
static int64_t interval_of(const struct notify_note *n, int64_t ms)
{
	int64_t since = ms - n->anchor_ms;
	return since < 0 ? -1 : since / n->every_ms;
}

/* != and not >: a clock that was set back must not silence it until it has caught up. */
static bool other_interval(const struct notify_note *n, int64_t now_ms)
{
	return interval_of(n, now_ms) != interval_of(n, n->looked_ms);
}

bool notify_is_due(const struct notify_note *last, const struct notify_now *now)
{
	return !last->looked_ms || (now->ended && !last->ended) ||
	       (now->halt_ms && now->halt_ms != last->halt_ms) || other_interval(last, now->now_ms);
}

enum notify_what notify_decide(const struct notify_note *last, const struct notify_now *now,
			       const char *state)
{
	if (!notify_is_due(last, now))
		return NOTIFY_NOTHING;
	if (strcmp(last->told, state) == 0)
		return NOTIFY_SAME;
	if (now->ended)
		return NOTIFY_ENDED;
	if (now->halt_ms && now->halt_ms != last->halt_ms)
		return NOTIFY_HALTED;
	return last->looked_ms ? NOTIFY_CHANGED : NOTIFY_FIRST;
}

/* --- who is told --- */

static bool read_addresses(const json_t *list, struct buf *to, struct err *e)
{
	size_t n = json_array_size(list);
	if (!n || n > NOTIFY_ADDRESSES_MAX)
		return err_set(e, ERR_INVALID, "'to' must hold 1 to %d addresses",
			       NOTIFY_ADDRESSES_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *one = json_string_value(json_array_get(list, i));
		if (!one || !mail_address_ok(str_of(one)))
			return err_set(
				e, ERR_INVALID,
				"'to' must hold e-mail addresses such as 'patches@example.org'");
		for (size_t k = 0; k < i; k++)
			if (strcmp(one, json_string_value(json_array_get(list, k))) == 0)
				return err_set(e, ERR_INVALID, "'to' has '%.100s' twice", one);
		buf_printf(to, "%s%s", i ? "\n" : "", one);
	}
	return true;
}

bool notify_read(const json_t *j, struct arena *a, struct deploy_notify *out, struct err *e)
{
	static const char *const known[] = { "to", "every_minutes", NULL };
	AUTO(buf_done) struct buf to = BUF_INIT(NOTIFY_ADDRESSES_MAX * (MAIL_ADDRESS_MAX + 2));
	int64_t every = NOTIFY_EVERY_USUAL;
	if (!j || json_is_null(j)) {
		*out = (struct deploy_notify) { .to = "" };
		return true;
	}
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'notify' must be an object or null");
	if (!json_only(j, known, e) || !read_addresses(json_object_get(j, "to"), &to, e) ||
	    !json_opt_int(j, "every_minutes", NOTIFY_EVERY_MIN, NOTIFY_EVERY_MAX, &every, e))
		return err_prefix(e, "'notify'");
	*out = (struct deploy_notify) { .to = arena_str(a, buf_str(&to)).p,
					.every_minutes = every };
	return true;
}

json_t *notify_write(const struct deploy_notify *n)
{
	if (!n->to || !n->to[0])
		return json_null();
	json_t *j = json_object(), *to = json_array();
	struct str rest = str_of(n->to), one;
	while (str_split(&rest, '\n', &one))
		json_array_append_new(to, json_text(one));
	json_object_set_new(j, "to", to);
	json_object_set_new(j, "every_minutes", json_integer(n->every_minutes));
	return j;
}
