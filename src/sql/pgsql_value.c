/* SPDX-License-Identifier: Apache-2.0
 * Values to and from PostgreSQL. Text and bytes travel in binary form (no quoting, no copy),
 * numbers as what the server inferred. Columns of types we do not know in binary form (numeric,
 * from sum() of bigint) make the whole result text. Invariant: the same value reads the same as
 * from SQLite. */
#include "sql/pgsql_int.h"

#include <arpa/inet.h>

/* From PostgreSQL's catalog/pg_type.dat; these numbers never change. */
enum {
	T_BOOL = 16,
	T_BYTEA = 17,
	T_NAME = 19,
	T_INT8 = 20,
	T_INT2 = 21,
	T_INT4 = 23,
	T_TEXT = 25,
	T_FLOAT4 = 700,
	T_FLOAT8 = 701,
	T_UNKNOWN = 705,
	T_BPCHAR = 1042,
	T_VARCHAR = 1043,
};

static bool is_bytes(Oid t)
{
	return t == T_BYTEA || t == T_TEXT || t == T_VARCHAR || t == T_BPCHAR || t == T_NAME ||
	       t == T_UNKNOWN;
}

static uint64_t be_get(const char *p, int n)
{
	uint64_t x = 0;
	for (int i = 0; i < n; i++)
		x = x << 8 | (uint8_t)p[i];
	return x;
}

static const char *encode_one(struct arena *mem, Oid type, const struct sql_val *v, int *len,
			      int *format)
{
	switch (v->type) {
	case SQL_T_NULL: break;
	case SQL_T_INT:
		if (type == T_INT8) {
			char *p = arena_alloc(mem, 8);
			for (int i = 0; i < 8; i++)
				p[i] = (char)((uint64_t)v->i >> (56 - 8 * i));
			*len = 8;
			*format = 1;
			return p;
		}
		return arena_printf(mem, "%lld", (long long)v->i);
	case SQL_T_BOOL: return v->i ? "1" : "0";
	case SQL_T_REAL: return arena_printf(mem, "%.17g", v->r);
	case SQL_T_TEXT:
	case SQL_T_BLOB:
		if (!is_bytes(type))
			return arena_str(mem, v->s).p;
		*len = (int)v->s.n;
		*format = 1;
		return v->s.p ? v->s.p : "";
	}
	return NULL;
}

void pg_encode(const struct pg_stmt *st, const struct sql_val *args, int n, struct pg_params *out)
{
	*out = (struct pg_params) { 0 };
	if (n == 0)
		return;
	out->p = arena_array(&out->mem, const char *, (size_t)n);
	out->len = arena_array(&out->mem, int, (size_t)n);
	out->format = arena_array(&out->mem, int, (size_t)n);
	for (int i = 0; i < n; i++)
		out->p[i] = encode_one(&out->mem, st->types[i], &args[i], &out->len[i],
				       &out->format[i]);
}

bool pg_all_binary(const PGresult *description)
{
	for (int i = 0; i < PQnfields(description); i++) {
		Oid t = PQftype(description, i);
		if (!is_bytes(t) && t != T_BOOL && t != T_INT2 && t != T_INT4 && t != T_INT8 &&
		    t != T_FLOAT4 && t != T_FLOAT8)
			return false;
	}
	return true;
}

/* A column as sent: its bytes, its type, and whether the form is binary. */
struct cell {
	const char *p;
	int n;
	Oid type;
	bool binary;
};

static struct cell cell_of(struct sql_rows *base, int col)
{
	struct pg_rows *r = (struct pg_rows *)base;
	ASSERT(col >= 0 && col < PQnfields(r->res) && r->row >= 0 && r->row < r->rows);
	return (struct cell) { PQgetvalue(r->res, r->row, col), PQgetlength(r->res, r->row, col),
			       PQftype(r->res, col), PQfformat(r->res, col) == 1 };
}

static bool is_whole(Oid t)
{
	return t == T_BOOL || t == T_INT2 || t == T_INT4 || t == T_INT8;
}

static int64_t whole(struct cell x)
{
	switch (x.n) {
	case 1: return x.p[0] != 0;
	case 2: return (int16_t)be_get(x.p, 2);
	case 4: return (int32_t)be_get(x.p, 4);
	default: return (int64_t)be_get(x.p, 8);
	}
}

static double real(struct cell x)
{
	if (x.type == T_FLOAT4) {
		uint32_t u = (uint32_t)be_get(x.p, 4);
		float f;
		memcpy(&f, &u, sizeof(f));
		return f;
	}
	uint64_t u = be_get(x.p, 8);
	double d;
	memcpy(&d, &u, sizeof(d));
	return d;
}

int64_t pg_col_int(struct sql_rows *r, int col)
{
	if (pg_col_null(r, col))
		return 0;
	struct cell x = cell_of(r, col);
	if (x.binary && is_whole(x.type))
		return whole(x);
	if (x.binary && (x.type == T_FLOAT4 || x.type == T_FLOAT8))
		return (int64_t)real(x);
	if (x.type == T_BOOL)
		return x.n > 0 && x.p[0] == 't';
	return strtoll(x.p, NULL, 10); /* text results end in NUL */
}

double pg_col_real(struct sql_rows *r, int col)
{
	if (pg_col_null(r, col))
		return 0;
	struct cell x = cell_of(r, col);
	if (x.binary && (x.type == T_FLOAT4 || x.type == T_FLOAT8))
		return real(x);
	if (x.binary && is_whole(x.type))
		return (double)whole(x);
	return strtod(x.p, NULL);
}

struct str pg_col_str(struct sql_rows *r, int col)
{
	if (pg_col_null(r, col))
		return STR_LIT("");
	struct arena *mem = &((struct pg_rows *)r)->scratch;
	struct cell x = cell_of(r, col);
	if (x.binary && is_whole(x.type))
		return str_of(arena_printf(mem, "%lld", (long long)whole(x)));
	if (x.binary && (x.type == T_FLOAT4 || x.type == T_FLOAT8))
		return str_of(arena_printf(mem, "%.15g", real(x)));
	if (x.type == T_BOOL)
		return x.n > 0 && x.p[0] == 't' ? STR_LIT("1") : STR_LIT("0");
	if (x.binary || x.type != T_BYTEA)
		return (struct str) { x.p, (size_t)x.n };
	size_t n;
	unsigned char *raw = PQunescapeBytea((const unsigned char *)x.p, &n);
	ASSERT(raw);
	struct str s = arena_str(mem, (struct str) { (const char *)raw, n });
	PQfreemem(raw);
	return s;
}

enum sql_type pg_col_type(struct sql_rows *r, int col)
{
	if (pg_col_null(r, col))
		return SQL_T_NULL;
	switch (cell_of(r, col).type) {
	case T_BOOL: return SQL_T_BOOL;
	case T_INT2:
	case T_INT4:
	case T_INT8: return SQL_T_INT;
	case T_FLOAT4:
	case T_FLOAT8: return SQL_T_REAL;
	case T_BYTEA: return SQL_T_BLOB;
	default: return SQL_T_TEXT;
	}
}

bool pg_col_null(struct sql_rows *r, int col)
{
	const struct pg_rows *rows = (const struct pg_rows *)r;
	return PQgetisnull(rows->res, rows->row, col);
}
