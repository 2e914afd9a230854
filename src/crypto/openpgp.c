/* SPDX-License-Identifier: Apache-2.0
 * gpgv(1) as a child: the document on its standard input, the signed bytes on its standard output,
 * status lines ("[GNUPG:] ", doc/DETAILS of GnuPG) on its standard error. Invariant: bytes reach
 * the caller only after exit status 0 with at least one good signature and exactly one signed text.
 * GnuPG escapes control characters in what it prints about keys, so no line can be forged there. */
#include "crypto/openpgp.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEYRINGS_MAX 16
#define STATUS_MAX ((size_t)256 << 10)
#define GPGV_TIMEOUT_S 60
#define CLEAR_TEXT "-----BEGIN PGP SIGNED MESSAGE-----"
#define ARMOR_HEAD "-----BEGIN PGP"

static bool keyring_usable(const char *path, struct err *e)
{
	if (!strchr(path, '/'))
		return err_set(e, ERR_INVALID, "keyring '%s' is not a path", path);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int sys = errno;
		err_sys(e, sys, "cannot open keyring '%s'", path);
		if (e)
			e->code = ERR_UNAVAILABLE;
		return false;
	}
	char head[sizeof(ARMOR_HEAD)] = "";
	if (read(fd, head, sizeof(ARMOR_HEAD) - 1) <= 0)
		return err_set(e, ERR_UNAVAILABLE, "keyring '%s' is empty", path);
	if (strcmp(head, ARMOR_HEAD) == 0)
		return err_set(e, ERR_UNAVAILABLE,
			       "keyring '%s' is ASCII-armoured; convert it with gpg --dearmor",
			       path);
	return true;
}

/* Whether a line of the document begins a clear-signed text: without it gpgv would also accept
 * other OpenPGP messages, which no caller here expects. */
static bool has_clear_text(struct str doc)
{
	struct str line;
	while (str_line(&doc, &line))
		if (str_is(str_trim(line), CLEAR_TEXT))
			return true;
	return false;
}

struct verdict {
	struct openpgp_signer signer;
	int texts, bad, no_key, old;
	bool first; /* the VALIDSIG line of the first good signature is still to come */
};

static void set_name(struct verdict *v, struct str escaped)
{
	AUTO(buf_done) struct buf name = BUF_INIT(4096);
	if (!enc_unpercent(escaped, &name))
		return;
	size_t n = MIN(name.n, sizeof(v->signer.name) - 1);
	while (n && n < name.n && ((unsigned char)name.p[n] & 0xC0) == 0x80)
		n--; /* do not cut inside a UTF-8 character */
	if (n)
		memcpy(v->signer.name, name.p, n);
	v->signer.name[n] = '\0';
}

static void set_fingerprint(struct verdict *v, struct str words)
{
	struct str word = { "", 0 }, last = { "", 0 };
	while (str_split(&words, ' ', &word))
		if (word.n)
			last = word;
	if (last.n && last.n < sizeof(v->signer.fingerprint)) {
		memcpy(v->signer.fingerprint, last.p, last.n);
		v->signer.fingerprint[last.n] = '\0';
	}
}

static void take_status(struct verdict *v, struct str line)
{
	struct str word, id;
	if (!str_starts(line, "[GNUPG:] "))
		return;
	line.p += 9;
	line.n -= 9;
	if (!str_split(&line, ' ', &word))
		return;
	if (str_is(word, "PLAINTEXT")) {
		v->texts++;
	} else if (str_is(word, "GOODSIG")) {
		if (v->signer.good++ == 0 && str_split(&line, ' ', &id)) {
			set_name(v, line);
			v->first = true;
		}
	} else if (str_is(word, "VALIDSIG")) {
		if (v->first)
			set_fingerprint(v, line);
		v->first = false;
	} else if (str_is(word, "BADSIG")) {
		v->bad++;
	} else if (str_is(word, "NO_PUBKEY")) {
		v->no_key++;
	} else if (str_is(word, "EXPKEYSIG") || str_is(word, "REVKEYSIG") ||
		   str_is(word, "EXPSIG")) {
		v->old++;
	}
}

static bool refuse(const struct verdict *v, struct err *e)
{
	if (v->bad)
		return err_set(e, ERR_UNTRUSTED,
			       "bad signature: the document was changed after it was signed");
	if (v->no_key)
		return err_set(e, ERR_UNTRUSTED,
			       "no public key: no signature was made with a key of the keyring; "
			       "update the keyring if the vendor changed keys");
	if (v->old)
		return err_set(e, ERR_UNTRUSTED,
			       "signature was made with an expired or revoked key");
	if (v->texts > 1)
		return err_set(e, ERR_UNTRUSTED, "more than one signed text in the document");
	if (v->signer.good)
		return err_set(e, ERR_UNTRUSTED, "signature is damaged or incomplete");
	return err_set(e, ERR_UNTRUSTED, "no signature in the document");
}

/* `signature_fd` >= 0: the document's signature apart; else the text inside comes to `text`. */
static bool run_gpgv(struct str document, int signature_fd, const char *const *keyrings,
		     struct buf *text, struct buf *status, int *exit_out, struct err *e)
{
	const char *argv[16 + 2 * KEYRINGS_MAX] = { "gpgv",	     "--status-fd", "2",
						    "--weak-digest", "SHA1",	    "--weak-digest",
						    "RIPEMD160" };
	size_t n = 7, first;
	if (signature_fd < 0) {
		argv[n++] = "--output";
		argv[n++] = "-";
	} else {
		argv[n++] = "--enable-special-filenames";
	}
	first = n;
	for (size_t i = 0; keyrings[i]; i++) {
		if (i == KEYRINGS_MAX)
			return err_set(e, ERR_INVALID, "more than %d keyrings", KEYRINGS_MAX);
		if (!keyring_usable(keyrings[i], e))
			return false;
		argv[n++] = "--keyring";
		argv[n++] = keyrings[i];
	}
	ASSERT(n > first);
	if (signature_fd >= 0) {
		argv[n++] = "--";
		argv[n++] = "-&3";
	}
	argv[n++] = "-";
	struct proc_spec spec = { .argv = argv,
				  .input = document,
				  .timeout_s = GPGV_TIMEOUT_S,
				  .pass_fd = signature_fd >= 0 ? signature_fd : 0 };
	struct proc_result r;
	if (!proc_run(&spec, text, status, &r, e)) {
		if (e && (e->code == ERR_NOT_FOUND || e->code == ERR_DENIED)) {
			e->code = ERR_UNAVAILABLE;
			size_t at = strlen(e->msg);
			snprintf(e->msg + at, sizeof(e->msg) - at, "; install the package gpgv");
		}
		return false;
	}
	if (r.timed_out)
		return err_set(e, ERR_TIMEOUT, "gpgv did not end within %d s", GPGV_TIMEOUT_S);
	*exit_out = r.exit_status;
	return true;
}

static struct verdict read_status(const struct buf *status)
{
	struct verdict v = { 0 };
	struct str rest = buf_str(status), line;
	while (str_line(&rest, &line))
		take_status(&v, line);
	return v;
}

bool openpgp_verify_clearsigned(struct str document, const char *const *keyrings,
				struct buf *plaintext, struct openpgp_signer *signer_out,
				struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(MAX(document.n, 1));
	AUTO(buf_done) struct buf status = BUF_INIT(STATUS_MAX);
	int exit_status = -1;
	if (!has_clear_text(document))
		return err_set(e, ERR_UNTRUSTED, "no signature in the document");
	if (!run_gpgv(document, -1, keyrings, &text, &status, &exit_status, e))
		return false;
	struct verdict v = read_status(&status);
	if (exit_status != 0 || v.signer.good == 0 || v.texts != 1)
		return refuse(&v, e);
	buf_addstr(plaintext, buf_str(&text));
	if (!buf_ok(plaintext, "signed text", e))
		return false;
	if (signer_out)
		*signer_out = v.signer;
	return true;
}

bool openpgp_verify_detached(struct str document, struct str signature, const char *const *keyrings,
			     struct openpgp_signer *signer_out, struct err *e)
{
	AUTO(buf_done) struct buf status = BUF_INIT(STATUS_MAX);
	AUTO(fd_close) int fd = memfd_create("signature", MFD_CLOEXEC);
	int exit_status = -1;
	if (document.n == 0 || signature.n == 0)
		return err_set(e, ERR_UNTRUSTED, "no signature for the document");
	if (fd < 0)
		return err_sys(e, errno, "no memory for the signature");
	if (!file_write_fd(fd, signature, "signature", e))
		return false;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read the signature");
	if (!run_gpgv(document, fd, keyrings, NULL, &status, &exit_status, e))
		return false;
	struct verdict v = read_status(&status);
	if (exit_status != 0 || v.signer.good == 0 || v.texts != 0)
		return refuse(&v, e);
	if (signer_out)
		*signer_out = v.signer;
	return true;
}
