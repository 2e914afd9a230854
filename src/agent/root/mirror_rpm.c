/* SPDX-License-Identifier: Apache-2.0
 * The partial mirror as dnf and zypper want it. Invariant: packages are checked against the
 * vendor's keys on this machine unless its own policy names the source; an index that this machine
 * wants signed is checked before anything is taken out of it (which leaves the vendor's checksums
 * of the rest, but breaks the signature: the managers cannot check it any more); what is written
 * here holds only words that the order's reader has checked. */
#include "agent/root/mirror.h"
#include "agent/rpmconf.h"
#include "base/file.h"
#include "crypto/openpgp.h"
#include "format/xml.h"

#include <errno.h>
#include <unistd.h>

#define REPOMD "repodata/repomd.xml"
#define SIGNATURE REPOMD ".asc"
#define REPOMD_MAX (4u << 20)
#define KEYS_MAX (1u << 20)

static bool is_word_of(const char *words, struct str word)
{
	struct str rest = str_of(words), one;
	while (str_split(&rest, ' ', &one))
		if (one.n && str_eq(one, word))
			return true;
	return false;
}

static bool write_repository(const struct mirror_spec *spec, const struct order_archive *ar,
			     struct err *e)
{
	bool zypper = spec->manager == PLATFORM_ZYPPER;
	int checked = !is_word_of(spec->unsigned_sources, ar->id);
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	AUTO(xfree) char *path = xasprintf("%s/repos.d/%.*s.repo", spec->dir, STR_ARG(ar->id));
	buf_printf(&b,
		   "[%.*s]\nname=%.*s\nbaseurl=%s://%s/%.*s\nenabled=1\ngpgcheck=%d\n"
		   "repo_gpgcheck=0\n",
		   STR_ARG(ar->id), STR_ARG(ar->id), zypper ? "dir" : "file", spec->dir,
		   STR_ARG(ar->id), checked);
	if (zypper)
		buf_printf(&b, "pkg_gpgcheck=%d\ntype=rpm-md\nautorefresh=0\n", checked);
	else
		buf_printf(&b, "metadata_expire=never\nmodule_hotfixes=%d\n", ar->hotfix);
	if (ar->keyring.n)
		buf_printf(&b, "gpgkey=file://%.*s\n", STR_ARG(ar->keyring));
	return buf_ok(&b, "the repository file", e) &&
	       file_write_atomic(path, buf_str(&b), 0644, e);
}

/* --- the index ----------------------------------------------------------------------------------
 */

struct pruning {
	bool (*have)(void *arg, struct str path);
	void *arg;
	struct buf *out;
	struct arena a;
	struct str type, href, checksum_type, checksum;
	size_t kept;
	bool pruned, in_data;
};

/* Words go into XML again as they are: only such as need no escaping. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || strchr("<>&\"'", s.p[i]))
			return false;
	return s.n > 0 && s.n < 1000;
}

static bool start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct pruning *p = arg;
	struct str v = { NULL, 0 };
	if (str_is(el->name, "data")) {
		v = xml_attr_str(el, "type");
		p->type = arena_str(&p->a, v);
		p->href = p->checksum = p->checksum_type = (struct str) { "", 0 };
		p->in_data = true;
	} else if (p->in_data && str_is(el->name, "location")) {
		v = xml_attr_str(el, "href");
		p->href = arena_str(&p->a, v);
	} else if (p->in_data && str_is(el->name, "checksum")) {
		v = xml_attr_str(el, "type");
		p->checksum_type = arena_str(&p->a, v);
		xml_want_text(x, 200);
	}
	return true;
}

static bool end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct pruning *p = arg;
	if (p->in_data && str_is(name, "checksum"))
		p->checksum = arena_str(&p->a, str_trim(text));
	if (!str_is(name, "data"))
		return true;
	p->in_data = false;
	if (!plain(p->type) || !plain(p->href) || !plain(p->checksum) || !plain(p->checksum_type))
		return err_set(e, ERR_CORRUPT, "a part of the repository's index is not complete");
	if (!p->have(p->arg, p->href)) {
		p->pruned = true;
		return true;
	}
	p->kept++;
	buf_printf(p->out,
		   " <data type=\"%.*s\"><checksum type=\"%.*s\">%.*s</checksum>"
		   "<location href=\"%.*s\"/><timestamp>0</timestamp></data>\n",
		   STR_ARG(p->type), STR_ARG(p->checksum_type), STR_ARG(p->checksum),
		   STR_ARG(p->href));
	return true;
}

bool mirror_prune_repomd(struct str repomd, bool (*have)(void *arg, struct str path), void *arg,
			 struct buf *out, bool *pruned_out, struct err *e)
{
	struct pruning p = { .have = have, .arg = arg, .out = out };
	AUTO(xml_free) struct xml *x = xml_new(start, end, &p);
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<repomd xmlns=\"http://linux.duke.edu/metadata/repo\">\n"
		      " <revision>1</revision>\n");
	bool ok = xml_feed(x, repomd, e) && xml_finish(x, e);
	arena_done(&p.a);
	buf_adds(out, "</repomd>\n");
	if (!ok || !buf_ok(out, "the repository's index", e))
		return false;
	if (!p.kept)
		return err_set(e, ERR_CORRUPT,
			       "the order brings no part of the repository's index");
	*pruned_out = p.pruned;
	return true;
}

static bool brought(void *arg, struct str path)
{
	const struct order_archive *ar = arg;
	for (uint32_t i = 0; i < ar->n_index; i++)
		if (str_eq(ar->index[i].path, path))
			return true;
	return false;
}

/* gpgv with the keys that lie on this machine, not with any that came. */
static bool verify_index(const struct mirror_spec *spec, const struct order_archive *ar,
			 struct str index, struct err *e)
{
	AUTO(buf_done)
	struct buf signature = BUF_INIT(KEYS_MAX), text = BUF_INIT(KEYS_MAX),
		   keys = BUF_INIT(KEYS_MAX);
	AUTO(xfree) char *path = xasprintf("%s/%.*s/" SIGNATURE, spec->dir, STR_ARG(ar->id));
	AUTO(xfree) char *key = xasprintf("%s%.*s", spec->sysroot, STR_ARG(ar->keyring));
	AUTO(xfree) char *dir = file_join(spec->dir, "keys");
	AUTO(xfree) char *keyring = xasprintf("%s/%.*s.gpg", dir, STR_ARG(ar->id));
	return file_read(path, &signature, e) && file_read(key, &text, e) &&
	       (openpgp_dearmor(buf_str(&text), &keys, e) || err_prefix(e, "'%s'", key)) &&
	       file_mkdirs(dir, 0755, e) && file_write_atomic(keyring, buf_str(&keys), 0644, e) &&
	       openpgp_verify_detached(index, buf_str(&signature),
				       (const char *const[]) { keyring, NULL }, NULL, e);
}

static bool check_index(const struct mirror_spec *spec, struct order_archive *ar, struct str index,
			const char **reason_out, struct err *e)
{
	bool wants;
	if (!rpmconf_wants_signed_index(spec->sysroot, spec->manager, ar->id, &wants, e))
		return false;
	if (!wants)
		return true;
	*reason_out = "signature";
	if (!brought(ar, STR_LIT(SIGNATURE)) || !ar->keyring.n)
		return err_set(e, ERR_UNTRUSTED,
			       "this machine wants the index of '%.*s' signed (repo_gpgcheck), and "
			       "the order brings no %s; set key= and endpoint-key= for the "
			       "repository on the server",
			       STR_ARG(ar->id),
			       ar->keyring.n ? "signature" : "place of the vendor's key");
	if (!verify_index(spec, ar, index, e))
		return err_prefix(e, "index of '%.*s', which this machine wants signed",
				  STR_ARG(ar->id));
	*reason_out = NULL;
	return true;
}

/* zypper checks a signature that lies there whatever repo_gpgcheck says. */
static bool drop_signature(const struct mirror_spec *spec, const struct order_archive *ar,
			   struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/%.*s/" SIGNATURE, spec->dir, STR_ARG(ar->id));
	return unlink(path) == 0 || errno == ENOENT ||
	       err_sys(e, errno, "cannot remove '%s'", path);
}

/* The vendor's own index stays as it is when every file it names is here. */
static bool write_index(const struct mirror_spec *spec, struct order_archive *ar,
			const char **reason_out, struct err *e)
{
	AUTO(buf_done) struct buf vendor = BUF_INIT(REPOMD_MAX), ours = BUF_INIT(REPOMD_MAX);
	AUTO(xfree) char *path = xasprintf("%s/%.*s/" REPOMD, spec->dir, STR_ARG(ar->id));
	bool pruned = false;
	if (!file_read(path, &vendor, e) ||
	    !check_index(spec, ar, buf_str(&vendor), reason_out, e) ||
	    !mirror_prune_repomd(buf_str(&vendor), brought, ar, &ours, &pruned, e))
		return err_prefix(e, "'%.*s'", STR_ARG(ar->id));
	return drop_signature(spec, ar, e) &&
	       (!pruned || file_write_atomic(path, buf_str(&ours), 0644, e));
}

bool mirror_write_repositories(const struct mirror_spec *spec, const char **reason_out,
			       struct err *e)
{
	static const char *const dirs[] = { "repos.d", "cache" };
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		AUTO(xfree) char *path = file_join(spec->dir, dirs[i]);
		if (!file_mkdirs(path, 0755, e))
			return false;
	}
	for (uint32_t i = 0; i < spec->order->n_archives; i++) {
		struct order_archive *ar = &spec->order->archives[i];
		if (!write_repository(spec, ar, e) || !write_index(spec, ar, reason_out, e))
			return false;
	}
	return true;
}
