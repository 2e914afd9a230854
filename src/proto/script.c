/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts, made and opened. Invariant: with trusted keys given, no byte of a statement is
 * parsed and no script comes out before their signatures over that statement are good; a key counts
 * once however often it has signed (A11). */
#include "proto/script.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "format/json.h"

#define STATEMENT_MAX 2000u

static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!word && (!i || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return s.n >= 1 && s.n <= SCRIPT_NAME_MAX;
}

static bool platform_ok(struct str s)
{
	return str_is(s, SCRIPT_LINUX) || str_is(s, "windows") || str_is(s, "macos");
}

bool script_check(const struct script *s, struct err *e)
{
	if (!name_ok(s->name))
		return err_set(e, ERR_INVALID,
			       "a script's name has 1 to %d small letters, digits, '.', '_', '-'",
			       SCRIPT_NAME_MAX);
	if (!platform_ok(s->platform))
		return err_set(e, ERR_INVALID,
			       "a script's platform is 'linux', 'windows' or 'macos'");
	if (s->version < 1 || s->version > SCRIPT_VERSION_MAX)
		return err_set(e, ERR_INVALID, "a script's version is a number from 1");
	if (s->expires_ms <= 0)
		return err_set(e, ERR_INVALID, "a script must have a time from which it is void");
	if (!s->text.n || s->text.n > SCRIPT_MAX)
		return err_set(e, ERR_INVALID, "a script has 1 to %u bytes", SCRIPT_MAX);
	if (!utf8_valid(s->text) || memchr(s->text.p, '\0', s->text.n))
		return err_set(e, ERR_INVALID, "a script is UTF-8 text");
	return str_is(s->platform, "windows") || str_starts(s->text, "#!/") ||
	       err_set(e, ERR_INVALID,
		       "the script's first line names no interpreter; begin with '#!/bin/sh'");
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool write_statement(const struct script *s, struct buf *out, struct err *e)
{
	char hex[SHA256_HEX];
	struct sha256 sum = digest_of(s->text);
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "v", json_integer(1));
	json_object_set_new(j, "name", json_text(s->name));
	json_object_set_new(j, "platform", json_text(s->platform));
	json_object_set_new(j, "version", json_integer(s->version));
	json_object_set_new(j, "expires", json_time(s->expires_ms));
	json_object_set_new(j, "size", json_integer((json_int_t)s->text.n));
	json_object_set_new(j, "sha256", json_string(digest_hex(&sum, hex)));
	json_write(j, out);
	return buf_ok(out, "the script's statement", e);
}

static void put_base64(json_t *j, const char *key, const void *p, size_t n)
{
	AUTO(buf_done) struct buf b = BUF_INIT(SCRIPT_SEALED_MAX);
	enc_base64url(&b, p, n);
	json_object_set_new(j, key, json_text(buf_str(&b)));
}

static bool add_signature(json_t *list, struct str statement, const struct sign_key *key,
			  struct err *e)
{
	uint8_t pub[SIGN_PUBLIC_LEN], sig[SIGN_SIGNATURE_LEN];
	char hex[2 * SIGN_PUBLIC_LEN + 1];
	if (!sign_message(key, SCRIPT_DOMAIN, statement, sig, e))
		return false;
	sign_key_public(key, pub);
	json_t *one = json_object();
	json_object_set_new(one, "key", json_string(enc_hex(pub, sizeof(pub), hex)));
	put_base64(one, "signature", sig, sizeof(sig));
	json_array_append_new(list, one);
	return true;
}

bool script_seal(const struct script *s, const struct sign_key *key, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf statement = BUF_INIT(STATEMENT_MAX);
	AUTO(json_free) json_t *j = json_object();
	json_t *list = json_array();
	put_base64(j, "script", s->text.p, s->text.n);
	if (!script_check(s, e) || !write_statement(s, &statement, e) ||
	    !add_signature(list, buf_str(&statement), key, e)) {
		json_free(list);
		return false;
	}
	put_base64(j, "statement", statement.p, statement.n);
	json_object_set_new(j, "signatures", list);
	json_write(j, out);
	return buf_ok(out, "the signed script", e);
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* A signed file taken apart, nothing of it believed. */
struct parts {
	json_t *j;
	struct buf script, statement;
	uint32_t n;
	uint8_t keys[SCRIPT_KEYS_MAX][SIGN_PUBLIC_LEN];
	struct buf signatures[SCRIPT_KEYS_MAX];
};

static void parts_done(struct parts *p)
{
	json_free(p->j);
	buf_done(&p->script);
	buf_done(&p->statement);
	for (uint32_t i = 0; i < SCRIPT_KEYS_MAX; i++)
		buf_done(&p->signatures[i]);
}
AUTO_DEFINE_VALUE(struct parts, parts_done)

static bool read_signature(const json_t *j, struct parts *p, struct err *e)
{
	static const char *const known[] = { "key", "signature", NULL };
	const char *key, *sig;
	p->signatures[p->n] = BUF_INIT(2 * SIGN_SIGNATURE_LEN);
	if (!json_is_object(j))
		return err_set(e, ERR_CORRUPT, "'signatures' must hold objects");
	if (!json_only(j, known, e) ||
	    !json_need_str(j, "key", 2 * SIGN_PUBLIC_LEN, 2 * SIGN_PUBLIC_LEN, &key, e) ||
	    !json_need_str(j, "signature", 1, 2 * SIGN_SIGNATURE_LEN, &sig, e))
		return false;
	if (!enc_unhex(str_of(key), p->keys[p->n], SIGN_PUBLIC_LEN) ||
	    !enc_unbase64url(str_of(sig), &p->signatures[p->n]))
		return err_set(e, ERR_CORRUPT, "a key or signature is not well formed");
	p->n++;
	return true;
}

static bool take_apart(struct str sealed, struct parts *p, struct err *e)
{
	static const char *const known[] = { "script", "statement", "signatures", NULL };
	const char *script, *statement;
	json_t *list = NULL;
	p->script = BUF_INIT(SCRIPT_MAX);
	p->statement = BUF_INIT(STATEMENT_MAX);
	if (!json_parse(sealed, SCRIPT_SEALED_MAX, &p->j, e))
		return false;
	if (!json_is_object(p->j))
		return err_set(e, ERR_CORRUPT, "it is not a JSON object");
	if (!json_only(p->j, known, e) ||
	    !json_need_str(p->j, "script", 1, SCRIPT_SEALED_MAX, &script, e) ||
	    !json_need_str(p->j, "statement", 1, 2 * STATEMENT_MAX, &statement, e) ||
	    !json_opt_array(p->j, "signatures", SCRIPT_KEYS_MAX, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!read_signature(json_array_get(list, i), p, e))
			return false;
	if (!p->n)
		return err_set(e, ERR_CORRUPT, "it has no signature");
	if (!enc_unbase64url(str_of(script), &p->script) ||
	    !enc_unbase64url(str_of(statement), &p->statement))
		return err_set(e, ERR_CORRUPT, "script or statement is not base64url");
	return buf_ok(&p->script, "the script", e) &&
	       buf_ok(&p->statement, "the script's statement", e);
}

static bool has_key(uint8_t (*keys)[SIGN_PUBLIC_LEN], uint32_t n, const uint8_t *key)
{
	for (uint32_t i = 0; i < n; i++)
		if (memcmp(keys[i], key, SIGN_PUBLIC_LEN) == 0)
			return true;
	return false;
}

static bool believed(const struct script_keys *trusted, const uint8_t *key)
{
	for (uint32_t i = 0; trusted && i < trusted->n; i++)
		if (memcmp(trusted->key[i], key, SIGN_PUBLIC_LEN) == 0)
			return true;
	return !trusted;
}

/* Who has really signed, of those that count. */
static bool signers(struct parts *p, const struct script_keys *trusted, struct script *s,
		    struct err *e)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (!believed(trusted, p->keys[i]) || has_key(s->keys, s->n_keys, p->keys[i]))
			continue;
		if (!sign_verify(p->keys[i], SCRIPT_DOMAIN, buf_str(&p->statement),
				 buf_str(&p->signatures[i]), e))
			return false;
		memcpy(s->keys[s->n_keys++], p->keys[i], SIGN_PUBLIC_LEN);
	}
	uint32_t wanted = trusted ? MAX(trusted->threshold, 1) : 1;
	return s->n_keys >= wanted ||
	       err_set(e, ERR_UNTRUSTED,
		       "it is signed by %u of the %u content keys that must have signed it",
		       s->n_keys, wanted);
}

static bool read_statement(const struct parts *p, struct arena *a, struct script *s, struct err *e)
{
	static const char *const known[] = { "v",	"name", "platform", "version",
					     "expires", "size", "sha256",   NULL };
	AUTO(json_free) json_t *j = NULL;
	const char *name, *platform, *expires, *hex;
	struct sha256 named, sum = digest_of(buf_str(&p->script));
	int64_t v, size;
	if (!json_parse(buf_str(&p->statement), STATEMENT_MAX, &j, e))
		return false;
	if (!json_is_object(j))
		return err_set(e, ERR_CORRUPT, "the statement is not a JSON object");
	if (!json_only(j, known, e) || !json_need_int(j, "v", 1, 1, &v, e) ||
	    !json_need_str(j, "name", 1, SCRIPT_NAME_MAX, &name, e) ||
	    !json_need_str(j, "platform", 1, 20, &platform, e) ||
	    !json_need_int(j, "version", 1, SCRIPT_VERSION_MAX, &s->version, e) ||
	    !json_need_str(j, "expires", 1, CLOCK_RFC3339_LEN, &expires, e) ||
	    !json_need_int(j, "size", 1, SCRIPT_MAX, &size, e) ||
	    !json_need_str(j, "sha256", SHA256_HEX - 1, SHA256_HEX - 1, &hex, e))
		return false;
	if (!clock_parse_rfc3339(str_of(expires), &s->expires_ms))
		return err_set(e, ERR_CORRUPT, "'expires' is not a time as in RFC 3339");
	if (!digest_parse(str_of(hex), &named) || !digest_eq(&named, &sum) ||
	    (size_t)size != p->script.n)
		return err_set(e, ERR_UNTRUSTED, "the script is not the one that was signed");
	s->name = arena_str(a, str_of(name));
	s->platform = arena_str(a, str_of(platform));
	s->text = arena_str(a, buf_str(&p->script));
	return script_check(s, e);
}

/* What comes from outside is wrong data, not a wrong request. */
static bool as_data(struct err *e)
{
	if (e && e->code == ERR_INVALID)
		e->code = ERR_CORRUPT;
	return err_prefix(e, "signed script");
}

bool script_open(struct str sealed, const struct script_keys *trusted, struct arena *a,
		 struct script *out, struct err *e)
{
	AUTO(parts_done) struct parts p = { 0 };
	struct script s = { 0 };
	if (!take_apart(sealed, &p, e) || !signers(&p, trusted, &s, e) ||
	    !read_statement(&p, a, &s, e))
		return as_data(e);
	*out = s;
	return true;
}

bool script_cosign(struct str sealed, const struct sign_key *key, struct buf *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(parts_done) struct parts p = { 0 };
	uint8_t pub[SIGN_PUBLIC_LEN];
	struct script s;
	if (!script_open(sealed, NULL, &a, &s, e) || !take_apart(sealed, &p, e))
		return false;
	sign_key_public(key, pub);
	if (has_key(s.keys, s.n_keys, pub))
		return err_set(e, ERR_CONFLICT, "this key has signed '%s' already", s.name.p);
	if (p.n >= SCRIPT_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "'%s' has %d signatures already", s.name.p,
			       SCRIPT_KEYS_MAX);
	if (!add_signature(json_object_get(p.j, "signatures"), buf_str(&p.statement), key, e))
		return false;
	json_write(p.j, out);
	return buf_ok(out, "the signed script", e);
}

bool script_keys_read(struct str words, struct script_keys *out, struct err *e)
{
	struct script_keys k = { .threshold = 1 };
	AUTO(buf_done) struct buf plain = BUF_INIT(4096);
	struct str rest, word;
	for (size_t i = 0; i < words.n; i++)
		buf_addc(&plain, words.p[i] == ',' || words.p[i] == '\t' ? ' ' : words.p[i]);
	if (!buf_ok(&plain, "the list of content keys", e))
		return false;
	for (rest = buf_str(&plain); str_split(&rest, ' ', &word);) {
		if (!word.n)
			continue;
		if (k.n == SCRIPT_KEYS_MAX)
			return err_set(e, ERR_INVALID, "more than %d content keys are named",
				       SCRIPT_KEYS_MAX);
		if (!enc_unhex(word, k.key[k.n], SIGN_PUBLIC_LEN))
			return err_set(e, ERR_INVALID,
				       "'%.*s' is not a content key of %d hex digits",
				       (int)MIN(word.n, 70), word.p, 2 * SIGN_PUBLIC_LEN);
		if (has_key(k.key, k.n, k.key[k.n]))
			return err_set(e, ERR_INVALID, "content key '%.*s' is named twice",
				       STR_ARG(word));
		k.n++;
	}
	*out = k;
	return true;
}
