/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi login / logout / status: the command line's own account with a server. The password is
 * read without echo and never stored; what is stored is an API token. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static const char login_usage[] =
	"usage: tsukuroi login https://SERVER:8383 [--user NAME] [--ca FILE | --pin SHA256] [--password-stdin]\n"
	"  --ca FILE   the installation's CA certificate (on the server: <state_dir>/tls/ca.pem)\n"
	"  --pin HEX   or the SHA-256 of its public key, as in enrolment tokens\n";

static bool read_line(char *out, size_t size, bool hidden, const char *prompt)
{
	struct termios old, quiet;
	bool terminal = isatty(STDIN_FILENO);
	if (terminal)
		fprintf(stderr, "%s: ", prompt);
	if (terminal && hidden && tcgetattr(STDIN_FILENO, &old) == 0) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	bool ok = fgets(out, (int)size, stdin) != NULL;
	if (terminal && hidden) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	if (ok)
		out[strcspn(out, "\r\n")] = '\0';
	return ok;
}

static bool sign_in(struct remote *r, const char *user, const char *password,
		    char token[static 160], struct err *e)
{
	char host[64] = "cli";
	gethostname(host, sizeof(host) - 1);
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *reply = NULL;
	json_object_set_new(body, "name", json_text(str_of(user)));
	json_object_set_new(body, "password", json_text(str_of(password)));
	json_object_set_new(body, "kind", json_text(STR_LIT("token")));
	json_object_set_new(body, "label", json_text(str_of(host)));
	const char *got;
	if (!remote_call(r, "POST", "/session", body, &reply, e) ||
	    !json_need_str(reply, "token", 1, 150, &got, e))
		return false;
	snprintf(token, 160, "%s", got);
	return true;
}

int cmd_login(int argc, char **argv)
{
	const char *user = NULL, *ca = NULL, *pin = NULL;
	bool from_stdin = false;
	const struct arg_option options[] = { { .name = "--user", .value = &user },
					      { .name = "--ca", .value = &ca },
					      { .name = "--pin", .value = &pin },
					      { .name = "--password-stdin", .flag = &from_stdin } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, login_usage, options, ARRAY_LEN(options), 1, 1, &a))
		return a.status;
	struct err e = { 0 };
	char name[64] = "", password[260] = "", token[160];
	AUTO(remote_free) struct remote *r = NULL;
	if (!remote_connect(a.words[0], ca, pin, &r, &e))
		return print_failure(&e);
	if (user)
		snprintf(name, sizeof(name), "%s", user);
	if ((!user && !read_line(name, sizeof(name), false, "User")) ||
	    !read_line(password, sizeof(password), !from_stdin, "Password"))
		return print_failure(&(struct err) { .code = ERR_INVALID,
						     .msg = "no user name or password given" });
	bool ok = sign_in(r, name, password, token, &e) && remote_save(r, token, &e);
	explicit_bzero(password, sizeof(password));
	if (!ok)
		return print_failure(&e);
	printf("signed in to %s as %s\n", a.words[0], name);
	return 0;
}

int cmd_logout(int argc, char **argv)
{
	static const char usage[] = "usage: tsukuroi logout\n";
	struct err e = { 0 };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, NULL, 0, 0, 0, &a))
		return a.status;
	return remote_forget(&e) ? 0 : print_failure(&e);
}

int cmd_status(int argc, char **argv)
{
	static const char usage[] = "usage: tsukuroi status [--json]\n";
	bool json = false;
	const struct arg_option options[] = { { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *d = NULL;
	if (!remote_open(&r, &e) || !remote_call(r, "GET", "/dashboard", NULL, &d, &e))
		return print_failure(&e);
	if (json) {
		print_json(d);
		return 0;
	}
	const json_t *systems = json_object_get(d, "systems"),
		     *patches = json_object_get(d, "patches");
	printf("systems %lld (connected %lld), missing patches %lld, reboot needed %lld\n",
	       (long long)print_int(systems, "total"), (long long)print_int(systems, "online"),
	       (long long)print_int(patches, "missing"),
	       (long long)print_int(systems, "reboot_needed"));
	return 0;
}
