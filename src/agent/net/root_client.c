/* SPDX-License-Identifier: Apache-2.0
 * Asking the root half. Nothing here decides; a missing root half is an answer, too. */
#include "agent/net/root_client.h"
#include "agent/ipc.h"

#define ROOT_CALL_MS 60000

bool root_client_request(const struct agent_paths *p, const json_t *request, json_t **reply_out,
			 struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/root.sock", p->run);
	AUTO(json_free) json_t *reply = NULL;
	if (!ipc_call(path, request, ROOT_CALL_MS, &reply, e))
		return false;
	if (!ipc_good(reply, e))
		return false;
	*reply_out = TAKE(reply);
	return true;
}

bool root_client_call(const struct agent_paths *p, const char *verb, const char *name,
		      const char *value, json_t **reply_out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/root.sock", p->run);
	AUTO(json_free) json_t *request = json_pack("{s:s}", "verb", verb);
	AUTO(json_free) json_t *reply = NULL;
	if (name)
		json_object_set_new(request, name, json_text(str_of(value)));
	if (!ipc_call(path, request, ROOT_CALL_MS, &reply, e))
		return false;
	if (!ipc_good(reply, e))
		return err_prefix(e, "root half");
	*reply_out = TAKE(reply);
	return true;
}

bool root_client_restart(const struct agent_paths *p, json_t **out)
{
	AUTO(json_free) json_t *reply = NULL;
	if (!root_client_call(p, "restart", NULL, NULL, &reply, NULL))
		return false;
	json_t *list = json_object_get(reply, "restart");
	if (!json_is_array(list))
		return false;
	*out = json_incref(list);
	return true;
}

bool root_client_cards(const struct agent_paths *p, bool on, struct err *e)
{
	AUTO(json_free) json_t *request = json_pack("{s:s,s:b}", "verb", "cards", "on", on);
	AUTO(json_free) json_t *reply = NULL;
	return root_client_request(p, request, &reply, e) || err_prefix(e, "root half");
}

void root_client_wake(const struct agent_paths *p, struct lan *l)
{
	AUTO(json_free) json_t *reply = NULL;
	if (!root_client_call(p, "cards", NULL, NULL, &reply, NULL))
		return;
	const json_t *words = json_object_get(reply, "wake");
	for (size_t i = 0; i < l->n; i++) {
		const char *word = json_string_value(json_object_get(words, l->nics[i].name));
		if (word)
			(void)lan_wake_read(word, &l->nics[i].wake);
	}
}

void root_client_last(const struct agent_paths *p, int64_t *epoch_out, int64_t *seq_out)
{
	AUTO(json_free) json_t *reply = NULL;
	*epoch_out = *seq_out = 0;
	if (!root_client_call(p, "hello", NULL, NULL, &reply, NULL))
		return;
	*epoch_out = json_integer_value(json_object_get(reply, "epoch"));
	*seq_out = json_integer_value(json_object_get(reply, "seq"));
}
