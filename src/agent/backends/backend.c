/* SPDX-License-Identifier: Apache-2.0
 * What the machines share: looking for what is missing, judging a transaction, waiting for locks.
 */
#include "agent/backends/backend.h"
#include "base/vec.h"

#include <stdio.h>

static const struct backend_type *const types[] = {
	[PLATFORM_APT] = &backend_apt,
	[PLATFORM_DNF] = &backend_dnf,
	[PLATFORM_ZYPPER] = &backend_zypper,
};

struct backend *backend_new(enum platform_manager manager, const struct backend_spec *spec)
{
	struct backend *b = xcalloc(1, types[manager]->size);
	b->type = types[manager];
	b->spec = *spec;
	b->ran = spec->resumed;
	b->todo = xcalloc(spec->order->n_packages + 1, sizeof(*b->todo));
	return b;
}

void backend_free(struct backend *b)
{
	if (!b)
		return;
	arena_done(&b->steps);
	arena_done(&b->keep);
	arena_done(&b->scratch);
	xfree(b->todo);
	xfree(b);
}

struct backend_action backend_next(struct backend *b, const struct backend_input *in)
{
	arena_done(&b->scratch);
	return b->type->next(b, in);
}

struct backend_action backend_read(struct backend *b, int state)
{
	b->state = state;
	return (struct backend_action) { .kind = BACKEND_READ };
}

struct backend_action backend_run(struct backend *b, int state, const char *const *argv,
				  int64_t timeout_s, bool changes)
{
	b->state = state;
	return (struct backend_action) {
		.kind = BACKEND_RUN, .argv = argv, .timeout_s = timeout_s, .changes = changes
	};
}

struct backend_action backend_done(struct backend *b, enum backend_outcome outcome,
				   const char *reason)
{
	return (struct backend_action) {
		.kind = BACKEND_DONE, .outcome = outcome, .reason = reason, .detail = b->detail
	};
}

struct backend_action backend_wait_for_lock(struct backend *b, int state)
{
	b->state = state;
	int64_t s = MIN(2 + 2 * (int64_t)b->lock_looks, BACKEND_LOCK_WAIT_S);
	b->lock_looks++;
	b->lock_waited_s += s;
	if (b->lock_waited_s > BACKEND_LOCK_LIMIT_S)
		return backend_done(b, BACKEND_FAILED, "lock_held");
	return (struct backend_action) {
		.kind = BACKEND_WAIT, .wait_s = s, .reason = "lock_held", .detail = b->detail
	};
}

void backend_note(struct backend *b, struct str line)
{
	snprintf(b->detail, sizeof(b->detail), "%.*s", (int)MIN(line.n, sizeof(b->detail) - 1),
		 line.p);
}

struct backend_action backend_succeeded(struct backend *b)
{
	bool back = order_goes_back(b->spec.order);
	return backend_done(b, BACKEND_SUCCEEDED,
			    b->ran ? back ? "uninstalled" : "installed"
			    : back ? "already_uninstalled"
				   : "already_installed");
}

static const char *held(struct backend *b, const struct order_package *w, const char *remedy)
{
	snprintf(b->detail, sizeof(b->detail),
		 "package '%.*s' is held on this machine; release it with %s", STR_ARG(w->name),
		 remedy);
	return "held";
}

/* One package that goes back: it shall be at its version, and at no other. */
static const char *look_back(struct backend *b, const struct pkgdb *db,
			     const struct order_package *w, const char *remedy, bool *there)
{
	const struct pkgdb_package *p = pkgdb_find(db, w->name, w->arch);
	bool is_old = p && str_eq(p->version, w->version),
	     is_new = p && str_eq(p->version, w->from);
	if (is_old && p->state == PKGDB_INSTALLED && !p->reinstall)
		return NULL;
	*there = false;
	if (!is_old && !is_new) {
		if (p)
			snprintf(b->detail, sizeof(b->detail),
				 "'%.*s' is at %.*s, not at %.*s as the order says",
				 STR_ARG(w->name), STR_ARG(p->version), STR_ARG(w->from));
		else
			snprintf(b->detail, sizeof(b->detail), "'%.*s' is not installed any more",
				 STR_ARG(w->name));
		return "changed";
	}
	if (is_new && p->hold)
		return held(b, w, remedy);
	/* both: the transaction was cut short, and what is new has to be taken away */
	if (is_old || !pkgdb_find_version(db, w->name, w->arch, w->version))
		b->todo[b->n_todo++] = w;
	return NULL;
}

const char *backend_look(struct backend *b, const struct pkgdb *db, const char *remedy,
			 bool *all_there_out)
{
	bool there = true, back = order_goes_back(b->spec.order);
	const char *why = NULL;
	b->n_todo = 0;
	for (uint32_t i = 0; back && !why && i < b->spec.order->n_packages; i++)
		why = look_back(b, db, &b->spec.order->packages[i], remedy, &there);
	*all_there_out = there;
	if (back)
		return why;
	for (uint32_t i = 0; i < b->spec.order->n_packages; i++) {
		const struct order_package *w = &b->spec.order->packages[i];
		const struct pkgdb_package *p = pkgdb_find(db, w->name, w->arch);
		int c = p ? pkgdb_compare(db->kind, p->version, w->version) : -1;
		if (p && c >= 0 && p->state == PKGDB_INSTALLED && !p->reinstall)
			continue;
		there = false;
		if (c > 0)
			continue; /* newer but unfinished: healing's work, not ours */
		if (p && p->hold && c < 0)
			return held(b, w, remedy);
		b->todo[b->n_todo++] = w;
	}
	*all_there_out = there;
	return NULL;
}

static bool listed(const struct order_package *p, uint32_t n, const struct backend_step *s)
{
	for (uint32_t i = 0; i < n; i++) {
		if (str_eq(p[i].name, s->name) && str_eq(p[i].arch, s->arch) &&
		    str_eq(p[i].version, s->to))
			return true;
	}
	return false;
}

static bool gives_way(const struct backend_transaction *t, const struct backend_step *gone,
		      enum pkgdb_kind kind)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct backend_step *s = &t->steps[i];
		if (s->to.n && str_eq(s->name, gone->name) && str_eq(s->arch, gone->arch) &&
		    pkgdb_compare(kind, s->to, gone->from) > 0)
			return true;
	}
	return false;
}

static bool may_go(const struct order *o, const struct backend_step *gone)
{
	struct backend_step there = { gone->name, gone->arch, { "", 0 }, gone->from, "" };
	return strcmp(gone->action, "replaced") == 0 && listed(o->replaced, o->n_replaced, &there);
}

/* dnf does not tell from which version: that is the one that was found just before, see
 * look_back().
 */
static bool goes_back(const struct order *o, struct backend_step *s)
{
	for (uint32_t i = 0; i < o->n_packages; i++) {
		const struct order_package *w = &o->packages[i];
		if (!str_eq(w->name, s->name) || !str_eq(w->arch, s->arch) ||
		    !str_eq(w->version, s->to))
			continue;
		if (!s->from.n && strcmp(s->action, "downgrade") == 0)
			s->from = w->from;
		return str_eq(w->from, s->from) || strcmp(s->action, "reinstall") == 0;
	}
	return false;
}

/* Nothing but what is listed goes back, from the version that is listed; beside it something may be
 * new, when it is listed; nothing goes up and nothing goes away. */
static const char *judge_back(struct backend *b)
{
	const struct order *o = b->spec.order;
	for (size_t i = 0; i < b->transaction.n; i++) {
		struct backend_step *s = &b->transaction.steps[i];
		bool is_new = strcmp(s->action, "install") == 0 && listed(o->extra, o->n_extra, s);
		if (is_new || (s->to.n && goes_back(o, s)))
			continue;
		snprintf(b->detail, sizeof(b->detail),
			 "the order does not list: %s '%.*s' %.*s -> %.*s", s->action,
			 STR_ARG(s->name), STR_ARG(s->from), STR_ARG(s->to));
		return "unlisted_dependency";
	}
	return NULL;
}

const char *backend_judge(struct backend *b, enum pkgdb_kind kind)
{
	const struct order *o = b->spec.order;
	if (order_goes_back(o))
		return judge_back(b);
	for (size_t i = 0; i < b->transaction.n; i++) {
		const struct backend_step *s = &b->transaction.steps[i];
		if (backend_is_stream(s))
			continue;
		if (strcmp(s->action, "downgrade") == 0 ||
		    (s->to.n && s->from.n && pkgdb_compare(kind, s->from, s->to) > 0)) {
			snprintf(b->detail, sizeof(b->detail),
				 "'%.*s' would go down from %.*s to %.*s", STR_ARG(s->name),
				 STR_ARG(s->from), STR_ARG(s->to));
			return "policy";
		}
		bool covered = s->to.n ? listed(o->packages, o->n_packages, s) ||
						 listed(o->extra, o->n_extra, s)
				       : gives_way(&b->transaction, s, kind) || may_go(o, s);
		if (!covered) {
			snprintf(b->detail, sizeof(b->detail),
				 "the order does not list: %s '%.*s' %.*s", s->action,
				 STR_ARG(s->name), STR_ARG(s->to.n ? s->to : s->from));
			return "unlisted_dependency";
		}
	}
	return NULL;
}

bool backend_add_step(struct backend_steps *v, struct arena *a, const struct backend_step *s,
		      struct err *e)
{
	if (v->n >= BACKEND_MAX_STEPS)
		return err_set(e, ERR_LIMIT, "the transaction has more than %d steps",
			       BACKEND_MAX_STEPS);
	struct backend_step copy = { .name = arena_str(a, s->name),
				     .arch = arena_str(a, s->arch),
				     .from = arena_str(a, s->from),
				     .to = arena_str(a, s->to),
				     .action = s->action };
	VEC_PUSH(v, copy);
	return true;
}

void backend_take_steps(struct backend_steps *v, struct arena *a, struct backend_transaction *out)
{
	out->steps = arena_array(a, struct backend_step, v->n + 1);
	if (v->n)
		memcpy(out->steps, v->p, v->n * sizeof(*v->p));
	out->n = v->n;
	VEC_DONE(v);
}

bool backend_contains(struct str s, const char *needle)
{
	return memmem(s.p, s.n, needle, strlen(needle)) != NULL;
}
