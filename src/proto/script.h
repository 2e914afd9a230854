/* SPDX-License-Identifier: Apache-2.0
 * A signed script: what an organisation has endpoints run before or after an installation (M-168,
 * M-173). It is signed offline with the organisation's content keys, which no server has; endpoints
 * know their public halves from their own policy.conf. One file, {"script": base64url, "statement":
 * base64url, "signatures": [{"key", "signature"}]}; what is signed is the statement, {"v": 1,
 * "name", "platform", "version", "expires", "size", "sha256"}. Pure: no clock, no files. */
#ifndef PROTO_SCRIPT_H
#define PROTO_SCRIPT_H
#include "base/arena.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

#define SCRIPT_DOMAIN "script"
#define SCRIPT_MAX (256u << 10)	       /**< bytes of a script */
#define SCRIPT_SEALED_MAX (400u << 10) /**< bytes of the signed file */
#define SCRIPT_NAME_MAX 64
#define SCRIPT_KEYS_MAX 8
#define SCRIPT_VERSION_MAX ((INT64_C(1) << 53) - 1)
#define SCRIPT_LINUX "linux"

struct script {
	struct str name;     /**< [a-z0-9][a-z0-9._-]*: versions are counted by it */
	struct str platform; /**< "linux", "windows", "macos" */
	/** From 1. A machine that has seen one runs no lower one of the name any more. */
	int64_t version;
	int64_t expires_ms; /**< it is not started after that */
	struct str text;    /**< UTF-8, beginning with "#!/" on linux and macos */
	/** Who has signed it, each once, as far as their signatures were checked. */
	uint8_t keys[SCRIPT_KEYS_MAX][SIGN_PUBLIC_LEN];
	uint32_t n_keys;
};
/** The keys somebody believes, and how many different ones must have signed. */
struct script_keys {
	uint8_t key[SCRIPT_KEYS_MAX][SIGN_PUBLIC_LEN];
	uint32_t n;
	uint32_t threshold; /**< from 1 */
};

/** ERR_INVALID for a name, platform, version, time or text as none may be. */
bool script_check(const struct script *s, struct err *e) MUST_CHECK;
/** The signed file, with one signature. */
bool script_seal(const struct script *s, const struct sign_key *key, struct buf *out, struct err *e)
	MUST_CHECK;
/** The same file with one more signature. ERR_CONFLICT when the key has signed it already,
 * ERR_LIMIT when SCRIPT_KEYS_MAX have. */
bool script_cosign(struct str sealed, const struct sign_key *key, struct buf *out, struct err *e)
	MUST_CHECK;
/** Opens a signed file. With `trusted`, nothing of the statement is read before as many different
 * ones of its keys as it wants have signed it (signatures by others do not count): ERR_UNTRUSTED.
 * NULL = every signature must be good for the key that it names, whoever's that is. Then name,
 * version and so on must be as script_check() has them, and the text the one that was signed.
 * Strings live in `a`. ERR_CORRUPT, ERR_LIMIT. */
bool script_open(struct str sealed, const struct script_keys *trusted, struct arena *a,
		 struct script *out, struct err *e) MUST_CHECK;
/** Public keys in hex with blanks or commas between. ERR_INVALID: what is no key, one twice, too
 * many. */
bool script_keys_read(struct str words, struct script_keys *out, struct err *e) MUST_CHECK;
#endif
