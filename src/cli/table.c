/* SPDX-License-Identifier: Apache-2.0
 * Column widths are measured over all rows first, then printed. */
#include "cli/table.h"
#include "base/buf.h"
#include "base/vec.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct table {
	struct arena arena;
	VEC(char *) cells;
	const char *heads[32];
	size_t columns;
};

struct table *table_new(const char *const *heads)
{
	struct table *t = xcalloc(1, sizeof(*t));
	setlocale(LC_CTYPE, "C.UTF-8");
	while (heads[t->columns] && t->columns < ARRAY_LEN(t->heads)) {
		t->heads[t->columns] = heads[t->columns];
		t->columns++;
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	VEC_DONE(&t->cells);
	arena_done(&t->arena);
	xfree(t);
}

void table_cell(struct table *t, const char *text)
{
	char *copy = arena_strdup(&t->arena, text ? text : "-");
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '.';
	VEC_PUSH(&t->cells, copy);
}

void table_number(struct table *t, int64_t n)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)n);
	table_cell(t, text);
}

size_t table_rows(const struct table *t)
{
	return t->columns ? t->cells.n / t->columns : 0;
}

/* Terminal columns of at most `max` columns of `s`; bytes of them in *bytes_out. */
static size_t width_of(const char *s, size_t max, size_t *bytes_out)
{
	size_t width = 0, at = 0, left = strlen(s);
	mbstate_t state = { 0 };
	while (left) {
		wchar_t c;
		size_t n = mbrtowc(&c, s + at, left, &state);
		int w = 1;
		if (n == 0 || n > left) {
			n = 1;
			memset(&state, 0, sizeof(state));
		} else {
			w = wcwidth(c);
		}
		if (w < 0)
			w = 1;
		if (width + (size_t)w > max)
			break;
		width += (size_t)w;
		at += n;
		left -= n;
	}
	if (bytes_out)
		*bytes_out = at;
	return width;
}

static size_t terminal_width(void)
{
	struct winsize w;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 40)
		return SIZE_MAX;
	return w.ws_col;
}

static void print_row(const struct table *t, const char *const *cells, const size_t *widths,
		      size_t room)
{
	size_t used = 0;
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = cells[i];
		bool right = t->heads[i][0] == '>';
		bool last = i + 1 == t->columns;
		size_t bytes,
			max = last && room != SIZE_MAX && room > used + 10 ? room - used : SIZE_MAX;
		size_t w = width_of(text, max, &bytes);
		size_t pad = widths[i] > w ? widths[i] - w : 0;
		if (right)
			printf("%*s", (int)pad, "");
		fwrite(text, 1, bytes, stdout);
		if (!last)
			printf("%*s", (int)(right ? 2 : pad + 2), "");
		used += widths[i] + 2;
	}
	putchar('\n');
}

void table_print(const struct table *t)
{
	size_t widths[32], rows = table_rows(t), room = terminal_width();
	const char *heads[32];
	for (size_t i = 0; i < t->columns; i++) {
		heads[i] = t->heads[i] + (t->heads[i][0] == '>');
		widths[i] = width_of(heads[i], SIZE_MAX, NULL);
		for (size_t r = 0; r < rows; r++)
			widths[i] = MAX(widths[i],
					width_of(t->cells.p[r * t->columns + i], SIZE_MAX, NULL));
	}
	print_row(t, heads, widths, room);
	for (size_t r = 0; r < rows; r++)
		print_row(t, (const char *const *)&t->cells.p[r * t->columns], widths, room);
}
