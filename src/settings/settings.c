/* SPDX-License-Identifier: Apache-2.0
 * Values in memory, changes to the database first. Invariant: what a getter gives is durable and
 * passes its row's rules; `version` rises with every change. */
#include "settings/settings.h"

#include "base/clock.h"
#include "base/log.h"
#include "settings/queries.h"
#include "sql/notify.h"

#include <pthread.h>

#define LISTENERS_MAX 8
#define SECRET_MAX ((size_t)8 << 10) /* sealed or not */

struct settings {
	struct sql *db;
	struct secret_key key;
	bool has_key;
	pthread_mutex_t changing; /* one change at a time, held across the database */
	pthread_mutex_t lock;	  /* the members below, never held across the database */
	char *values[SETTINGS_];  /* NULL = the default */
	int64_t version;
	struct {
		void (*fn)(void *arg, enum setting id);
		void *arg;
	} listeners[LISTENERS_MAX];
	int n_listeners;
};

/* 1 = never changed. */
static bool read_version(struct sql_conn *c, int64_t *out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_SETTINGS_VERSION, SQL_NO_ARGS, &r, e))
		return false;
	*out = 1;
	if (sql_next(r) && !str_to_i64(sql_col_str(r, 0), out))
		*out = 1;
	return sql_rows_end(r, e);
}

/* What is stored as people know it; NULL when it cannot be read here or breaks a rule. */
static char *shown(const struct settings *s, const struct setting_info *info, struct str stored)
{
	AUTO(buf_done) struct buf plain = BUF_INIT(SECRET_MAX);
	struct err e = { 0 }; /* see settings.h: counts as not set */
	if (info->secret && secret_is_sealed(stored)) {
		if (!s->has_key)
			return NULL;
		if (!secret_open(&s->key, info->key, stored, &plain, &e)) {
			log_warn("setting '%s' counts as not set: %s", info->key, e.msg);
			return NULL;
		}
		stored = buf_str(&plain);
	}
	return setting_check(info, stored, &e) ? str_dup(stored) : NULL;
}

/* Version first: values that are newer than it are told of by who changed them. */
static bool load(struct settings *s, char *values[static SETTINGS_], bool *plain,
		 int64_t *version_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(s->db, e);
	struct sql_rows *r;
	if (!c || !read_version(c, version_out, e) ||
	    !sql_query(c, &SQL_SETTING_LIST, SQL_NO_ARGS, &r, e))
		return false;
	while (sql_next(r)) {
		enum setting id;
		struct str value = sql_col_str(r, 1);
		if (!setting_find(sql_col_str(r, 0), &id))
			continue;
		values[id] = shown(s, setting_info(id), value);
		if (plain && values[id] && setting_info(id)->secret && !secret_is_sealed(value))
			plain[id] = true;
	}
	return sql_rows_end(r, e);
}

/* An older version stored secrets as they are. */
static bool seal_plain(struct settings *s, const bool *plain, struct err *e)
{
	struct setting_change changes[SETTINGS_];
	size_t n = 0;
	for (int i = 0; i < SETTINGS_; i++)
		if (plain[i])
			changes[n++] = (struct setting_change) { .id = (enum setting)i,
								 .value = str_of(s->values[i]) };
	if (n == 0 || !s->has_key)
		return true;
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < n; i++)
		changes[i].value = arena_str(&a, changes[i].value); /* the slots are replaced */
	return settings_change(s, changes, n, -1, NULL, e);
}

bool settings_open(struct sql *db, const struct secret_key *key, struct settings **out,
		   struct err *e)
{
	AUTO(settings_close) struct settings *s = xcalloc(1, sizeof(*s));
	bool plain[SETTINGS_] = { false };
	s->db = db;
	s->has_key = key != NULL;
	if (key)
		s->key = *key;
	pthread_mutex_init(&s->changing, NULL);
	pthread_mutex_init(&s->lock, NULL);
	if (!load(s, s->values, plain, &s->version, e) || !seal_plain(s, plain, e))
		return err_prefix(e, "cannot read the settings");
	*out = TAKE(s);
	return true;
}

void settings_close(struct settings *s)
{
	if (!s)
		return;
	for (int i = 0; i < SETTINGS_; i++)
		xfree(s->values[i]);
	secret_key_forget(&s->key);
	pthread_mutex_destroy(&s->changing);
	pthread_mutex_destroy(&s->lock);
	xfree(s);
}

/* Under the lock. */
static const char *value_of(const struct settings *s, enum setting id)
{
	return s->values[id] ? s->values[id] : setting_info(id)->def;
}

int64_t settings_int(struct settings *s, enum setting id)
{
	enum setting_type t = setting_info(id)->type;
	ASSERT(t == SETTING_T_INTEGER || t == SETTING_T_DURATION_S);
	int64_t n;
	pthread_mutex_lock(&s->lock);
	ASSERT(str_to_i64(str_of(value_of(s, id)), &n));
	pthread_mutex_unlock(&s->lock);
	return n;
}

bool settings_bool(struct settings *s, enum setting id)
{
	ASSERT(setting_info(id)->type == SETTING_T_BOOLEAN);
	pthread_mutex_lock(&s->lock);
	bool b = str_is(str_of(value_of(s, id)), "true");
	pthread_mutex_unlock(&s->lock);
	return b;
}

const char *settings_text(struct settings *s, enum setting id, struct arena *a)
{
	pthread_mutex_lock(&s->lock);
	const char *text = arena_strdup(a, value_of(s, id));
	pthread_mutex_unlock(&s->lock);
	return text;
}

int64_t settings_list(struct settings *s, struct arena *a,
		      struct setting_value out[static SETTINGS_])
{
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < SETTINGS_; i++) {
		const struct setting_info *info = setting_info((enum setting)i);
		out[i] = (struct setting_value) { .info = info, .is_set = s->values[i] != NULL };
		if (!info->secret)
			out[i].value = arena_strdup(a, value_of(s, (enum setting)i));
	}
	int64_t version = s->version;
	pthread_mutex_unlock(&s->lock);
	return version;
}

struct write {
	const struct settings *s;
	const struct setting_change *changes;
	size_t n;
	int64_t now_ms;
	int64_t want_version, version; /* -1 = any; the new one */
};

static bool is_default(const struct setting_change *ch)
{
	return ch->reset || str_is(ch->value, setting_info(ch->id)->def);
}

/* Secrets are sealed. */
static bool put(struct sql_conn *c, const struct write *w, const struct setting_change *ch,
		struct err *e)
{
	AUTO(buf_done) struct buf sealed = BUF_INIT(SECRET_MAX);
	const struct setting_info *info = setting_info(ch->id);
	struct str value = ch->value;
	if (info->secret && !w->s->has_key)
		return err_set(e, ERR_INVALID, "there is no key to seal '%s' with", info->key);
	if (info->secret) {
		secret_seal(&w->s->key, info->key, value, &sealed);
		value = buf_str(&sealed);
	}
	return buf_ok(&sealed, info->key, e) &&
	       sql_run(c, &SQL_SETTING_PUT,
		       SQL_ARGS(sql_text(info->key), sql_str(value), sql_int(w->now_ms)), e);
}

static bool write_changes(struct sql_conn *c, void *arg, struct err *e)
{
	struct write *w = arg;
	if (!read_version(c, &w->version, e))
		return false;
	if (w->want_version != -1 && w->want_version != w->version)
		return err_set(e, ERR_CONFLICT, "settings have changed meanwhile; read them again");
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)++w->version);
	if (!sql_run(c, &SQL_SETTINGS_VERSION_PUT, SQL_ARGS(sql_text(text)), e) ||
	    !sql_announce(c, SETTINGS_SAYS_CHANGED, str_of(text), e))
		return false;
	for (size_t i = 0; i < w->n; i++) {
		const struct setting_change *ch = &w->changes[i];
		struct sql_val key = sql_text(setting_info(ch->id)->key);
		bool ok = is_default(ch) ? sql_run(c, &SQL_SETTING_REMOVE, SQL_ARGS(key), e)
					 : put(c, w, ch, e);
		if (!ok)
			return false;
	}
	return true;
}

/* Checks, writes, then shows. Called with `changing` held. */
static bool change_locked(struct settings *s, const struct setting_change *changes, size_t n,
			  int64_t version, int64_t *version_out, struct err *e)
{
	struct write w = { s, changes, n, clock_wall_ms(), version, 0 };
	if (!sql_write(s->db, write_changes, &w, e))
		return e && e->code == ERR_CONFLICT ? false
						    : err_prefix(e, "cannot store the settings");
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		char **slot = &s->values[changes[i].id];
		xfree(*slot);
		*slot = is_default(&changes[i]) ? NULL : str_dup(changes[i].value);
	}
	int64_t now = s->version = w.version;
	pthread_mutex_unlock(&s->lock);
	if (version_out)
		*version_out = now;
	return true;
}

static void told(struct settings *s, enum setting id)
{
	pthread_mutex_lock(&s->lock);
	int listeners = s->n_listeners; /* only grows */
	pthread_mutex_unlock(&s->lock);
	for (int k = 0; k < listeners; k++)
		s->listeners[k].fn(s->listeners[k].arg, id);
}

/* The secret that these changes drop, or SETTINGS_. With `changing` held. */
static enum setting dropped(struct settings *s, const struct setting_change *changes, size_t n)
{
	enum setting found = SETTINGS_;
	for (size_t i = 0; i < n; i++) {
		enum setting secret = setting_guards(changes[i].id);
		if (secret == SETTINGS_)
			continue;
		struct str value = changes[i].reset ? str_of(setting_info(changes[i].id)->def)
						    : changes[i].value;
		pthread_mutex_lock(&s->lock);
		if (s->values[secret] && !str_is(value, value_of(s, changes[i].id)))
			found = secret;
		pthread_mutex_unlock(&s->lock);
	}
	for (size_t i = 0; i < n; i++)
		if (changes[i].id == found)
			return SETTINGS_; /* it is given anew */
	return found;
}

bool settings_change(struct settings *s, const struct setting_change *changes, size_t n,
		     int64_t version, int64_t *version_out, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (!changes[i].reset &&
		    !setting_check(setting_info(changes[i].id), changes[i].value, e))
			return false;
	}
	AUTO(xfree) struct setting_change *all = xcalloc(n + 1, sizeof(*all));
	memcpy(all, changes, n * sizeof(*all));
	pthread_mutex_lock(&s->changing);
	enum setting secret = dropped(s, changes, n);
	if (secret != SETTINGS_)
		all[n++] = (struct setting_change) { .id = secret, .reset = true };
	bool ok = change_locked(s, all, n, version, version_out, e);
	pthread_mutex_unlock(&s->changing);
	for (size_t i = 0; ok && i < n; i++)
		told(s, all[i].id);
	return ok;
}

bool settings_reload(struct settings *s, struct err *e)
{
	char *values[SETTINGS_] = { 0 };
	bool differs[SETTINGS_] = { 0 };
	int64_t version = 0;
	pthread_mutex_lock(&s->changing);
	bool ok = load(s, values, NULL, &version, e);
	pthread_mutex_lock(&s->lock);
	for (int i = 0; ok && i < SETTINGS_; i++) {
		const char *was = s->values[i] ? s->values[i] : "",
			   *is = values[i] ? values[i] : "";
		differs[i] = !s->values[i] != !values[i] || strcmp(was, is) != 0;
		char *old = s->values[i];
		s->values[i] = values[i];
		values[i] = old;
	}
	if (ok)
		s->version = version;
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_unlock(&s->changing);
	for (int i = 0; i < SETTINGS_; i++) {
		xfree(values[i]);
		if (differs[i])
			told(s, (enum setting)i);
	}
	return ok || err_prefix(e, "settings are not read again");
}

void settings_listen(struct settings *s, void (*fn)(void *arg, enum setting id), void *arg)
{
	pthread_mutex_lock(&s->lock);
	ASSERT(s->n_listeners < LISTENERS_MAX);
	s->listeners[s->n_listeners].fn = fn;
	s->listeners[s->n_listeners++].arg = arg;
	pthread_mutex_unlock(&s->lock);
}
