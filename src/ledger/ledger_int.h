/* SPDX-License-Identifier: Apache-2.0
 * Private to the ledger room. */
#ifndef LEDGER_LEDGER_INT_H
#define LEDGER_LEDGER_INT_H
#include "base/intern.h"
#include "base/vec.h"
#include "ledger/ledger.h"

#include <pthread.h>

struct ledger {
	struct sql *db;
	struct clock clock;
	pthread_mutex_t lock; /* guards the two below */
	struct intern *names; /* ids of hosts and patches -> numbers */
	VEC(uint8_t) durable; /* per name: its row is committed */
	struct fleet *fleet;  /* while attached */
	struct match *match;
	struct ledger_batch *adoption; /* under match's adoption */
	_Atomic(bool) behind;	       /* an adoption was not written */
};

/* The number of a name; given now when it is new. */
uint32_t ledger_name(struct ledger *l, struct str name);
/* The number of a known name, or INTERN_NONE. */
uint32_t ledger_name_find(struct ledger *l, struct str name);
/* Valid until ledger_close(); "" for a number nobody gave. */
const char *ledger_name_get(struct ledger *l, uint32_t no);

/* LEB128, at most 32 bits. */
void varint_put(struct buf *b, uint32_t v);
bool varint_take(struct str *s, uint32_t *out);
#endif
