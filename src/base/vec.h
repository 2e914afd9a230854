/* SPDX-License-Identifier: Apache-2.0
 * Typed vectors: VEC(struct thing) v = {0}; VEC_PUSH(&v, x); for (size_t i = 0; i < v.n; i++)
 * v.p[i] A zeroed vector is empty and valid. */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include "base/base.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *p;                                                                           \
		size_t n, cap;                                                                     \
	}
#define VEC_RESERVE(v, more)                                                                       \
	do {                                                                                       \
		if ((v)->n + (more) > (v)->cap) {                                                  \
			(v)->cap = MAX((v)->n + (more), (v)->cap ? (v)->cap * 2 : 8);              \
			(v)->p = xrealloc((v)->p, (v)->cap * sizeof(*(v)->p));                     \
		}                                                                                  \
	} while (0)
#define VEC_PUSH(v, x)                                                                             \
	do {                                                                                       \
		VEC_RESERVE(v, 1);                                                                 \
		(v)->p[(v)->n++] = (x);                                                            \
	} while (0)
/** Frees the storage (not what elements point to); the vector is empty and valid afterwards. */
#define VEC_DONE(v)                                                                                \
	do {                                                                                       \
		xfree((v)->p);                                                                     \
		(v)->p = NULL;                                                                     \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)
#endif
