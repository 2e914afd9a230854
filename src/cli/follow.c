/* SPDX-License-Identifier: Apache-2.0
 * Questions and waiting. */
#include "cli/follow.h"
#include "cli/print.h"

#include <stdio.h>
#include <unistd.h>

bool follow_confirmed(const char *question)
{
	char line[16] = "";
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "error: not confirmed; give --yes when no person is asked\n");
		return false;
	}
	printf("%s [y/N] ", question);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

bool follow_policy(struct remote *r, const char *wanted, json_t *req, struct err *e)
{
	AUTO(json_free) json_t *p = NULL;
	if (!wanted)
		return true;
	if (!remote_policy(r, wanted, &p, e))
		return false;
	json_object_set(req, "policy", json_object_get(p, "id"));
	return true;
}

static bool ended(const char *state)
{
	return strcmp(state, "ready") != 0 && strcmp(state, "in_progress") != 0 &&
	       strcmp(state, "suspended") != 0;
}

static bool follow(struct remote *r, const char *id, json_t **out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("/deployments/%s", id);
	char last[200] = "";
	for (;;) {
		AUTO(json_free) json_t *d = NULL;
		if (!remote_call(r, "GET", path, NULL, &d, e))
			return false;
		const json_t *t = json_object_get(d, "targets");
		char line[200];
		long long asks = (long long)print_int(t, "awaiting_approval");
		snprintf(
			line, sizeof(line),
			"%s: %lld of %lld succeeded, %lld failed, %lld installing, %lld downloading, %lld pending",
			print_text(d, "state"), (long long)print_int(t, "succeeded"),
			(long long)print_int(t, "total"), (long long)print_int(t, "failed"),
			(long long)print_int(t, "installing"),
			(long long)print_int(t, "downloading"), (long long)print_int(t, "pending"));
		if (asks)
			snprintf(line + strlen(line), sizeof(line) - strlen(line),
				 ", %lld awaiting approval", asks);
		if (strcmp(line, last) != 0)
			fprintf(stderr, "  %s\n", line);
		memcpy(last, line, sizeof(last));
		bool halted = json_is_object(
			json_object_get(json_object_get(d, "rollout"), "halted"));
		if (halted)
			fprintf(stderr, "  halted; see 'tsukuroi rollout %s'\n", id);
		if (halted || ended(print_text(d, "state"))) {
			*out = TAKE(d);
			return true;
		}
		usleep(300000);
	}
}

int follow_made(struct remote *r, const json_t *made, bool wait, bool json)
{
	AUTO(json_free) json_t *done = NULL;
	struct err e = { 0 };
	if (wait && !follow(r, print_text(made, "id"), &done, &e))
		return print_failure(&e);
	const json_t *last = done ? done : made;
	if (json)
		print_json(last);
	else
		printf("deployment %s: %s\n", print_text(last, "id"), print_text(last, "state"));
	return done && strcmp(print_text(done, "state"), "completed") != 0;
}
