/* SPDX-License-Identifier: Apache-2.0
 * An order as canonical JSON text. Invariant: what order_write gives for an order that obeys the
 * rules of order.h, order_parse reads back equal. Signs nothing and judges nothing. */
#include "proto/order.h"
#include "base/enc.h"
#include "base/vec.h"
#include "format/json.h"

static void put_str(json_t *obj, const char *key, struct str s)
{
	json_object_set_new(obj, key, json_text(s));
}

static void put_packages(json_t *obj, const char *key, const struct order_package *p, uint32_t n)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < n; i++) {
		json_t *j = json_object();
		put_str(j, "name", p[i].name);
		put_str(j, "arch", p[i].arch);
		put_str(j, "version", p[i].version);
		if (p[i].from.n)
			put_str(j, "from", p[i].from);
		json_array_append_new(list, j);
	}
	json_object_set_new(obj, key, list);
}

static void put_files(json_t *obj, const char *key, const struct order_file *f, uint32_t n)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < n; i++) {
		char hex[SHA256_HEX];
		json_t *j = json_object();
		put_str(j, "path", f[i].path);
		json_object_set_new(j, "sha256",
				    json_string(enc_hex(f[i].sha256.b, SHA256_LEN, hex)));
		json_object_set_new(j, "size", json_integer(f[i].size));
		json_array_append_new(list, j);
	}
	json_object_set_new(obj, key, list);
}

static json_t *archive_json(const struct order_archive *a)
{
	json_t *j = json_object();
	put_str(j, "id", a->id);
	put_str(j, "suite", a->suite);
	put_str(j, "components", a->components);
	put_str(j, "keyring", a->keyring);
	if (a->hotfix) /* agents of before do not know it */
		json_object_set_new(j, "module_hotfixes", json_true());
	put_files(j, "index", a->index, a->n_index);
	put_files(j, "payload", a->payload, a->n_payload);
	return j;
}

static void put_units(json_t *j, const struct order *o)
{
	json_t *units = json_array();
	for (uint32_t i = 0; i < o->n_units; i++)
		json_array_append_new(units, json_text(o->units[i]));
	json_object_set_new(j, "units", units);
}

static void put_installation(json_t *j, const struct order *o)
{
	put_str(j, "kind", o->kind == ORDER_RPM ? STR_LIT("rpm") : STR_LIT("deb"));
	put_packages(j, "packages", o->packages, o->n_packages);
	put_packages(j, "extra", o->extra, o->n_extra);
	if (o->n_replaced)
		put_packages(j, "replaced", o->replaced, o->n_replaced);
	json_t *archives = json_array();
	for (uint32_t i = 0; i < o->n_archives; i++)
		json_array_append_new(archives, archive_json(&o->archives[i]));
	json_object_set_new(j, "archives", archives);
	if (o->plan.n)
		put_str(j, "plan", o->plan);
}

void order_write(const struct order *o, struct buf *out)
{
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "v", json_integer(1));
	put_str(j, "org", o->org);
	put_str(j, "id", o->id);
	put_str(j, "deployment", o->deployment);
	put_str(j, "agent", o->agent);
	json_object_set_new(j, "epoch", json_integer((json_int_t)o->epoch));
	json_object_set_new(j, "seq", json_integer((json_int_t)o->seq));
	json_object_set_new(j, "not_before", json_time(o->not_before_ms));
	json_object_set_new(j, "not_after", json_time(o->not_after_ms));
	put_str(j, "action", o->action);
	if (order_restarts(o))
		put_units(j, o);
	else if (order_installs(o))
		put_installation(j, o);
	if (actions_any_before(&o->actions))
		json_object_set_new(j, "before", actions_before_json(&o->actions));
	if (actions_any_after(&o->actions) || actions_waits(&o->actions))
		json_object_set_new(j, "after", actions_after_json(&o->actions));
	if (o->window)
		json_object_set_new(j, "window", window_write(o->window));
	if (o->forced_ms)
		json_object_set_new(j, "forced_after", json_time(o->forced_ms));
	if (o->notification)
		json_object_set_new(j, "notification", notice_write(o->notification));
	if (o->offer)
		json_object_set_new(j, "offer", offer_write(o->offer));
	json_write(j, out);
}

uint32_t order_scripts(const struct order *o, struct order_file out[static 2])
{
	const struct actions_script *all[] = { &o->actions.script_before,
					       &o->actions.script_after };
	uint32_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->there)
			out[n++] = (struct order_file) { STR_LIT("script"), all[i]->sha256,
							 all[i]->size };
	return n;
}
