/* SPDX-License-Identifier: Apache-2.0
 * One question (document or its descriptor, signature, keyrings), one answer (signer and signed
 * text, or why not). */
#include "feeds/sandbox/verify.h"
#include "feeds/sandbox/sandbox_int.h"
#include "ipc/role.h"
#include "ipc/sandbox.h"

#define VERIFY_MEMORY ((int64_t)1 << 30)
#define VERIFY_CPU_S 60
/** gpgv has its own, shorter, time-out. */
#define VERIFY_WAIT_MS 120000

/* --- the process --------------------------------------------------------------------------------
 */

static bool check(struct unpacker *u, int fd, struct buf *answer, struct err *e)
{
	struct feed_signed s = { .document = unpack_str(u), .signature = unpack_str(u) };
	const char *const *keyrings = unpack_list(u);
	struct openpgp_signer signer = { 0 };
	if (fd >= 0)
		s.file = &fd;
	AUTO(buf_done) struct buf plain = BUF_INIT(SANDBOX_FRAME_MAX);
	if (!unpack_end(u, e))
		return false;
	struct sandbox box = { .kind = SANDBOX_RUN,
			       .read = keyrings,
			       .memory = VERIFY_MEMORY,
			       .cpu_s = VERIFY_CPU_S };
	if (!sandbox_enter(&box, e))
		return false;
	if (!feed_verify_here(&s, keyrings, &plain, &signer, e))
		return false;
	pack_int(answer, signer.good);
	pack_text(answer, signer.fingerprint);
	pack_text(answer, signer.name);
	pack_str(answer, buf_str(&plain));
	return buf_ok(answer, "signed text", e);
}

int feed_verify_serve(int fd)
{
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(frame_done) struct frame f = FRAME_INIT(SANDBOX_FRAME_MAX);
	AUTO(buf_done) struct buf answer = BUF_INIT(SANDBOX_FRAME_MAX);
	if (!frame_receive(fd, 60000, &f, &e))
		return 1;
	struct unpacker u = { .rest = buf_str(&f.body), .a = &a };
	bool good = check(&u, f.n_fds ? f.fds[0] : -1, &answer, &e);
	if (!good) {
		buf_reset(&answer);
		sandbox_pack_error(&answer, &e);
	}
	return frame_send(fd, good ? SANDBOX_OK : SANDBOX_NO, buf_str(&answer), NULL, 0, &e) ? 0
											     : 1;
}

/* --- the server's end ---------------------------------------------------------------------------
 */

static bool take_answer(struct frame *f, struct buf *plain, struct openpgp_signer *signer_out,
			struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct unpacker u = { .rest = buf_str(&f->body), .a = &a };
	struct openpgp_signer signer = { 0 };
	if (f->kind == SANDBOX_NO)
		return sandbox_unpack_error(buf_str(&f->body), e);
	signer.good = (int)unpack_int_in(&u, 1, 1000);
	const char *fingerprint = unpack_text(&u), *name = unpack_text(&u);
	struct str text = unpack_str(&u);
	if (!unpack_end(&u, e))
		return false;
	snprintf(signer.fingerprint, sizeof(signer.fingerprint), "%s",
		 fingerprint ? fingerprint : "");
	snprintf(signer.name, sizeof(signer.name), "%s", name ? name : "");
	if (plain)
		buf_addstr(plain, text);
	if (plain && !buf_ok(plain, "signed text", e))
		return false;
	if (signer_out)
		*signer_out = signer;
	return true;
}

bool feed_verify_apart(void *arg UNUSED, const struct feed_signed *s, const char *const *keyrings,
		       struct buf *plain, struct openpgp_signer *signer_out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(SANDBOX_FRAME_MAX);
	AUTO(frame_done) struct frame f = FRAME_INIT(SANDBOX_FRAME_MAX);
	struct role_child role = ROLE_NONE;
	struct err mine = { 0 };
	pack_str(&b, s->document);
	pack_str(&b, s->signature);
	pack_list(&b, keyrings);
	if (!buf_ok(&b, "signed document", e) || !role_start(FEED_VERIFY_ROLE, &role, e))
		return false;
	bool talked = frame_send(role.fd, SANDBOX_VERIFY, buf_str(&b), s->file, s->file ? 1 : 0,
				 &mine) &&
		      frame_receive(role.fd, VERIFY_WAIT_MS, &f, &mine);
	struct role_ending how;
	role_end(&role, talked ? 5000 : 0, &how);
	if (talked)
		return take_answer(&f, plain, signer_out, e);
	char said[120];
	role_say_ending(&how, said, sizeof(said));
	return err_set(e, ERR_UNTRUSTED, "the process that checks signatures %s", said);
}
