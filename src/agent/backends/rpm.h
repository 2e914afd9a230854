/* SPDX-License-Identifier: Apache-2.0
 * The machine that dnf and zypper share (backend.h): both install into the rpm database, both are
 * asked for exact packages of the order's own partial repositories. What differs - words, output,
 * exit statuses - is a struct rpm_tool. */
#ifndef AGENT_BACKENDS_RPM_H
#define AGENT_BACKENDS_RPM_H
#include "agent/backends/backend.h"

enum rpm_command {
	RPM_REFRESH,  /**< read the repositories' metadata */
	RPM_SIMULATE, /**< resolve and tell; changes nothing */
	RPM_REHEARSE, /**< check the packages' signatures and the transaction; changes nothing */
	RPM_INSTALL,
};
struct rpm_machine;
struct rpm_tool {
	const char *remedy;    /**< how a hold is released */
	const char *reinstall; /**< the command that installs once more */
	const char *files; /**< what helps when no package is found for a file; NULL = nothing */
	bool refreshes;	   /**< RPM_REFRESH is a command of its own */
	/** Of m->b.todo; `again`: those packages are installed and shall be installed once more. */
	const char *const *(*argv)(struct rpm_machine *m, enum rpm_command c, bool again);
	bool (*good)(enum rpm_command c, const struct backend_input *in);
	bool (*parse)(struct str output, struct arena *a, struct backend_transaction *out,
		      struct err *e);
	/** A stable word, never NULL; `line_out` gets the line that says so, or "". */
	const char *(*classify)(const struct backend_input *in, struct arena *a,
				struct str *line_out);
	/** Did the command whose output this is come to its end? */
	bool (*finished)(struct str output);
	/** NULL, or: `parse` tells every removal as "remove"; this asks who obsoletes `name`... */
	const char *const *(*ask_obsoleters)(struct rpm_machine *m, struct str name);
	/** ... and this reads the answer: is one of them what the transaction installs? */
	bool (*obsoleted)(struct str output, const struct backend_transaction *t);
};

struct rpm_machine {
	struct backend b;
	int installs, cleanings;
	int looks_cut; /* commands that change nothing and were killed */
	size_t asked;  /* steps of the transaction that were looked at for obsoletes */
	bool cut;      /* a transaction was cut short, and what it did is not made good yet */
	bool checked;  /* the database was looked over since */
	bool known;    /* redo holds what it had installed */
	struct order_package *redo;
	size_t n_redo;
	const struct order_package *twin; /* one that stands several times at its version */
	bool again;			  /* the present commands install redo once more */
	bool remade;			  /* and came to their end */
	bool claimed;			  /* the tool's last word was success */
	const char *failed;		  /* reason of the last failure; NULL = none */
	bool give_up;
	bool warned; /* the detail tells of a scriptlet that failed without consequence */
};
struct backend_action rpm_next(struct rpm_machine *m, const struct rpm_tool *tool,
			       const struct backend_input *in);
/** "name-epoch:version-release.arch" */
const char *rpm_nevra(struct arena *a, const struct order_package *p);
/** First line of `text` that holds one of the causes, first cause first; NULL = none does. */
struct rpm_cause {
	const char *text, *reason;
};
const char *rpm_find_cause(const struct rpm_cause *causes, size_t n, struct str text,
			   struct str *line_out);

/* The outputs, for tests and fuzzing. */
bool dnf_parse(struct str output, struct arena *a, struct backend_transaction *out, struct err *e)
	MUST_CHECK;
const char *dnf_classify(const struct backend_input *in, struct arena *a, struct str *line_out);
bool zypper_parse(struct str output, struct arena *a, struct backend_transaction *out,
		  struct err *e) MUST_CHECK;
const char *zypper_classify(const struct backend_input *in, struct arena *a, struct str *line_out);
#endif
