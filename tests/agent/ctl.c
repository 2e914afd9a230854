/* SPDX-License-Identifier: Apache-2.0
 * Speaks to a root half's socket as the network half would: `ctl SOCKET verb [member=value ...]`; a
 * value "@FILE" is the file's content. Prints the reply. For tests/agent/endpoint.sh. */
#include "agent/ipc.h"
#include "base/file.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free) json_t *request = json_object();
	AUTO(buf_done) struct buf out = BUF_INIT(2 * (size_t)IPC_MAX);
	if (argc < 3)
		return 2;
	json_object_set_new(request, "verb", json_string(argv[2]));
	for (int i = 3; i < argc; i++) {
		AUTO(buf_done) struct buf content = BUF_INIT(IPC_MAX);
		struct str rest = str_of(argv[i]), name;
		if (!str_split(&rest, '=', &name) || !rest.p)
			return 2;
		if (rest.n && rest.p[0] == '@' && !file_read(rest.p + 1, &content, &e)) {
			fprintf(stderr, "ctl: %s\n", e.msg);
			return 1;
		}
		AUTO(xfree) char *key = str_dup(name);
		json_object_set_new(
			request, key,
			json_text(rest.n && rest.p[0] == '@' ? buf_str(&content) : rest));
	}
	if (!ipc_call(argv[1], request, 30000, &reply, &e)) {
		fprintf(stderr, "ctl: %s\n", e.msg);
		return 1;
	}
	json_write(reply, &out);
	printf("%s\n", out.p ? out.p : "");
	return json_object_get(reply, "error") || json_object_get(reply, "refused") ? 3 : 0;
}
