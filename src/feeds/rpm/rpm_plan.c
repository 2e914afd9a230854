/* SPDX-License-Identifier: Apache-2.0
 * Which repositories to sync: the lines of the setting, or, when there are none, the public
 * repositories of the distributions and architectures that the estate has. Distributions whose
 * packages only their customers may fetch have no row: their repositories are named in the setting.
 */
#include "feeds/rpm/rpm.h"

#define SETTING "feed.rpm.repositories"

struct public_repo {
	const char *id, *name;
	const char *releases; /* "" = all; else those that have it, blanks around each */
	const char *url;
};
#define OPENSUSE "https://download.opensuse.org/"
static const struct public_repo repos[] = {
	{ "almalinux", "baseos", "",
	  "https://repo.almalinux.org/almalinux/{release}/BaseOS/{arch}/os" },
	{ "almalinux", "appstream", "",
	  "https://repo.almalinux.org/almalinux/{release}/AppStream/{arch}/os" },
	{ "almalinux", "extras", "",
	  "https://repo.almalinux.org/almalinux/{release}/extras/{arch}/os" },
	{ "rocky", "baseos", "", "https://dl.rockylinux.org/pub/rocky/{release}/BaseOS/{arch}/os" },
	{ "rocky", "appstream", "",
	  "https://dl.rockylinux.org/pub/rocky/{release}/AppStream/{arch}/os" },
	{ "rocky", "extras", "", "https://dl.rockylinux.org/pub/rocky/{release}/extras/{arch}/os" },
	{ "ol", "latest", " 7 ", "https://yum.oracle.com/repo/OracleLinux/OL7/latest/{arch}" },
	{ "ol", "baseos_latest", " 8 9 10 ",
	  "https://yum.oracle.com/repo/OracleLinux/OL{release}/baseos/latest/{arch}" },
	{ "ol", "appstream", " 8 9 10 ",
	  "https://yum.oracle.com/repo/OracleLinux/OL{release}/appstream/{arch}" },
	{ "ol", "uekr7", " 8 9 ",
	  "https://yum.oracle.com/repo/OracleLinux/OL{release}/UEKR7/{arch}" },
	{ "ol", "uekr8", " 9 10 ",
	  "https://yum.oracle.com/repo/OracleLinux/OL{release}/UEKR8/{arch}" },
	{ "centos", "baseos", " 9 10 ",
	  "https://mirror.stream.centos.org/{release}-stream/BaseOS/{arch}/os" },
	{ "centos", "appstream", " 9 10 ",
	  "https://mirror.stream.centos.org/{release}-stream/AppStream/{arch}/os" },
	{ "fedora", "fedora", "",
	  "https://dl.fedoraproject.org/pub/fedora/linux/releases/{release}/Everything/{arch}/os" },
	{ "fedora", "updates", "",
	  "https://dl.fedoraproject.org/pub/fedora/linux/updates/{release}/Everything/{arch}" },
	{ "amzn", "core", " 2 ", "https://cdn.amazonlinux.com/2/core/latest/{arch}/mirror.list" },
	{ "amzn", "amazonlinux", " 2023 ",
	  "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/{arch}/mirror.list" },
	{ "opensuse-leap", "repo-oss", "", OPENSUSE "distribution/leap/{release}/repo/oss" },
	{ "opensuse-leap", "repo-update", "", OPENSUSE "update/leap/{release}/oss" },
	{ "opensuse-leap", "repo-sle-update", "", OPENSUSE "update/leap/{release}/sle" },
	{ "opensuse-leap", "repo-backports-update", "",
	  OPENSUSE "update/leap/{release}/backports" },
	{ "opensuse-tumbleweed", "repo-oss", "", OPENSUSE "tumbleweed/repo/oss" },
	{ "opensuse-tumbleweed", "repo-update", "", OPENSUSE "update/tumbleweed" },
};

/* As RPM distributions call it. */
static const char *rpm_arch(const char *arch)
{
	static const char *const map[][2] = { { "amd64", "x86_64" },
					      { "arm64", "aarch64" },
					      { "ppc64el", "ppc64le" } };
	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (strcmp(arch, map[i][0]) == 0)
			return map[i][1];
	return arch;
}

static const char *expand(struct arena *a, const char *url, const char *release, const char *arch)
{
	AUTO(buf_done) struct buf out = BUF_INIT(500);
	for (const char *p = url; *p; p++) {
		if (strncmp(p, "{release}", 9) == 0) {
			buf_adds(&out, release);
			p += 8;
		} else if (strncmp(p, "{arch}", 6) == 0) {
			buf_adds(&out, arch);
			p += 5;
		} else {
			buf_addc(&out, *p);
		}
	}
	return arena_str(a, buf_str(&out)).p;
}

static bool has_release(const char *list, const char *release)
{
	AUTO(xfree) char *word = xasprintf(" %s ", release);
	return !list[0] || strstr(list, word);
}

static const char *feed_id(struct arena *a, const char *os, const char *name, const char *arch)
{
	char *id = arena_printf(a, "rpm/%s/%s%s%s", os, name, arch[0] ? "-" : "", arch);
	for (char *p = id; *p; p++)
		*p = *p == ':' ? '-' : *p;
	return id;
}

static bool is_planned(const struct feed_plan *p, const char *id)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, id) == 0)
			return true;
	return false;
}

static bool plan_system(struct feed_plan *p, const struct feed_estate *s, struct err *e)
{
	const char *arch = rpm_arch(s->architecture ? s->architecture : "x86_64");
	char *release = arena_strdup(p->arena, s->release);
	char *dot = rpm_distro_of(str_of(s->os)).major ? strchr(release, '.') : NULL;
	if (dot)
		*dot = '\0';
	const char *os = arena_printf(p->arena, "%s:%s", s->os, release);
	for (size_t i = 0; i < ARRAY_LEN(repos); i++) {
		const struct public_repo *r = &repos[i];
		if (strcmp(r->id, s->os) != 0 || !has_release(r->releases, release))
			continue;
		const char *id = feed_id(p->arena, os, r->name,
					 strcmp(arch, "x86_64") == 0 ? "" : arch);
		struct feed_spec spec = { .id = id,
					  .kind = "rpm",
					  .url = expand(p->arena, r->url, release, arch),
					  .suite = r->name,
					  .os = os };
		if (!is_planned(p, id) && !feed_plan_add(p, &spec, e))
			return false;
	}
	return true;
}

/* --- the setting ---------------------------------------------------------------------------------
 */

struct line {
	const char *os, *name, *url, *key, *endpoint_key;
	const char *options[6]; /* as given, one of ours, NULL */
	size_t n_options;
};

static bool take_word(struct line *l, size_t at, const char *word)
{
	const char **to = at == 0 ? &l->os : at == 1 ? &l->name : at == 2 ? &l->url : NULL;
	if (to) {
		*to = word;
		return true;
	}
	if (strncmp(word, "key=", 4) == 0)
		l->key = word + 4;
	else if (strncmp(word, "endpoint-key=", 13) == 0)
		l->endpoint_key = word + 13;
	else if ((strcmp(word, "sha1=allow") == 0 || strcmp(word, "filelists=yes") == 0 ||
		  strcmp(word, "module_hotfixes=yes") == 0 || strncmp(word, "vendor=", 7) == 0) &&
		 l->n_options < ARRAY_LEN(l->options) - 2)
		l->options[l->n_options++] = word;
	else
		return false;
	return true;
}

static bool name_ok(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
			    *p))
			return false;
	return name[0] && strlen(name) <= 80;
}

static bool known_os(const char *os)
{
	for (const char *const *o = rpm_oses; *o; o++)
		if (strncmp(os, *o, strlen(*o)) == 0 && os[strlen(*o)])
			return true;
	return false;
}

static bool plan_line(struct feed_plan *p, struct str text, struct err *e)
{
	struct line l = { .os = NULL };
	struct str rest = text, word;
	size_t at = 0;
	while (rest.n > 0 && str_split(&rest, ' ', &word))
		if (word.n && !take_word(&l, at++, arena_str(p->arena, word).p))
			return err_set(e, ERR_INVALID,
				       SETTING
				       ": '%.60s' is not understood; a line is 'os name address "
				       "[key=file] [endpoint-key=file] [sha1=allow] "
				       "[filelists=yes] [module_hotfixes=yes]'",
				       arena_str(p->arena, word).p);
	if (!l.url || !name_ok(l.name) || !known_os(l.os))
		return err_set(e, ERR_INVALID,
			       SETTING
			       ": '%.80s' names no repository; write for example 'almalinux:9 "
			       "baseos https://mirror.example/9/BaseOS/x86_64/os'",
			       arena_str(p->arena, text).p);
	const char **keyrings = arena_array(p->arena, const char *, 2);
	const char **options = arena_array(p->arena, const char *, ARRAY_LEN(l.options));
	keyrings[0] = l.key;
	if (rpm_is_mirror_list(str_of(l.url))) /* the hosts it names are the settings' word, too */
		l.options[l.n_options++] = "mirrors=list";
	memcpy(options, l.options, l.n_options * sizeof(*options));
	struct feed_spec spec = { .id = feed_id(p->arena, l.os, l.name, ""),
				  .kind = "rpm",
				  .url = l.url,
				  .suite = l.name,
				  .os = l.os,
				  .keyrings = keyrings,
				  .endpoint_keyring = l.endpoint_key,
				  .options = options };
	return feed_plan_add(p, &spec, e);
}

bool rpm_plan_repos(struct feed_plan *p, struct err *e)
{
	struct str rest = str_of(feed_setting(p, SETTING)), line;
	bool any = false;
	if (str_is(str_trim(rest), "off"))
		return true;
	while (rest.n > 0 && str_line(&rest, &line)) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		any = true;
		if (!plan_line(p, line, e))
			return false;
	}
	for (size_t i = 0; i < p->n_estate && !any; i++)
		if (!plan_system(p, &p->estate[i], e))
			return false;
	return true;
}
