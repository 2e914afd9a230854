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
	pthread_mutex_t lock; /* guards the one below */
	struct intern *names; /* ids of hosts and patches -> numbers, all of them committed */
	struct fleet *fleet;  /* while attached */
	struct match *match;
	struct ledger_batch *adoption; /* under match's adoption */
	_Atomic(bool) read;	       /* `names` has had what the database had */
	_Atomic(bool) behind;	       /* an adoption was not written */
	_Atomic(bool) follows;	       /* another server writes adoptions */
};

uint32_t ledger_names_known(struct ledger *l);
/* A committed name and its number; one that is known already is passed over. False: the number is
 * another name's here, or the name has another number. */
bool ledger_learn(struct ledger *l, uint32_t no, struct str name);
/* Reads the names, once: a start does not wait for a million of them. A batch that is written
 * before reads them itself. */
bool ledger_names_read(struct ledger *l, struct err *e) MUST_CHECK;
/* Reads the names that other servers have added. */
bool ledger_names_refresh(struct ledger *l, struct err *e) MUST_CHECK;
/* Stands for number `no`, which no row has. */
void ledger_hole(struct intern *names, uint32_t no);
/* The number of a known name, or INTERN_NONE. */
uint32_t ledger_name_find(struct ledger *l, struct str name);
/* Valid until ledger_close(); "" for a number nobody gave. */
const char *ledger_name_get(struct ledger *l, uint32_t no);

/* As ledger_batch_swept(), for a batch that names the same hosts again and again. */
void ledger_batch_swept_host(struct ledger_batch *b, const struct host *h);
/* Hosts of all sweeps so far. */
size_t ledger_batch_swept_hosts(const struct ledger_batch *b);

/* LEB128, at most 32 bits. */
void varint_put(struct buf *b, uint32_t v);
bool varint_take(struct str *s, uint32_t *out);
#endif
