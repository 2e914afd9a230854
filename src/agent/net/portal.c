/* SPDX-License-Identifier: Apache-2.0
 * What users see of what is published, and their choice. Decides nothing; prints no byte that could
 * steer a terminal, whoever sent it. */
#include "agent/net/portal.h"
#include "agent/net/users.h"
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define ID_SHOWN 8

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s && notice_is_text(s, true) ? s : "";
}

static const char *local_time(const char *rfc3339, char out[static 40])
{
	int64_t ms;
	struct tm tm;
	if (!clock_parse_rfc3339(str_of(rfc3339), &ms))
		return "-";
	time_t t = (time_t)(ms / 1000);
	return localtime_r(&t, &tm) && strftime(out, 40, "%Y-%m-%d %H:%M", &tm) ? out : "-";
}

static void print_offer(const json_t *one, bool ja)
{
	const char *description = text_of(one, "description"), *until = text_of(one, "deadline");
	const json_t *packages = json_object_get(one, "packages");
	char when[40];
	printf("%.*s  %s\n", ID_SHOWN, text_of(one, "deployment"), text_of(one, "name"));
	struct str rest = str_of(description), line;
	while (str_line(&rest, &line))
		printf("  %.*s\n", STR_ARG(line));
	for (size_t i = 0; i < json_array_size(packages); i++) {
		const json_t *package = json_array_get(packages, i);
		printf("  - %s %s\n", text_of(package, "name"), text_of(package, "version"));
	}
	if (json_is_true(json_object_get(one, "asked")))
		puts(ja ? "  インストールを待っています。" : "  It is about to be installed.");
	else if (until[0])
		printf(ja ? "  期限: %s (それ以降は自動でインストールされます)\n"
			  : "  Installed by itself from %s on.\n",
		       local_time(until, when));
}

bool portal_available(const struct agent_paths *p, enum notice_language lang, bool json,
		      struct err *e)
{
	AUTO(json_free) json_t *reply = NULL;
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	bool ja = lang == NOTICE_JA;
	if (!users_ask(p, "offers", NULL, 0, &reply, e))
		return false;
	if (json) {
		json_write(reply, &b);
		return buf_ok(&b, "the list", e) && printf("%s\n", b.p) > 0;
	}
	const json_t *offers = json_object_get(reply, "offers");
	if (!json_array_size(offers))
		puts(ja ? "公開されているものはありません。" : "Nothing is published here.");
	for (size_t i = 0; i < json_array_size(offers); i++)
		print_offer(json_array_get(offers, i), ja);
	if (json_array_size(offers))
		puts(ja ? "\nインストール: tsukuroi-agent install 番号または名前"
			: "\nTo install one: tsukuroi-agent install ID-OR-NAME");
	return true;
}

/* The last offer that is called so, or (`beginning`) whose name begins or id begins so; how many.
 */
static const json_t *called(const json_t *offers, const char *name, bool beginning, size_t *n_out)
{
	const json_t *found = NULL;
	size_t length = strlen(name);
	*n_out = 0;
	for (size_t i = 0; i < json_array_size(offers); i++) {
		const json_t *one = json_array_get(offers, i);
		bool id = length >= ID_SHOWN &&
			  strncmp(text_of(one, "deployment"), name, length) == 0;
		const char *has = text_of(one, "name");
		if (beginning ? id || strncmp(has, name, length) == 0 : strcmp(has, name) == 0) {
			found = one;
			++*n_out;
		}
	}
	return found;
}

const json_t *portal_find(const json_t *offers, const char *name, struct err *e)
{
	size_t n;
	const json_t *found = called(offers, name, false, &n);
	if (n == 0)
		found = called(offers, name, true, &n);
	if (n == 1)
		return found;
	err_set(e, n ? ERR_CONFLICT : ERR_NOT_FOUND,
		n ? "several names begin with '%s'; 'tsukuroi-agent available' shows their numbers"
		  : "nothing is published here under '%s'; see 'tsukuroi-agent available'",
		name);
	return NULL;
}

bool portal_install(const struct agent_paths *p, enum notice_language lang, const char *name,
		    struct err *e)
{
	AUTO(json_free) json_t *list = NULL, *reply = NULL;
	if (!users_ask(p, "offers", NULL, 0, &list, e))
		return false;
	const json_t *one = portal_find(json_object_get(list, "offers"), name, e);
	if (!one || !users_ask(p, "want", text_of(one, "order"), 0, &reply, e))
		return false;
	printf(lang == NOTICE_JA ? "「%s」のインストールを開始します。\n"
				 : "'%s' will be installed now.\n",
	       text_of(reply, "name"));
	return true;
}
