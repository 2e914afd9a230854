/* SPDX-License-Identifier: Apache-2.0
 * The reader of filters: one token at a time, bounded in length, depth, terms and values, and every
 * refusal says at which character, and which words may stand there. Nothing is looked up: whether a
 * group or a patch exists is known when the filter is evaluated. */
#include "base/utf8.h"
#include "base/vec.h"
#include "match/filter.h"

static const char *const op_names[FILTER_OPS_] = { "=", "!=", "<", "<=", ">", ">=" };

const char *filter_op_name(enum filter_op o)
{
	return op_names[o];
}

static const char *const yes_no[] = { "yes", "no", NULL };
static const char *const health_words[] = { "unknown", "healthy", "vulnerable", "highly_vulnerable",
					    NULL };
static const struct filter_field fields[] = {
	{ "hostname", FILTER_TEXT, NULL },
	{ "os", FILTER_TEXT, NULL },
	{ "os_version", FILTER_VERSION, NULL },
	{ "os_name", FILTER_TEXT, NULL },
	{ "arch", FILTER_TEXT, NULL },
	{ "kernel", FILTER_TEXT, NULL },
	{ "office", FILTER_TEXT, NULL },
	{ "group", FILTER_GROUP, NULL },
	{ "ip", FILTER_ADDRESS, NULL },
	{ "health", FILTER_WORD, health_words },
	{ "missing", FILTER_NUMBER, NULL },
	{ "missing_critical", FILTER_NUMBER, NULL },
	{ "missing_important", FILTER_NUMBER, NULL },
	{ "missing_moderate", FILTER_NUMBER, NULL },
	{ "missing_low", FILTER_NUMBER, NULL },
	{ "missing_unrated", FILTER_NUMBER, NULL },
	{ "missing_patch", FILTER_PATCH, NULL },
	{ "installed_patch", FILTER_PATCH, NULL },
	{ "package", FILTER_PACKAGE, NULL },
	{ "last_contact", FILTER_AGE, NULL },
	{ "last_scan", FILTER_AGE, NULL },
	{ "online", FILTER_FLAG, yes_no },
	{ "reboot", FILTER_FLAG, yes_no },
	{ "restart", FILTER_FLAG, yes_no },
	{ "end_of_life", FILTER_FLAG, yes_no },
	{ "unsigned_source", FILTER_FLAG, yes_no },
	{ "agent_version", FILTER_VERSION, NULL },
};
static const char *const field_words[] = { "hostname",
					   "os",
					   "os_version",
					   "os_name",
					   "arch",
					   "kernel",
					   "office",
					   "group",
					   "ip",
					   "health",
					   "missing",
					   "missing_critical",
					   "missing_important",
					   "missing_moderate",
					   "missing_low",
					   "missing_unrated",
					   "missing_patch",
					   "installed_patch",
					   "package",
					   "last_contact",
					   "last_scan",
					   "online",
					   "reboot",
					   "restart",
					   "end_of_life",
					   "unsigned_source",
					   "agent_version",
					   "not",
					   "(",
					   NULL };
_Static_assert(ARRAY_LEN(field_words) == ARRAY_LEN(fields) + 3, "every field may begin a term");

const struct filter_field *filter_fields(size_t *n_out)
{
	*n_out = ARRAY_LEN(fields);
	return fields;
}

/* Operators by type; "in" and "not in" wherever "=" is. */
static const char *const equal_words[] = { "=", "!=", "in", "not in", NULL };
static const char *const all_words[] = { "=", "!=", "<", "<=", ">", ">=", "in", "not in", NULL };
static const char *const number_words[] = { "=", "!=", "<", "<=", ">", ">=", NULL };
static const char *const order_words[] = { "<", "<=", ">", ">=", NULL };
static const char *const flag_words[] = { "=", "!=", "and", "or", NULL };
static const char *const joint_words[] = { "and", "or", NULL };
static const char *const close_words[] = { "and", "or", ")", NULL };
static const char *const list_words[] = { ",", ")", NULL };
static const char *const open_words[] = { "(", NULL };

enum token { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_OP, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA };

struct reader {
	struct str text;
	size_t at;   /* behind the token */
	size_t from; /* where the token begins */
	enum token token;
	struct str value; /* of a word or text */
	enum filter_op op;
	size_t terms, depth;
	struct arena *a;
	struct filter_error *where;
	struct err *e;
};

static bool refuse(struct reader *r, const char *const *words, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static bool refuse(struct reader *r, const char *const *words, const char *fmt, ...)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	size_t at = 1;
	for (size_t i = 0; i < r->from; i++)
		at += ((unsigned char)r->text.p[i] & 0xc0) != 0x80;
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	for (size_t i = 0; words && words[i]; i++)
		buf_printf(&b, "%s %s", i ? "," : "; use one of:", words[i]);
	if (r->where)
		*r->where = (struct filter_error) { at, words };
	return err_set(r->e, ERR_INVALID, "filter, character %zu: %s", at, b.p);
}

static bool is_word(char c)
{
	return (c & 0x80) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("_-.:/+~*?@%[]", c));
}

static bool read_quoted(struct reader *r)
{
	char *copy = arena_alloc(r->a, r->text.n - r->at + 1);
	size_t n = 0;
	for (r->at++; r->at < r->text.n && r->text.p[r->at] != '"'; r->at++) {
		if (r->text.p[r->at] == '\\' && r->at + 1 < r->text.n)
			r->at++;
		copy[n++] = r->text.p[r->at];
	}
	if (r->at == r->text.n)
		return refuse(r, NULL, "the text that begins here has no closing quote");
	r->at++;
	r->token = TOKEN_TEXT;
	r->value = (struct str) { copy, n };
	return true;
}

static bool read_op(struct reader *r, char c)
{
	bool equal = r->at + 1 < r->text.n && r->text.p[r->at + 1] == '=';
	if (c == '!' && !equal)
		return refuse(r, NULL, "'!' alone is no operator; write != or not");
	r->token = TOKEN_OP;
	r->op = c == '=' ? FILTER_IS : c == '!' ? FILTER_IS_NOT : FILTER_BELOW;
	if (c == '<')
		r->op = equal ? FILTER_AT_MOST : FILTER_BELOW;
	if (c == '>')
		r->op = equal ? FILTER_AT_LEAST : FILTER_ABOVE;
	r->at += 1 + (equal && c != '=');
	return true;
}

static bool next(struct reader *r)
{
	while (r->at < r->text.n && strchr(" \t\r\n", r->text.p[r->at]))
		r->at++;
	r->from = r->at;
	r->value = STR_LIT("");
	if (r->at == r->text.n) {
		r->token = TOKEN_END;
		return true;
	}
	char c = r->text.p[r->at];
	if (c == '"')
		return read_quoted(r);
	if (strchr("=!<>", c))
		return read_op(r, c);
	if (c == '(' || c == ')' || c == ',') {
		r->token = c == '(' ? TOKEN_OPEN : c == ')' ? TOKEN_CLOSE : TOKEN_COMMA;
		r->at++;
		return true;
	}
	while (r->at < r->text.n && is_word(r->text.p[r->at]))
		r->at++;
	if (r->at == r->from)
		return refuse(r, NULL, "'%c' stands for nothing here; put texts in double quotes",
			      c);
	r->token = TOKEN_WORD;
	r->value = (struct str) { r->text.p + r->from, r->at - r->from };
	return true;
}

static bool is_keyword(const struct reader *r, const char *word)
{
	return r->token == TOKEN_WORD && str_is(r->value, word);
}

/* --- values --- */

static bool number_of(struct reader *r, struct filter *x)
{
	return (str_to_i64(r->value, &x->number) && x->number >= 0 && x->number <= UINT32_MAX) ||
	       refuse(r, NULL, "'%.*s' is not a number", (int)MIN(r->value.n, 40), r->value.p);
}

static bool age_of(struct reader *r, struct filter *x)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 }, { 'w', 604800000 } };
	struct str s = r->value;
	int64_t n;
	for (size_t i = 0; s.n > 1 && i < ARRAY_LEN(units); i++)
		if (s.p[s.n - 1] == units[i].unit && s.p[0] != '-' && s.p[0] != '+' &&
		    str_to_i64((struct str) { s.p, s.n - 1 }, &n) && n <= 100000) {
			x->number = n * units[i].ms;
			return true;
		}
	return refuse(r, NULL, "'%.*s' is not an age; write a number and m, h, d or w, as in 7d",
		      (int)MIN(s.n, 40), s.p);
}

static bool word_of(struct reader *r, struct filter *x)
{
	for (int i = 0; x->field->words[i]; i++)
		if (str_is(r->value, x->field->words[i])) {
			x->words |= UINT64_C(1) << i;
			x->number = i == 0; /* a flag's "yes" */
			return true;
		}
	return refuse(r, x->field->words, "'%.*s' is nothing that '%s' can be",
		      (int)MIN(r->value.n, 40), r->value.p, x->field->name);
}

static bool address_of(struct reader *r, struct filter *x)
{
	struct err why = { 0 };
	x->ranges = x->ranges ? x->ranges : arena_array(r->a, struct address_range, FILTER_VALUES);
	return address_range_parse(r->value, &x->ranges[x->n_values - 1], &why) ||
	       refuse(r, NULL, "%s", why.msg);
}

/* The token at hand as a value of the term. */
static bool take_value(struct reader *r, struct filter *x)
{
	if (r->token != TOKEN_WORD && r->token != TOKEN_TEXT)
		return refuse(r, x->field->words, "a value is missing here");
	if (x->n_values == FILTER_VALUES)
		return refuse(r, NULL, "these are more than %d values", FILTER_VALUES);
	if (!r->value.n && x->field->type != FILTER_TEXT && x->field->type != FILTER_VERSION)
		return refuse(r, NULL, "the value is empty");
	x->values[x->n_values++] = r->value;
	switch (x->field->type) {
	case FILTER_NUMBER: return number_of(r, x);
	case FILTER_AGE: return age_of(r, x);
	case FILTER_WORD:
	case FILTER_FLAG: return word_of(r, x);
	case FILTER_ADDRESS: return address_of(r, x);
	default: return true;
	}
}

/* --- terms --- */

static const char *const *ops_of(const struct filter_field *f)
{
	switch (f->type) {
	case FILTER_VERSION: return all_words;
	case FILTER_NUMBER: return number_words;
	case FILTER_AGE: return order_words;
	case FILTER_FLAG: return flag_words;
	default: return equal_words;
	}
}

static bool may(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

/* From "(" behind "in" to behind ")". */
static bool read_list(struct reader *r, struct filter *x)
{
	if (r->token != TOKEN_OPEN)
		return refuse(r, open_words, "a list of values in parentheses is missing here");
	do {
		if (!next(r) || !take_value(r, x) || !next(r))
			return false;
	} while (r->token == TOKEN_COMMA);
	if (r->token != TOKEN_CLOSE)
		return refuse(r, list_words, "the list of values does not end");
	return next(r);
}

/* The name is read: an order of versions may follow. */
static bool read_package(struct reader *r, struct filter *x)
{
	x->values[x->n_values++] = r->value;
	if (!r->value.n)
		return refuse(r, NULL, "the package's name is empty");
	if (!next(r))
		return false;
	if (r->token != TOKEN_OP)
		return true;
	x->op = r->op;
	if (!next(r))
		return false;
	if ((r->token != TOKEN_WORD && r->token != TOKEN_TEXT) || !r->value.n)
		return refuse(r, NULL, "a version is missing here");
	x->version = r->value;
	return next(r);
}

/* Behind the field's name. */
static bool read_condition(struct reader *r, struct filter *x)
{
	const char *const *ops = ops_of(x->field);
	bool negated = is_keyword(r, "not");
	if (negated && !next(r))
		return false;
	if (is_keyword(r, "in") && may(ops, "in")) {
		x->op = negated ? FILTER_IS_NOT : FILTER_IS;
		return next(r) && read_list(r, x);
	}
	if (negated)
		return refuse(r, ops, "'not' stands before 'in' here, or before the whole term");
	if (r->token == TOKEN_OP && may(ops, filter_op_name(r->op))) {
		x->op = r->op;
		return next(r) && take_value(r, x) && next(r);
	}
	if (x->field->type == FILTER_PACKAGE && (r->token == TOKEN_WORD || r->token == TOKEN_TEXT))
		return read_package(r, x);
	if (x->field->type == FILTER_FLAG && r->token != TOKEN_OP) {
		x->number = 1;
		return true;
	}
	return refuse(r, ops, "'%s' is not followed by what it can be compared by", x->field->name);
}

static bool read_term(struct reader *r, struct filter **out)
{
	struct filter *x = arena_new(r->a, struct filter);
	x->kind = FILTER_TERM;
	if (r->token == TOKEN_END)
		return refuse(r, field_words, "a condition is missing here");
	for (size_t i = 0; r->token == TOKEN_WORD && i < ARRAY_LEN(fields); i++)
		if (str_is(r->value, fields[i].name))
			x->field = &fields[i];
	if (!x->field)
		return refuse(r, field_words, "'%.*s' is not a field",
			      (int)MIN(r->at - r->from, 40), r->text.p + r->from);
	if (++r->terms > FILTER_TERMS)
		return refuse(r, NULL, "these are more than %d conditions", FILTER_TERMS);
	x->values = arena_array(r->a, struct str, FILTER_VALUES);
	*out = x;
	return next(r) && read_condition(r, x);
}

/* --- and, or, not --- */

static bool read_or(struct reader *r, struct filter **out);

static bool deeper(struct reader *r)
{
	return ++r->depth <= FILTER_DEPTH ||
	       refuse(r, NULL, "this is nested deeper than %d", FILTER_DEPTH);
}

static bool read_not(struct reader *r, struct filter **out)
{
	if (r->token == TOKEN_OPEN) {
		if (!deeper(r) || !next(r) || !read_or(r, out))
			return false;
		if (r->token != TOKEN_CLOSE)
			return refuse(r, close_words, "a parenthesis is not closed");
		r->depth--;
		return next(r);
	}
	if (!is_keyword(r, "not"))
		return read_term(r, out);
	struct filter *x = arena_new(r->a, struct filter);
	x->kind = FILTER_NOT;
	x->of = arena_new(r->a, struct filter *);
	x->n = 1;
	*out = x;
	if (!deeper(r) || !next(r) || !read_not(r, x->of))
		return false;
	r->depth--;
	return true;
}

/* One operand, or several that the keyword joins. */
static bool read_joined(struct reader *r, enum filter_kind kind, const char *keyword,
			bool (*operand)(struct reader *r, struct filter **out), struct filter **out)
{
	VEC(struct filter *) of = { 0 };
	struct filter *one = NULL;
	bool ok = operand(r, &one);
	VEC_PUSH(&of, one);
	while (ok && is_keyword(r, keyword)) {
		ok = next(r) && operand(r, &one);
		VEC_PUSH(&of, one);
	}
	if (ok && of.n > 1) {
		one = arena_new(r->a, struct filter);
		one->kind = kind;
		one->n = of.n;
		one->of = arena_array(r->a, struct filter *, of.n);
		memcpy(one->of, of.p, of.n * sizeof(*of.p));
	}
	VEC_DONE(&of);
	*out = one;
	return ok;
}

static bool read_and(struct reader *r, struct filter **out)
{
	return read_joined(r, FILTER_AND, "and", read_not, out);
}

static bool read_or(struct reader *r, struct filter **out)
{
	return read_joined(r, FILTER_OR, "or", read_and, out);
}

/* Bytes that no filter has; the position is that of the first. */
static bool check_bytes(struct reader *r)
{
	if (r->text.n > FILTER_MAX)
		return refuse(r, NULL, "it is longer than %d bytes", FILTER_MAX);
	if (!utf8_valid(r->text))
		return refuse(r, NULL, "it is not UTF-8");
	for (; r->from < r->text.n; r->from++) {
		unsigned char c = (unsigned char)r->text.p[r->from];
		if ((c < 0x20 && !strchr("\t\r\n", c)) || c == 0 || c == 0x7f)
			return refuse(r, NULL, "there is a control character");
	}
	r->from = 0;
	return true;
}

bool filter_parse(struct str text, struct arena *a, struct filter **out, struct filter_error *where,
		  struct err *e)
{
	struct reader r = { .text = text, .a = a, .where = where, .e = e };
	struct filter *x;
	if (!check_bytes(&r) || !next(&r) || !read_or(&r, &x))
		return false;
	if (r.token != TOKEN_END)
		return refuse(&r, joint_words, "'%.*s' is not expected here",
			      (int)MIN(r.at - r.from, 40), text.p + r.from);
	*out = x;
	return true;
}

/* --- writing --- */

static void write_value(struct str s, struct buf *out)
{
	static const char *const keywords[] = { "and", "or", "not", "in" };
	bool plain = s.n > 0;
	for (size_t i = 0; i < s.n; i++)
		plain = plain && is_word(s.p[i]);
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		plain = plain && !str_is(s, keywords[i]);
	if (plain) {
		buf_addstr(out, s);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static void write_term(const struct filter *x, struct buf *out)
{
	buf_adds(out, x->field->name);
	if (x->field->type == FILTER_FLAG && !x->n_values)
		return;
	if (x->version.p) {
		buf_addc(out, ' ');
		write_value(x->values[0], out);
		buf_printf(out, " %s ", filter_op_name(x->op));
		write_value(x->version, out);
		return;
	}
	if (x->n_values == 1) {
		buf_printf(out, " %s ", filter_op_name(x->op));
		write_value(x->values[0], out);
		return;
	}
	buf_adds(out, x->op == FILTER_IS ? " in (" : " not in (");
	for (size_t i = 0; i < x->n_values; i++) {
		buf_adds(out, i ? ", " : "");
		write_value(x->values[i], out);
	}
	buf_addc(out, ')');
}

static void write_inner(const struct filter *x, struct buf *out)
{
	bool bare = x->kind == FILTER_TERM || x->kind == FILTER_NOT;
	buf_adds(out, bare ? "" : "(");
	filter_write(x, out);
	buf_adds(out, bare ? "" : ")");
}

void filter_write(const struct filter *x, struct buf *out)
{
	switch (x->kind) {
	case FILTER_TERM: write_term(x, out); return;
	case FILTER_NOT:
		buf_adds(out, "not ");
		write_inner(x->of[0], out);
		return;
	case FILTER_AND:
	case FILTER_OR:
		for (size_t i = 0; i < x->n; i++) {
			if (i)
				buf_adds(out, x->kind == FILTER_AND ? " and " : " or ");
			write_inner(x->of[i], out);
		}
		return;
	}
}

bool filter_names_group(const struct filter *x, const struct group *g)
{
	for (size_t i = 0; i < x->n; i++)
		if (filter_names_group(x->of[i], g))
			return true;
	for (size_t i = 0;
	     x->kind == FILTER_TERM && x->field->type == FILTER_GROUP && i < x->n_values; i++)
		if (str_is(x->values[i], g->id) || str_is(x->values[i], g->name))
			return true;
	return false;
}
