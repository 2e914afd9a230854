/* SPDX-License-Identifier: Apache-2.0
 * Scripts of an order: taken, judged, run once. What was verified when the order was prepared is
 * verified again when its turn comes: keys, time and this machine's memory may have changed. */
#include "agent/root/scripts.h"
#include "agent/root/runner_int.h"
#include "agent/root/script_run.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMES_MAX 1000 /* of scripts that are remembered */
#define MEMORY_MAX (NAMES_MAX * (SCRIPT_NAME_MAX + 24))

struct stage {
	const char *name; /* "before", "after" */
	const struct actions_script *what;
};

static struct stage stage_before(const struct run *r)
{
	return (struct stage) { "before", &r->order.actions.script_before };
}

static struct stage stage_after(const struct run *r)
{
	return (struct stage) { "after", &r->order.actions.script_after };
}

/* A file of the stage in the job's directory: "" the signed script. */
static char *stage_file(const struct run *r, const struct stage *s, const char *what)
{
	AUTO(xfree) char *name = xasprintf("script.%s%s", s->name, what);
	return journal_path(r->root, r->job.id, name);
}

static json_t *record_of(const struct run *r, const char *stage)
{
	return json_object_get(r->job.scripts, stage);
}

bool scripts_begun(const struct run *r)
{
	return record_of(r, "before") != NULL;
}

/* --- judging
 * ------------------------------------------------------------------------------------- */

bool scripts_permitted(const struct agent_policy *policy, const struct order *o, struct err *e)
{
	if ((!o->actions.script_before.there && !o->actions.script_after.there) ||
	    policy->content.n)
		return true;
	return err_set(
		e, ERR_DENIED,
		"this machine's policy.conf names no content key, so it runs no scripts; add 'content_keys = KEY'");
}

/* The highest version of each name that this machine has seen: lines "name version". */
static bool read_memory(const char *path, struct buf *b, struct err *e)
{
	return !file_exists(path) || file_read(path, b, e);
}

static int64_t version_in(struct str memory, struct str name)
{
	struct str line, word;
	int64_t v;
	while (str_line(&memory, &line))
		if (str_split(&line, ' ', &word) && str_eq(word, name) && str_to_i64(line, &v))
			return v;
	return 0;
}

/* Only ever upwards; durable on return. */
static bool remember(const char *path, const struct script *s, struct err *e)
{
	AUTO(buf_done) struct buf old = BUF_INIT(MEMORY_MAX);
	AUTO(buf_done) struct buf b = BUF_INIT(MEMORY_MAX);
	struct str rest, line, name;
	if (!read_memory(path, &old, e))
		return false;
	if (version_in(buf_str(&old), s->name) >= s->version)
		return true;
	for (rest = buf_str(&old); str_line(&rest, &line);) {
		struct str words = line;
		if (str_split(&words, ' ', &name) && !str_eq(name, s->name))
			buf_printf(&b, "%.*s\n", STR_ARG(line));
	}
	buf_printf(&b, "%.*s %lld\n", STR_ARG(s->name), (long long)s->version);
	return buf_ok(&b, "the memory of scripts", e) &&
	       file_write_atomic(path, buf_str(&b), 0600, e);
}

static bool still_good(struct run *r, const struct script *s, const char **reason_out,
		       struct err *e)
{
	AUTO(xfree) char *path = file_join(r->root, "scripts");
	AUTO(buf_done) struct buf memory = BUF_INIT(MEMORY_MAX);
	char when[CLOCK_RFC3339_LEN];
	if (!str_is(s->platform, SCRIPT_LINUX)) {
		*reason_out = "script_untrusted";
		return err_set(e, ERR_UNTRUSTED, "script '%s' was signed for %s, not for linux",
			       s->name.p, s->platform.p);
	}
	if (clock_wall_ms() > s->expires_ms) {
		*reason_out = "script_expired";
		return err_set(
			e, ERR_UNTRUSTED,
			"script '%s' version %lld was good until %s; sign it again with a later time",
			s->name.p, (long long)s->version, clock_rfc3339(s->expires_ms, when));
	}
	*reason_out = "internal";
	if (!read_memory(path, &memory, e))
		return false;
	int64_t seen = version_in(buf_str(&memory), s->name);
	if (s->version < seen) {
		*reason_out = "script_superseded";
		return err_set(
			e, ERR_UNTRUSTED,
			"script '%s' version %lld is superseded: this machine has seen version %lld; choose that one in the policy",
			s->name.p, (long long)s->version, (long long)seen);
	}
	return remember(path, s, e);
}

/* Signatures by this machine's own keys first; then everything else. */
static bool judge(struct run *r, struct str sealed, struct arena *a, struct script *out,
		  const char **reason_out, struct err *e)
{
	struct agent_policy policy;
	*reason_out = "script_denied";
	if (!agent_policy_load(r->paths, a, &policy, e) ||
	    !scripts_permitted(&policy, &r->order, e))
		return false;
	*reason_out = "script_untrusted";
	if (!script_open(sealed, &policy.content, a, out, e))
		return err_set(
			e, ERR_UNTRUSTED,
			"%.250s; sign it with a key that 'content_keys' of this machine's policy.conf names",
			e->msg);
	return still_good(r, out, reason_out, e);
}

/* --- taking
 * -------------------------------------------------------------------------------------- */

/* The bytes that the order names, read once, through no link. */
static bool from_spool(const struct run *r, const struct actions_script *w, struct buf *out,
		       struct err *e)
{
	char hex[SHA256_HEX];
	AUTO(xfree)
	char *path = xasprintf("%s/spool/%s", r->paths->state, digest_hex(&w->sha256, hex));
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "the order's script is not in the spool");
	if (!S_ISREG(st.st_mode) || st.st_size != w->size)
		return err_set(e, ERR_UNTRUSTED, "the script is not the file the order names");
	if (!file_read_fd(fd, out, "script", e))
		return false;
	struct sha256 sum = digest_of(buf_str(out));
	return ((int64_t)out->n == w->size && digest_eq(&sum, &w->sha256)) ||
	       err_set(e, ERR_UNTRUSTED, "the script is not the file the order names");
}

static bool take(struct run *r, const struct stage *s, const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(xfree) char *path = stage_file(r, s, "");
	struct script script;
	if (!s->what->there)
		return true;
	*reason_out = "digest";
	if (!from_spool(r, s->what, &sealed, e) ||
	    !judge(r, buf_str(&sealed), &a, &script, reason_out, e))
		return false;
	*reason_out = "internal";
	return file_write_atomic(path, buf_str(&sealed), 0600, e);
}

bool scripts_take(struct run *r, const char **reason_out, struct err *e)
{
	const struct stage before = stage_before(r), after = stage_after(r);
	return take(r, &before, reason_out, e) && take(r, &after, reason_out, e);
}

/* --- running
 * ------------------------------------------------------------------------------------- */

/* On disk before the script is started. */
static bool begin(struct run *r, const struct stage *s, const struct script *script, struct err *e)
{
	if (!r->job.scripts)
		r->job.scripts = json_object();
	json_object_set_new(r->job.scripts, s->name,
			    json_pack("{s:o,s:I,s:s,s:I}", "name", json_text(script->name),
				      "version", (json_int_t)script->version, "state", "started",
				      "started", (json_int_t)clock_wall_ms()));
	/* the order cannot come again to have it run twice */
	return journal_count(r->root, &r->job, e) && journal_save(r->root, &r->job, e);
}

static void log_end(struct run *r, const struct stage *s, const json_t *record, const char *output)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4 * SCRIPT_OUTPUT_MAX);
	struct str rest = str_of(output), line;
	buf_printf(&b, "> script %s %s version %lld\n", s->name,
		   json_string_value(json_object_get(record, "name")),
		   (long long)json_integer_value(json_object_get(record, "version")));
	while (str_line(&rest, &line))
		buf_printf(&b, "| %.*s\n", STR_ARG(line));
	if (json_object_get(record, "exit_status"))
		buf_printf(&b, "< exit %lld%s\n",
			   (long long)json_integer_value(json_object_get(record, "exit_status")),
			   json_is_true(json_object_get(record, "timed_out")) ? " timeout" : "");
	else
		buf_adds(&b, "< interrupted\n");
	run_log(r, buf_str(&b));
}

/* What became of it, by who waited for it. */
static bool end(struct run *r, const struct stage *s, const json_t *result, struct err *e)
{
	json_t *record = record_of(r, s->name);
	const char *output = json_string_value(json_object_get(result, "output"));
	json_object_set_new(record, "state", json_string(result ? "ended" : "interrupted"));
	json_object_set_new(
		record, "finished",
		json_integer(result ? json_integer_value(json_object_get(result, "finished_ms"))
				    : clock_wall_ms()));
	if (result) {
		json_object_set(record, "exit_status", json_object_get(result, "exit_status"));
		json_object_set(record, "timed_out", json_object_get(result, "timed_out"));
		json_object_set_new(
			record, "good",
			json_boolean(!json_is_true(json_object_get(result, "timed_out")) &&
				     actions_code_good(s->what, json_integer_value(json_object_get(
									result, "exit_status")))));
	}
	log_end(r, s, record, output ? output : "");
	return journal_save(r->root, &r->job, e);
}

/* Begun by a run that was cut short. Whoever waits for it holds the job's lock, so nobody does any
 * more: either it has left word, or what it did is not known, and it is not done again. */
static bool settle(struct run *r, const struct stage *s, struct err *e)
{
	AUTO(xfree) char *result_path = stage_file(r, s, ".result");
	AUTO(xfree) char *pid = stage_file(r, s, ".pid");
	AUTO(json_free) json_t *result = NULL;
	const json_t *record = record_of(r, s->name);
	if (!script_run_result(result_path, &result, NULL))
		script_run_abandon(pid, json_integer_value(json_object_get(record, "started")) +
						s->what->timeout_s * 1000);
	return end(r, s, result, e);
}

static bool start(struct run *r, const struct stage *s, const struct script *script, struct err *e)
{
	AUTO(xfree) char *program = stage_file(r, s, ".run");
	AUTO(xfree) char *result = stage_file(r, s, ".result");
	AUTO(xfree) char *pid = stage_file(r, s, ".pid");
	AUTO(xfree) char *stage = xasprintf("TSUKUROI_STAGE=%s", s->name);
	AUTO(xfree) char *name = xasprintf("TSUKUROI_SCRIPT=%s", script->name.p);
	AUTO(xfree) char *deployment = xasprintf("TSUKUROI_DEPLOYMENT=%s", r->job.deployment);
	AUTO(xfree) char *outcome = xasprintf("TSUKUROI_OUTCOME=%s", r->job.outcome);
	const char *const env[] = { stage, name, deployment, r->job.outcome[0] ? outcome : NULL,
				    NULL };
	const struct script_run run = { program, result, pid, env, s->what->timeout_s };
	int keeper, status;
	if (!file_write_atomic(program, script->text, 0700, e) || !begin(r, s, script, e))
		return false;
	log_info("order %s: script '%s' version %lld", r->job.id, script->name.p,
		 (long long)script->version);
	run_progress(r, "installing",
		     strcmp(s->name, "before") == 0 ? "script_before" : "script_after", 0, 0);
	if (!script_run_start(&run, &keeper, e))
		return false;
	while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
		;
	return settle(r, s, e);
}

/* Runs it unless that was done. False with *reason_out when it may not run any more, with NULL
 * there when it is to be tried again. */
static bool run_stage(struct run *r, const struct stage *s, const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf sealed = BUF_INIT(SCRIPT_SEALED_MAX);
	AUTO(xfree) char *path = stage_file(r, s, "");
	const json_t *record = record_of(r, s->name);
	struct script script;
	*reason_out = NULL;
	if (record && strcmp(json_string_value(json_object_get(record, "state")), "started") != 0)
		return true;
	if (record)
		return settle(r, s, e);
	if (!file_read(path, &sealed, e))
		return false;
	return judge(r, buf_str(&sealed), &a, &script, reason_out, e) &&
	       ((*reason_out = NULL), start(r, s, &script, e));
}

/* The word and text of an end that was not good; NULL when it was. */
static const char *complaint(const struct run *r, const struct stage *s, char text[static 300])
{
	const json_t *record = record_of(r, s->name);
	const char *name = json_string_value(json_object_get(record, "name"));
	int64_t version = json_integer_value(json_object_get(record, "version"));
	int64_t code = json_integer_value(json_object_get(record, "exit_status"));
	char who[120];
	snprintf(who, sizeof(who), "the script %s the installation, '%s' version %lld,", s->name,
		 name ? name : "", (long long)version);
	if (!json_object_get(record, "exit_status")) {
		snprintf(text, 300, "%s was cut short; what it did is not known", who);
		return "script_interrupted";
	}
	if (json_is_true(json_object_get(record, "timed_out"))) {
		snprintf(text, 300, "%s did not end within %lld s and was killed", who,
			 (long long)s->what->timeout_s);
		return "script_timeout";
	}
	if (actions_code_good(s->what, code))
		return NULL;
	snprintf(
		text, 300,
		"%s ended with exit code %lld, which the policy does not name as good; see the log",
		who, (long long)code);
	return "script_failed";
}

bool scripts_before(struct run *r, bool *go_on_out, struct err *e)
{
	const struct stage s = stage_before(r);
	struct err why = { 0 };
	const char *reason;
	char text[300];
	*go_on_out = true;
	if (!s.what->there)
		return true;
	if (!run_stage(r, &s, &reason, &why)) {
		*go_on_out = false;
		if (reason)
			return run_finish(r, "refused", reason, why.msg, e);
		if (e)
			*e = why;
		return false;
	}
	reason = complaint(r, &s, text);
	*go_on_out = !reason;
	return !reason || run_finish(r, "failed", reason, text, e);
}

/* What is said of it stands beside the installation's own word. */
static void add_detail(struct run *r, const char *text)
{
	size_t n = strlen(r->job.detail);
	snprintf(r->job.detail + n, sizeof(r->job.detail) - n, "%s%s", n ? "; " : "", text);
}

bool scripts_after(struct run *r, struct err *e)
{
	const struct stage s = stage_after(r);
	struct err why = { 0 };
	const char *reason;
	char text[300];
	if (!s.what->there)
		return true;
	if (!run_stage(r, &s, &reason, &why)) {
		if (!reason) {
			if (e)
				*e = why;
			return false;
		}
		/* it was not run: told, and the record says so, so that it is told once */
		if (!r->job.scripts)
			r->job.scripts = json_object();
		json_object_set_new(r->job.scripts, s.name,
				    json_pack("{s:s,s:i,s:s,s:I,s:I}", "name", "", "version", 0,
					      "state", "refused", "started",
					      (json_int_t)clock_wall_ms(), "finished",
					      (json_int_t)clock_wall_ms()));
		add_detail(r, why.msg);
		return journal_save(r->root, &r->job, e);
	}
	if (strcmp(json_string_value(json_object_get(record_of(r, s.name), "state")), "refused") ==
		    0 ||
	    !complaint(r, &s, text) || strstr(r->job.detail, text))
		return true;
	add_detail(r, text);
	return journal_save(r->root, &r->job, e);
}
