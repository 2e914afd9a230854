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

static bool ended(const char *state)
{
	return strcmp(state, "ready") != 0 && strcmp(state, "in_progress") != 0;
}

bool follow_deployment(struct remote *r, const char *id, json_t **out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("/deployments/%s", id);
	char last[200] = "";
	for (;;) {
		AUTO(json_free) json_t *d = NULL;
		if (!remote_call(r, "GET", path, NULL, &d, e))
			return false;
		const json_t *t = json_object_get(d, "targets");
		char line[200];
		snprintf(
			line, sizeof(line),
			"%s: %lld of %lld succeeded, %lld failed, %lld installing, %lld downloading, %lld pending",
			print_text(d, "state"), (long long)print_int(t, "succeeded"),
			(long long)print_int(t, "total"), (long long)print_int(t, "failed"),
			(long long)print_int(t, "installing"),
			(long long)print_int(t, "downloading"), (long long)print_int(t, "pending"));
		if (strcmp(line, last) != 0)
			fprintf(stderr, "  %s\n", line);
		memcpy(last, line, sizeof(last));
		if (ended(print_text(d, "state"))) {
			*out = TAKE(d);
			return true;
		}
		usleep(300000);
	}
}
