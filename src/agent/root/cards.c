/* SPDX-License-Identifier: Apache-2.0
 * ETHTOOL_GWOL and ETHTOOL_SWOL on every Ethernet interface there is. Invariant: that a card was
 * set up here is durable before it is, so that it can be taken back whatever is killed between. */
#include "agent/root/cards.h"
#include "agent/root/runner.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "format/json.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATE_MAX 16384

static bool read_card(const json_t *j, struct card *out, struct err *e)
{
	const char *name, *wake;
	*out = (struct card) { .wake = LAN_WAKE_UNKNOWN };
	if (!json_is_object(j))
		return err_set(e, ERR_CORRUPT, "a card is no object");
	if (!json_need_str(j, "name", 1, LAN_NAME - 1, &name, e) ||
	    !json_need_str(j, "wake", 1, 10, &wake, e) || !json_opt_bool(j, "ours", &out->ours, e))
		return false;
	memcpy(out->name, name, strlen(name) + 1);
	return lan_wake_read(wake, &out->wake) ||
	       err_set(e, ERR_CORRUPT, "'%s' says nothing of waking", wake);
}

bool cards_load(const char *root, struct cards *out, struct err *e)
{
	AUTO(xfree) char *path = file_join(root, "cards");
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	AUTO(json_free) json_t *j = NULL;
	json_t *list = NULL;
	const char *boot = "";
	*out = (struct cards) { 0 };
	if (!file_exists(path))
		return true;
	bool ok = file_read(path, &b, e) && json_parse(buf_str(&b), STATE_MAX, &j, e) &&
		  json_opt_bool(j, "on", &out->on, e) &&
		  json_opt_str(j, "boot", sizeof(out->boot) - 1, &boot, e) &&
		  json_opt_array(j, "cards", CARDS_MAX, &list, e);
	for (; ok && out->n < json_array_size(list); out->n += ok)
		ok = read_card(json_array_get(list, out->n), &out->list[out->n], e);
	if (!ok)
		return err_prefix(e, "'%s'", path);
	(void)snprintf(out->boot, sizeof(out->boot), "%s", boot);
	return true;
}

bool cards_save(const char *root, const struct cards *c, struct err *e)
{
	AUTO(xfree) char *path = file_join(root, "cards");
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	AUTO(json_free) json_t *list = json_array();
	if (!c->on && !c->n) {
		if (unlink(path) != 0 && errno != ENOENT)
			return err_sys(e, errno, "cannot remove '%s'", path);
		return true;
	}
	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:b}", "name", c->list[i].name,
						      "wake", lan_wake_name(c->list[i].wake),
						      "ours", c->list[i].ours));
	AUTO(json_free)
	json_t *j = json_pack("{s:b,s:s,s:O}", "on", c->on, "boot", c->boot, "cards", list);
	json_write(j, &b);
	return buf_ok(&b, "the state of network cards", e) &&
	       file_write_atomic(path, buf_str(&b), 0600, e);
}

uint32_t cards_options(bool on, uint32_t supported, uint32_t now, bool ours)
{
	if (on)
		return now | (supported & WAKE_MAGIC);
	return ours ? now & ~(uint32_t)WAKE_MAGIC : now;
}

/* --- the daemon's part --- */

bool cards_due(const struct cards_turn *t, const struct cards *c, bool on, int64_t now_ms)
{
	return (on || c->on || c->n) && (on != t->on || now_ms >= t->next_ms);
}

bool cards_follow(struct cards_turn *t, const struct agent_paths *p, const char *root, bool on,
		  int netns, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_policy policy;
	struct cards c;
	int64_t now = clock_mono_ms();
	if (!agent_policy_load(p, &a, &policy, e) || !cards_load(root, &c, e))
		return false;
	on = on && policy.wake_on_lan;
	if (!cards_due(t, &c, on, now))
		return true;
	*t = (struct cards_turn) { now + CARDS_AGAIN_MS, on };
	return runner_cards(p, on, netns, e);
}

bool cards_resume(struct cards_turn *t, const struct agent_paths *p, const char *root, int netns,
		  struct err *e)
{
	struct cards c;
	return cards_load(root, &c, e) && (!c.on || cards_follow(t, p, root, true, netns, e));
}

json_t *cards_words(const char *root)
{
	struct cards c;
	struct err e = { 0 };
	char boot[REBOOT_BOOT_ID];
	json_t *words = json_object();
	if (!cards_load(root, &c, &e) || !reboot_boot_id(boot, &e)) {
		log_warn("%s", e.msg);
		c.n = 0;
	}
	for (size_t i = 0; i < c.n && c.on && strcmp(c.boot, boot) == 0; i++)
		json_object_set_new(words, c.list[i].name,
				    json_string(lan_wake_name(c.list[i].wake)));
	return json_pack("{s:o}", "wake", words);
}

/* --- carrying it out --- */

/* NULL when there is no room. */
static struct card *card_of(struct cards *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->list[i].name, name) == 0)
			return &c->list[i];
	if (c->n == CARDS_MAX)
		return NULL;
	struct card *new = &c->list[c->n++];
	*new = (struct card) { 0 };
	(void)snprintf(new->name, sizeof(new->name), "%s", name);
	return new;
}

/* Those that are ours stay, whether they are there or not; of the others there is a new look. */
static void forget_others(struct cards *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].ours)
			c->list[n++] = c->list[i];
	c->n = n;
}

/* Whether the interface is one of Ethernet whose driver knows of waking. */
static bool ask(int fd, const char *name, struct ethtool_wolinfo *wol)
{
	struct ifreq r = { 0 };
	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &r) != 0 || r.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return false;
	*wol = (struct ethtool_wolinfo) { .cmd = ETHTOOL_GWOL };
	r.ifr_data = (void *)wol;
	return ioctl(fd, SIOCETHTOOL, &r) == 0;
}

/* A driver may know of waking on a board that does not: *able_out says so. */
static bool set(int fd, const char *name, uint32_t options, struct ethtool_wolinfo *wol,
		bool *able_out, struct err *e)
{
	struct ifreq r = { .ifr_data = (void *)wol };
	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	wol->cmd = ETHTOOL_SWOL;
	wol->wolopts = options;
	bool good = ioctl(fd, SIOCETHTOOL, &r) == 0;
	*able_out = good || errno != EOPNOTSUPP;
	if (!good && *able_out)
		return err_sys(e, errno, "%s: cannot set what it wakes for", name);
	if (good && (!ask(fd, name, wol) || wol->wolopts != options))
		return err_set(e, ERR_UNAVAILABLE, "%s does not keep what it is to wake for", name);
	return true;
}

static bool one(int fd, const char *root, const char *name, bool on, struct cards *c, struct err *e)
{
	struct ethtool_wolinfo wol;
	struct card *card = ask(fd, name, &wol) ? card_of(c, name) : NULL;
	if (!card)
		return true;
	bool able = wol.supported & WAKE_MAGIC;
	uint32_t want = cards_options(on, wol.supported, wol.wolopts, card->ours);
	if (want != wol.wolopts) {
		card->ours = true;
		if (!cards_save(root, c, e) || !set(fd, name, want, &wol, &able, e))
			return false;
		log_info("%s %s", name,
			 !able ? "cannot be woken by magic packet"
			 : on  ? "wakes by magic packet now"
			       : "does not wake by magic packet any more");
		card->ours = able;
	}
	card->wake = !able ? LAN_WAKE_NONE : wol.wolopts & WAKE_MAGIC ? LAN_WAKE_ON : LAN_WAKE_OFF;
	return true;
}

static bool each(const char *root, bool on, struct cards *c, struct err *e)
{
	/* of no protocol: it can only ask about interfaces, of the network it was made in */
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = if_nameindex();
	bool ok = fd >= 0 && all;
	if (!ok)
		err_sys(e, errno, "cannot list network interfaces");
	for (size_t i = 0; fd >= 0 && all && all[i].if_index; i++) {
		struct err own = { 0 };
		if (one(fd, root, all[i].if_name, on, c, &own))
			continue;
		log_warn("%s", own.msg);
		*e = own;
		ok = false;
	}
	if (all)
		if_freenameindex(all);
	return ok;
}

bool cards_run(const struct agent_paths *p, bool on, struct err *e)
{
	AUTO(xfree) char *root = file_join(p->state, "root");
	struct cards c;
	if (!cards_load(root, &c, e))
		return false;
	forget_others(&c);
	c.on = on;
	c.boot[0] = '\0';
	if (!cards_save(root, &c, e) || !each(root, on, &c, e) || !reboot_boot_id(c.boot, e))
		return false;
	c.n = on ? c.n : 0;
	return cards_save(root, &c, e);
}
