/* SPDX-License-Identifier: Apache-2.0
 * Neighbours are woken. Invariant: a server, whoever speaks for it, can at most have a magic packet
 * sent into a subnet that this machine is in, so many a minute. */
#include "agent/net/wakes.h"
#include "agent/net/lan.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/wol.h"

bool wakes_allowed(int64_t now_ms)
{
	static int64_t since_ms; /* of the one thread that checks in */
	static int sent;
	if (!since_ms || now_ms - since_ms >= 60000) {
		since_ms = now_ms;
		sent = 0;
	}
	return sent < WAKES_A_MINUTE && ++sent;
}

static bool is_own(const struct lan *l, const char *subnet)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->nics[i].n_subnets; k++)
			if (strcmp(l->nics[i].subnets[k], subnet) == 0)
				return true;
	return false;
}

static bool wake_one(const struct lan *l, const json_t *one, const char **system_out, struct err *e)
{
	const char *mac, *subnet;
	uint8_t address[6];
	if (!json_is_object(one) || !json_need_str(one, "system", 32, 32, system_out, e) ||
	    !json_need_str(one, "mac", LAN_MAC_TEXT - 1, LAN_MAC_TEXT - 1, &mac, e) ||
	    !json_need_str(one, "subnet", 1, SUBNET_TEXT - 1, &subnet, e))
		return false;
	if (!lan_mac_read(mac, address))
		return err_set(e, ERR_INVALID, "'%s' is no address of a machine", mac);
	if (!is_own(l, subnet))
		return err_set(e, ERR_DENIED, "'%s' is no subnet of this machine", subnet);
	if (!wakes_allowed(clock_mono_ms()))
		return err_set(e, ERR_LIMIT, "more than %d a minute are not sent", WAKES_A_MINUTE);
	if (!wol_send(address, subnet, e))
		return false;
	log_info("a magic packet for %s was sent into %s", mac, subnet);
	return true;
}

void wakes_run(const struct agent_paths *p, struct server *s, const json_t *list)
{
	AUTO(json_free) json_t *body = json_pack("{s:[]}", "sent");
	json_t *sent = json_object_get(body, "sent");
	struct lan lan;
	struct err e = { 0 };
	if (!json_array_size(list))
		return;
	lan_gather(p, &lan);
	for (size_t i = 0; i < MIN(json_array_size(list), (size_t)WAKES_MAX); i++) {
		const char *system;
		if (wake_one(&lan, json_array_get(list, i), &system, &e))
			json_array_append_new(sent, json_string(system));
		else
			log_warn("a neighbour is not woken: %s", e.msg);
	}
	/* When this is lost the server asks again: one harmless packet more. */
	if (json_array_size(sent) && !server_call(s, "POST", "/agent/v1/woken", body, NULL, &e))
		log_warn("the server does not know of packets sent: %s", e.msg);
}
