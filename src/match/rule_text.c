/* SPDX-License-Identifier: Apache-2.0
 * The text form of rules: a reader with bounded depth, size and node count, and the printer whose
 * output reads back to an equal tree. Strings come from outside: control characters are refused. */
#include "base/vec.h"
#include "match/rule.h"

static const char *const compare_names[RULE_COMPARES_] = { "", "<", "<=", "=", ">=", ">" };

struct reader {
	struct str text;
	size_t at;
	uint32_t nodes;
	struct arena *arena;
	struct err *e;
};

static bool bad(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_CORRUPT, "rule: %s at byte %zu", what, r->at + 1);
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->text.n && strchr(" \t\r\n", r->text.p[r->at]))
		r->at++;
}

/* The next character after blanks, or 0 at the end. */
static char peek(struct reader *r)
{
	skip_blanks(r);
	return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static struct str read_word(struct reader *r)
{
	skip_blanks(r);
	size_t from = r->at;
	while (r->at < r->text.n && !strchr(" \t\r\n()\"", r->text.p[r->at]))
		r->at++;
	return (struct str) { r->text.p + from, r->at - from };
}

static bool read_string(struct reader *r, struct str *out)
{
	if (peek(r) != '"')
		return bad(r, "a string in double quotes is missing");
	r->at++;
	char copy[RULE_MAX_STRING];
	size_t n = 0;
	for (;; r->at++) {
		if (r->at == r->text.n)
			return bad(r, "the string is not closed");
		char c = r->text.p[r->at];
		if (c == '"')
			break;
		if (c == '\\') {
			r->at++;
			c = r->at < r->text.n ? r->text.p[r->at] : '\0';
			if (c != '"' && c != '\\')
				return bad(r, "only \\\" and \\\\ may follow a backslash");
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return bad(r, "control character in a string");
		if (n == sizeof(copy))
			return err_set(r->e, ERR_LIMIT,
				       "rule: string longer than %u bytes at byte %zu",
				       RULE_MAX_STRING, r->at + 1);
		copy[n++] = c;
	}
	r->at++;
	*out = arena_str(r->arena, (struct str) { copy, n });
	return true;
}

/* The string after a word that stands at most once. */
static bool read_once(struct reader *r, struct str *out, const char *twice, const char *needs)
{
	if (out->n > 0)
		return bad(r, twice);
	return read_string(r, out) && (out->n > 0 || bad(r, needs));
}

static bool has_arch(enum rule_op op)
{
	return op == RULE_DEB_BIN || op == RULE_RPM || op == RULE_APK;
}

static bool read_comparison(struct reader *r, struct rule *out)
{
	struct str word = read_word(r);
	if (str_is(word, "above"))
		return read_once(r, &out->above, "'above' given twice", "'above' needs a version");
	if (str_is(word, "module") && out->op == RULE_RPM)
		return read_once(r, &out->module, "'module' given twice",
				 "'module' needs a stream");
	if (str_is(word, "default") && out->module.n > 0 && !out->by_default)
		return out->by_default = true;
	for (enum rule_compare c = RULE_LT; c < RULE_COMPARES_; c++) {
		if (str_is(word, compare_names[c])) {
			if (out->compare != RULE_ANY || out->above.n > 0 || out->module.n > 0)
				return bad(r, "comparison in a wrong place");
			out->compare = c;
			return read_string(r, &out->version);
		}
	}
	return bad(r, "a comparison, 'above' or ')' is missing");
}

static bool read_rule(struct reader *r, struct rule *out, int depth);

static bool read_children(struct reader *r, struct rule *out, int depth)
{
	VEC(struct rule) children = { 0 };
	bool ok = true;
	while (ok && peek(r) == '(') {
		struct rule child;
		ok = read_rule(r, &child, depth + 1);
		if (ok)
			VEC_PUSH(&children, child);
	}
	if (ok && out->op == RULE_NOT && children.n != 1)
		ok = bad(r, "'not' takes one rule");
	if (ok && children.n > 0) {
		out->children = arena_array(r->arena, struct rule, children.n);
		memcpy(out->children, children.p, children.n * sizeof(*children.p));
		out->n_children = (uint32_t)children.n;
	}
	VEC_DONE(&children);
	return ok;
}

static bool read_condition(struct reader *r, struct rule *out)
{
	if (!read_string(r, &out->name))
		return false;
	if (out->name.n == 0)
		return bad(r, "an empty name");
	if (out->op == RULE_OS)
		return true;
	if (has_arch(out->op) && !read_string(r, &out->arch))
		return false;
	while (peek(r) != ')' && peek(r) != '\0')
		if (!read_comparison(r, out))
			return false;
	return true;
}

static bool read_rule(struct reader *r, struct rule *out, int depth)
{
	if (depth > RULE_MAX_DEPTH || ++r->nodes > RULE_MAX_NODES)
		return err_set(r->e, ERR_LIMIT,
			       "rule: deeper than %d or more than %u parts at byte %zu",
			       RULE_MAX_DEPTH, RULE_MAX_NODES, r->at + 1);
	if (peek(r) != '(')
		return bad(r, "'(' is missing");
	r->at++;
	struct str word = read_word(r);
	*out = (struct rule) { .op = RULE_OPS_, .component = CATALOG_NONE };
	for (enum rule_op op = 0; op < RULE_OPS_; op++)
		if (str_is(word, rule_op_name(op)))
			out->op = op;
	if (out->op == RULE_OPS_)
		return bad(r, "an unknown word");
	if (!(out->op <= RULE_NOT ? read_children(r, out, depth) : read_condition(r, out)))
		return false;
	if (peek(r) != ')')
		return bad(r, "')' is missing");
	r->at++;
	return true;
}

bool rule_parse(struct str text, struct arena *a, struct rule **out, struct err *e)
{
	struct reader r = { .text = text, .arena = a, .e = e };
	if (text.n > RULE_MAX_TEXT)
		return err_set(e, ERR_LIMIT, "rule: longer than %u bytes", RULE_MAX_TEXT);
	struct rule *top = arena_new(a, struct rule);
	if (!read_rule(&r, top, 1))
		return false;
	skip_blanks(&r);
	if (r.at != text.n)
		return bad(&r, "text after the rule");
	*out = top;
	return true;
}

static void print_string(struct str s, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

/* Depth: trees come from rule_parse or rule_of_patch and are at most RULE_MAX_DEPTH deep. */
void rule_print(const struct rule *r, struct buf *out)
{
	buf_printf(out, "(%s", rule_op_name(r->op));
	for (uint32_t i = 0; i < r->n_children; i++) {
		buf_addc(out, ' ');
		rule_print(&r->children[i], out);
	}
	if (r->op > RULE_NOT) {
		buf_addc(out, ' ');
		print_string(r->name, out);
	}
	if (has_arch(r->op)) {
		buf_addc(out, ' ');
		print_string(r->arch, out);
	}
	if (r->compare != RULE_ANY) {
		buf_printf(out, " %s ", compare_names[r->compare]);
		print_string(r->version, out);
	}
	if (r->above.n > 0) {
		buf_adds(out, " above ");
		print_string(r->above, out);
	}
	if (r->module.n > 0) {
		buf_adds(out, " module ");
		print_string(r->module, out);
		buf_adds(out, r->by_default ? " default" : "");
	}
	buf_addc(out, ')');
}
