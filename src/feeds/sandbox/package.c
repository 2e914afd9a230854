/* SPDX-License-Identifier: Apache-2.0
 * One question (a package's kind, its name and an open descriptor), one answer (the text, or why
 * not). The process holds that one descriptor and can open nothing else. */
#include "feeds/sandbox/package.h"
#include "feeds/sandbox/sandbox_int.h"
#include "format/pkgfile.h"
#include "ipc/role.h"
#include "ipc/sandbox.h"

#include <pthread.h>

#define NAME_MAX_BYTES 512
#define ANSWER_MAX (PKGFILE_CHANGELOG_MAX + 4096)
#define WAIT_MS (PACKAGE_CPU_S * 1500)
#define END_MS 5000
#define LOST_MS 500

bool package_read_changelog(enum component_kind kind, struct str package, int fd, struct buf *out,
			    struct err *e)
{
	if (kind == COMPONENT_DEB)
		return debfile_changelog(fd, package, out, e);
	if (kind == COMPONENT_RPM)
		return rpmfile_changelog(fd, out, e);
	return err_set(e, ERR_NOT_FOUND, "packages of kind '%s' carry no changelog",
		       component_kind_name(kind));
}

/* --- the process --------------------------------------------------------------------------------
 */

static bool serve(struct frame *f, struct buf *text, struct err *e)
{
	struct unpacker u = { .rest = buf_str(&f->body) };
	enum component_kind kind = (enum component_kind)unpack_int_in(&u, 0, COMPONENT_KINDS_ - 1);
	int64_t max = unpack_int_in(&u, 1, PKGFILE_CHANGELOG_MAX);
	struct str package = unpack_str(&u);
	struct sandbox box = { .kind = SANDBOX_COMPUTE,
			       .memory = PACKAGE_MEMORY,
			       .cpu_s = PACKAGE_CPU_S };
	if (!unpack_end(&u, e) || !sandbox_enter(&box, e))
		return false;
	if (!f->n_fds)
		return err_set(e, ERR_CORRUPT, "a question without a package");
	text->max = (size_t)max;
	return package_read_changelog(kind, package, f->fds[0], text, e);
}

int package_serve(int fd, struct frame *f)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(1), answer = BUF_INIT(4096);
	bool good = serve(f, &text, &e);
	if (!good)
		sandbox_pack_error(&answer, &e);
	return frame_send(fd, good ? SANDBOX_DONE : SANDBOX_FAILED,
			  good ? buf_str(&text) : buf_str(&answer), NULL, 0, &e)
		       ? 0
		       : 1;
}

/* --- who asks -----------------------------------------------------------------------------------
 */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int running;

static bool may_start(struct err *e)
{
	pthread_mutex_lock(&lock);
	bool yes = running < PACKAGE_AT_ONCE;
	running += yes;
	pthread_mutex_unlock(&lock);
	return yes || err_set(e, ERR_UNAVAILABLE,
			      "%d packages are being read already; try again in a moment",
			      PACKAGE_AT_ONCE);
}

static void has_ended(void)
{
	pthread_mutex_lock(&lock);
	running--;
	pthread_mutex_unlock(&lock);
}

static bool take_answer(const struct frame *f, struct buf *out, struct err *e)
{
	if (f->kind == SANDBOX_FAILED)
		return sandbox_unpack_error(buf_str(&f->body), e);
	if (f->kind != SANDBOX_DONE || f->body.n > out->max - out->n)
		return err_set(e, ERR_CORRUPT, "the process that reads packages talks nonsense");
	buf_addstr(out, buf_str(&f->body));
	return true;
}

static bool ask(const struct buf *question, int fd, struct buf *out, struct err *e)
{
	AUTO(frame_done) struct frame f = FRAME_INIT(ANSWER_MAX);
	struct role_child role = ROLE_NONE;
	struct role_ending how;
	struct err mine = { 0 };
	char said[120];
	if (!role_start(FEED_PARSE_ROLE, &role, e))
		return false;
	bool talked = frame_send(role.fd, SANDBOX_PACKAGE, buf_str(question), &fd, 1, &mine) &&
		      frame_receive(role.fd, WAIT_MS, &f, &mine);
	/* one that died is just being cleared away; one that is silent is not waited for */
	role_end(&role, talked ? END_MS : mine.code == ERR_TIMEOUT ? 0 : LOST_MS, &how);
	if (talked)
		return take_answer(&f, out, e);
	role_say_ending(&how, said, sizeof(said));
	return err_set(e, ERR_CORRUPT, "the process that reads it %s; it may be damaged", said);
}

bool package_changelog(enum component_kind kind, struct str package, int fd, struct buf *out,
		       struct err *e)
{
	AUTO(buf_done) struct buf q = BUF_INIT(4096);
	if (package.n > NAME_MAX_BYTES)
		return err_set(e, ERR_LIMIT, "the name of package '%.40s' is too long", package.p);
	pack_int(&q, kind);
	pack_int(&q, (int64_t)MIN(out->max - out->n, (size_t)PKGFILE_CHANGELOG_MAX));
	pack_str(&q, package);
	if (!buf_ok(&q, "package's name", e) || !may_start(e))
		return false;
	bool good = ask(&q, fd, out, e);
	has_ended();
	return good;
}
