/* SPDX-License-Identifier: Apache-2.0
 * A machine's place in the LAN as JSON. Invariant: what lan_write() gives, lan_read() reads back
 * equal. */
#include "proto/lan.h"
#include "base/enc.h"

#include <stdio.h>

#define LAN_JSON_MAX 8192

static const char *const wakes[LAN_WAKES_] = { "unknown", "none", "off", "on" };

const char *lan_wake_name(enum lan_wake w)
{
	return wakes[w];
}

bool lan_wake_read(const char *word, enum lan_wake *out)
{
	for (int w = 0; w < LAN_WAKES_; w++) {
		if (strcmp(wakes[w], word) != 0)
			continue;
		*out = (enum lan_wake)w;
		return true;
	}
	return false;
}

bool lan_mac_read(const char *text, uint8_t out[static 6])
{
	static const uint8_t zero[6];
	char again[LAN_MAC_TEXT];
	if (strlen(text) != LAN_MAC_TEXT - 1)
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!enc_unhex((struct str) { text + 3 * i, 2 }, &out[i], 1))
			return false;
	return memcmp(out, zero, 6) != 0 && !(out[0] & 1) &&
	       strcmp(lan_mac_text(out, again), text) == 0;
}

const char *lan_mac_text(const uint8_t mac[static 6], char out[static LAN_MAC_TEXT])
{
	(void)snprintf(out, LAN_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		       mac[3], mac[4], mac[5]);
	return out;
}

json_t *lan_write(const struct lan *l)
{
	json_t *list = json_array();
	char mac[LAN_MAC_TEXT];
	for (size_t i = 0; i < l->n; i++) {
		const struct lan_nic *n = &l->nics[i];
		json_t *subnets = json_array();
		for (size_t k = 0; k < n->n_subnets; k++)
			json_array_append_new(subnets, json_string(n->subnets[k]));
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o}", "name", n->name, "mac",
						      lan_mac_text(n->mac, mac), "wake",
						      wakes[n->wake], "subnets", subnets));
	}
	return json_pack("{s:s,s:o}", "zone", l->zone, "interfaces", list);
}

static bool read_subnets(const json_t *list, struct lan_nic *out, struct err *e)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		char *to = out->subnets[out->n_subnets++];
		bool good = s && strlen(s) < SUBNET_TEXT && subnet_of(s, to) && strcmp(s, to) == 0;
		for (size_t k = 0; good && k < i; k++)
			good = strcmp(out->subnets[k], to) != 0;
		if (!good)
			return err_set(e, ERR_INVALID,
				       "'subnets' must be such as '192.0.2.0/24', each once");
	}
	return out->n_subnets > 0 || err_set(e, ERR_INVALID, "'subnets' must not be empty");
}

static bool read_nic(const json_t *j, struct lan_nic *out, struct err *e)
{
	static const char *const known[] = { "name", "mac", "wake", "subnets", NULL };
	const char *name, *mac, *wake;
	json_t *subnets = NULL;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'interfaces' must be objects");
	if (!json_only(j, known, e) || !json_need_str(j, "name", 1, LAN_NAME - 1, &name, e) ||
	    !json_need_str(j, "mac", LAN_MAC_TEXT - 1, LAN_MAC_TEXT - 1, &mac, e) ||
	    !json_need_str(j, "wake", 1, 10, &wake, e) ||
	    !json_opt_array(j, "subnets", LAN_SUBNETS, &subnets, e) ||
	    !read_subnets(subnets, out, e))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '/')
			return err_set(e, ERR_INVALID, "'name' must be that of an interface");
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
	if (!lan_mac_read(mac, out->mac))
		return err_set(e, ERR_INVALID, "'mac' must be such as '02:00:5e:10:00:01'");
	return lan_wake_read(wake, &out->wake) ||
	       err_set(e, ERR_INVALID, "'wake' does not know this word");
}

bool lan_read(const json_t *j, struct lan *out, struct err *e)
{
	static const char *const known[] = { "zone", "interfaces", NULL };
	const char *zone = "";
	json_t *list = NULL;
	*out = (struct lan) { 0 };
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'lan' must be an object");
	if (!json_only(j, known, e) || !json_opt_str(j, "zone", ZONE_NAME_MAX, &zone, e) ||
	    !json_opt_array(j, "interfaces", LAN_NICS, &list, e))
		return err_prefix(e, "lan");
	if (*zone && !zone_is_name(str_of(zone)))
		return err_set(e, ERR_INVALID, "lan: 'zone' must be such as 'Asia/Tokyo'");
	(void)snprintf(out->zone, sizeof(out->zone), "%s", zone);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!read_nic(json_array_get(list, i), &out->nics[out->n++], e))
			return err_prefix(e, "lan");
	return true;
}

bool lan_parse(const char *text, struct lan *out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	*out = (struct lan) { 0 };
	if (!text || !*text)
		return true;
	return json_parse(str_of(text), LAN_JSON_MAX, &j, e) && lan_read(j, out, e);
}
