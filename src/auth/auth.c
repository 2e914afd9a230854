/* SPDX-License-Identifier: Apache-2.0
 * Opening the room, and what its files share: secrets, names, the password policy. Invariant: a
 * secret leaves this room once, as the return value that made it; only its hash is kept. */
#include "auth/auth.h"

#include "auth/auth_int.h"
#include "base/enc.h"
#include "base/random.h"
#include "base/utf8.h"

#include <strings.h>

bool auth_open(struct sql *db, const struct clock *clock, struct auth **out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	int64_t administrators;
	if (!c || !sql_int_of(c, &SQL_USER_ADMINISTRATORS, SQL_NO_ARGS, &administrators, e))
		return err_prefix(e, "cannot read the users");
	struct auth *a = xcalloc(1, sizeof(*a));
	a->db = db;
	a->clock = clock;
	a->throttle = throttle_new();
	a->cache = session_cache_new();
	a->set_up = administrators > 0;
	*out = a;
	return true;
}

bool auth_reload(struct auth *a, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	int64_t administrators;
	session_cache_clear(a->cache);
	if (!c || !sql_int_of(c, &SQL_USER_ADMINISTRATORS, SQL_NO_ARGS, &administrators, e))
		return err_prefix(e, "users are not read again");
	if (administrators > 0)
		a->set_up = true;
	return true;
}

void auth_close(struct auth *a)
{
	if (!a)
		return;
	throttle_free(a->throttle);
	session_cache_free(a->cache);
	xfree(a);
}

void secret_new(struct secret *out)
{
	unsigned char bits[32];
	random_bytes(bits, sizeof(bits));
	AUTO(buf_done) struct buf b = BUF_INIT(64);
	enc_base64url(&b, bits, sizeof(bits));
	ASSERT(b.n == SECRET_CHARS);
	memcpy(out->text, b.p, b.n + 1);
	out->hash = digest_of(buf_str(&b));
}

void random_id(char *out, int bytes)
{
	unsigned char bits[16];
	ASSERT(bytes <= (int)sizeof(bits));
	random_bytes(bits, (size_t)bytes);
	enc_hex(bits, (size_t)bytes, out);
}

void col_copy(struct sql_rows *r, int col, char *out, size_t size)
{
	struct str s = sql_col_str(r, col);
	snprintf(out, size, "%.*s", STR_ARG(s));
}

bool text_check(const char *s, size_t max, const char *what, struct err *e)
{
	struct str v = s ? str_of(s) : STR_LIT("");
	bool good = v.n <= max && utf8_valid(v);
	for (size_t i = 0; good && i < v.n; i++)
		good = (unsigned char)v.p[i] >= 0x20 && v.p[i] != 0x7f;
	if (good)
		return true;
	return err_set(e, ERR_INVALID,
		       "%s must be text of at most %zu bytes without control characters", what,
		       max);
}

bool name_key(const char *name, char out[static NAME_MAX_BYTES + 1], struct err *e)
{
	if (!text_check(name, NAME_MAX_BYTES, "user name", e))
		return false;
	size_t n = name ? strlen(name) : 0;
	if (n == 0 || str_trim(str_of(name)).n != n)
		return err_set(e, ERR_INVALID,
			       "user name must not be empty nor begin or end with a blank");
	for (size_t i = 0; i <= n; i++)
		out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	return true;
}

bool password_policy(struct str password, const char *key, struct err *e)
{
	if (password.n < 12 || password.n > 256)
		return err_set(e, ERR_INVALID, "password must have 12 to 256 bytes");
	if (password.n == strlen(key) && strncasecmp(password.p, key, password.n) == 0)
		return err_set(e, ERR_INVALID, "password must not be the user name");
	return true;
}
