/* SPDX-License-Identifier: Apache-2.0
 * A fixed window of one minute per slot. */
#include "api/enrol_throttle.h"

#include "base/str.h"

#include <pthread.h>

#define SLOTS 4096
#define WINDOW_MS 60000

struct slot {
	int64_t since_ms;
	uint32_t failures;
};
struct enrol_throttle {
	pthread_mutex_t lock;
	struct slot slots[SLOTS];
};

struct enrol_throttle *enrol_throttle_new(void)
{
	struct enrol_throttle *t = xcalloc(1, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void enrol_throttle_free(struct enrol_throttle *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	xfree(t);
}

/* The address's slot, emptied when its window is over. Lock held. */
static struct slot *slot_of(struct enrol_throttle *t, const char *address, int64_t now_ms)
{
	struct slot *s = &t->slots[str_hash(str_of(address)) % SLOTS];
	if (now_ms < s->since_ms || now_ms - s->since_ms >= WINDOW_MS)
		*s = (struct slot) { .since_ms = now_ms };
	return s;
}

int64_t enrol_throttle_wait_s(struct enrol_throttle *t, const char *address, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	const struct slot *s = slot_of(t, address, now_ms);
	int64_t wait_s = s->failures >= ENROL_THROTTLE_FAILURES
				 ? (s->since_ms + WINDOW_MS - now_ms) / 1000 + 1
				 : 0;
	pthread_mutex_unlock(&t->lock);
	return wait_s;
}

void enrol_throttle_failed(struct enrol_throttle *t, const char *address, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	slot_of(t, address, now_ms)->failures++;
	pthread_mutex_unlock(&t->lock);
}
