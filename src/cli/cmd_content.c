/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi content: the organisation's content keys and the scripts they sign (offline: this part
 * knows no server), and the signed scripts of a server. A private key is written once, readable by
 * its owner alone, and never leaves the file. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"
#include "proto/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX 8192
#define DAY_MS INT64_C(86400000)

static const char usage[] =
	"usage: tsukuroi content keygen FILE\n"
	"       tsukuroi content sign --key FILE --name NAME --version N [--expires 365d|RFC3339] SCRIPT OUT\n"
	"       tsukuroi content cosign --key FILE SIGNED OUT\n"
	"       tsukuroi content show SIGNED [--script]\n"
	"       tsukuroi content list [--json]\n"
	"       tsukuroi content upload SIGNED [--json]\n"
	"       tsukuroi content remove ID|NAME\n"
	"keygen, sign, cosign and show work offline: keep FILE away from every server. Systems run a script only\n"
	"when their own policy.conf names the keys that signed it (content_keys); see tsukuroi-agent-root(8).\n";

struct content_options {
	const char *key, *name, *version, *expires;
	bool script, json;
};

/* --- keys ---------------------------------------------------------------------------------------
 */

/* Never over a file that is there: it may be the only copy of a key. */
static bool write_new(const char *path, struct str text, mode_t mode, struct err *e)
{
	AUTO(fd_close)
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(e, errno, "cannot make '%s'", path);
	if (fchmod(fd, mode) != 0)
		return err_sys(e, errno, "cannot protect '%s'", path);
	if (!file_write_fd(fd, text, path, e))
		return false;
	return fsync(fd) == 0 || err_sys(e, errno, "cannot write '%s'", path);
}

static bool make_key(const char *path, char hex[static 2 * SIGN_PUBLIC_LEN + 1], struct err *e)
{
	AUTO(sign_key_free) struct sign_key *key = NULL;
	AUTO(buf_done) struct buf pem = BUF_INIT(KEY_FILE_MAX);
	uint8_t pub[SIGN_PUBLIC_LEN];
	if (!sign_key_new(&key, e) || !sign_key_save(key, &pem, e))
		return false;
	sign_key_public(key, pub);
	enc_hex(pub, sizeof(pub), hex);
	return write_new(path, buf_str(&pem), 0600, e);
}

static int keygen(const char *path, struct err *e)
{
	char hex[2 * SIGN_PUBLIC_LEN + 1];
	if (!make_key(path, hex, e))
		return print_failure(e);
	printf("content_keys = %s\n", hex);
	fprintf(stderr,
		"'%s' is the private key: keep it offline. The line above belongs into policy.conf of the systems\n"
		"that are to run what it signs.\n",
		path);
	return 0;
}

static bool load_key(const char *path, struct sign_key **out, struct err *e)
{
	AUTO(buf_done) struct buf pem = BUF_INIT(KEY_FILE_MAX);
	struct stat st;
	if (stat(path, &st) != 0)
		return err_sys(e, errno, "cannot read '%s'", path);
	if (st.st_mode & 077)
		return err_set(
			e, ERR_DENIED,
			"'%s' is readable by others; run 'chmod 600' on it, or make a new key",
			path);
	return file_read(path, &pem, e) &&
	       (sign_key_load(buf_str(&pem), out, e) || err_prefix(e, "'%s'", path));
}

/* --- signing ------------------------------------------------------------------------------------
 */

static bool read_expiry(const char *text, int64_t *out, struct err *e)
{
	int64_t seconds = 365 * DAY_MS / 1000, now = clock_wall_ms() / 1000 * 1000;
	if (text && clock_parse_rfc3339(str_of(text), out))
		return *out > now ||
		       err_set(e, ERR_INVALID, "'--expires %s' has passed already", text);
	if (text &&
	    (!args_duration(text, &seconds) || seconds <= 0 || seconds > 3650 * DAY_MS / 1000))
		return err_set(e, ERR_INVALID,
			       "'--expires' must be a time as in RFC 3339, or up to 3650d");
	*out = now + seconds * 1000;
	return true;
}

static bool make_signed(const struct content_options *o, const char *from, const char *to,
			struct err *e)
{
	AUTO(sign_key_free) struct sign_key *key = NULL;
	AUTO(buf_done) struct buf text = BUF_INIT(SCRIPT_MAX);
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	struct script s = { .name = str_of(o->name), .platform = STR_LIT(SCRIPT_LINUX) };
	if (!str_to_i64(str_of(o->version), &s.version))
		return err_set(e, ERR_INVALID, "'--version' must be a number from 1");
	if (!read_expiry(o->expires, &s.expires_ms, e) || !load_key(o->key, &key, e) ||
	    !file_read(from, &text, e))
		return false;
	s.text = buf_str(&text);
	return script_seal(&s, key, &sealed, e) && write_new(to, buf_str(&sealed), 0644, e);
}

static int sign(const struct content_options *o, const char *from, const char *to, struct err *e)
{
	if (!o->key || !o->name || !o->version)
		return args_wrong(usage, "sign needs --key, --name and --version");
	return make_signed(o, from, to, e) ? 0 : print_failure(e);
}

static int cosign(const struct content_options *o, const char *from, const char *to, struct err *e)
{
	AUTO(sign_key_free) struct sign_key *key = NULL;
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(buf_done) struct buf more = BUF_INIT(SCRIPT_SEALED_MAX);
	if (!o->key)
		return args_wrong(usage, "cosign needs --key");
	if (!load_key(o->key, &key, e) || !file_read(from, &sealed, e) ||
	    !script_cosign(buf_str(&sealed), key, &more, e) ||
	    !write_new(to, buf_str(&more), 0644, e))
		return print_failure(e);
	return 0;
}

static int show(const struct content_options *o, const char *path, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	char when[CLOCK_RFC3339_LEN], hex[2 * SIGN_PUBLIC_LEN + 1], id[SHA256_HEX];
	struct script s;
	if (!file_read(path, &sealed, e) || !script_open(buf_str(&sealed), NULL, &a, &s, e))
		return print_failure(e);
	if (o->script) {
		fwrite(s.text.p, 1, s.text.n, stdout);
		return 0;
	}
	struct sha256 sum = digest_of(buf_str(&sealed));
	printf("id       %s\nname     %s\nversion  %lld\nplatform %s\nexpires  %s\nbytes    %zu\n",
	       digest_hex(&sum, id), s.name.p, (long long)s.version, s.platform.p,
	       clock_rfc3339(s.expires_ms, when), s.text.n);
	for (uint32_t i = 0; i < s.n_keys; i++)
		printf("signed   %s\n", enc_hex(s.keys[i], SIGN_PUBLIC_LEN, hex));
	return 0;
}

/* --- on the server ------------------------------------------------------------------------------
 */

static bool all_scripts(struct remote *r, json_t **reply, struct err *e)
{
	return remote_call(r, "GET", "/scripts", NULL, reply, e);
}

static int list(const struct content_options *o, struct err *e)
{
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *reply = NULL;
	const json_t *s;
	size_t i;
	if (!remote_open(&r, e) || !all_scripts(r, &reply, e))
		return print_failure(e);
	if (o->json) {
		print_json(reply);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "NAME", ">VERSION", "EXPIRES", ">KEYS",
							    ">POLICIES", "ID", NULL });
	json_array_foreach(json_object_get(reply, "items"), i, s)
	{
		table_cell(t, print_text(s, "name"));
		table_number(t, print_int(s, "version"));
		table_cell(t, print_time(json_object_get(s, "expires"), 0));
		table_number(t, (int64_t)json_array_size(json_object_get(s, "keys")));
		table_number(t, (int64_t)json_array_size(json_object_get(s, "policies")));
		table_cell(t, print_text(s, "id"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf("no scripts yet\n");
	return 0;
}

static int upload(const struct content_options *o, const char *path, struct err *e)
{
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free) json_t *body = json_object();
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	if (!file_read(path, &sealed, e))
		return print_failure(e);
	json_object_set_new(body, "file", json_text(buf_str(&sealed)));
	if (!remote_open(&r, e) || !remote_call(r, "POST", "/scripts", body, &reply, e))
		return print_failure(e);
	if (o->json)
		print_json(reply);
	else
		printf("%s\n", print_text(reply, "id"));
	return 0;
}

/* Its id, or the name of exactly one. */
static bool find(struct remote *r, const char *word, char id[static SHA256_HEX], struct err *e)
{
	AUTO(json_free) json_t *reply = NULL;
	const json_t *s, *found = NULL;
	size_t i;
	if (!all_scripts(r, &reply, e))
		return false;
	json_array_foreach(json_object_get(reply, "items"), i, s)
	{
		bool named = strcmp(print_text(s, "name"), word) == 0;
		if (named && found)
			return err_set(e, ERR_CONFLICT,
				       "several scripts are called '%s'; name one by its id", word);
		if (named || strcmp(print_text(s, "id"), word) == 0)
			found = s;
	}
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "there is no script '%s'", word);
	snprintf(id, SHA256_HEX, "%s", print_text(found, "id"));
	return true;
}

static int remove_one(const char *word, struct err *e)
{
	AUTO(remote_free) struct remote *r = NULL;
	char id[SHA256_HEX];
	if (!remote_open(&r, e) || !find(r, word, id, e))
		return print_failure(e);
	AUTO(xfree) char *path = xasprintf("/scripts/%s", id);
	return remote_call(r, "DELETE", path, NULL, NULL, e) ? 0 : print_failure(e);
}

int cmd_content(int argc, char **argv)
{
	struct content_options o = { 0 };
	const struct arg_option options[] = {
		{ .name = "--key", .value = &o.key },
		{ .name = "--name", .value = &o.name },
		{ .name = "--version", .value = &o.version },
		{ .name = "--expires", .value = &o.expires },
		{ .name = "--script", .flag = &o.script },
		{ .name = "--json", .flag = &o.json },
	};
	AUTO(args_done) struct args a = { 0 };
	struct err e = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 3, &a))
		return a.status;
	const char *verb = a.words[0];
	if (strcmp(verb, "list") == 0 && a.n == 1)
		return list(&o, &e);
	if (strcmp(verb, "keygen") == 0 && a.n == 2)
		return keygen(a.words[1], &e);
	if (strcmp(verb, "show") == 0 && a.n == 2)
		return show(&o, a.words[1], &e);
	if (strcmp(verb, "upload") == 0 && a.n == 2)
		return upload(&o, a.words[1], &e);
	if (strcmp(verb, "remove") == 0 && a.n == 2)
		return remove_one(a.words[1], &e);
	if (strcmp(verb, "sign") == 0 && a.n == 3)
		return sign(&o, a.words[1], a.words[2], &e);
	if (strcmp(verb, "cosign") == 0 && a.n == 3)
		return cosign(&o, a.words[1], a.words[2], &e);
	return args_wrong(usage, "");
}
