/* SPDX-License-Identifier: Apache-2.0
 * See csv.h. Every text is data: none can begin a formula, end its cell or its row. */
#include "format/csv.h"

void csv_begin(struct buf *out)
{
	buf_adds(out, "\xef\xbb\xbf");
}

/* What spreadsheets evaluate (OWASP, "CSV injection"). */
static bool is_formula(struct str text)
{
	return text.n > 0 && memchr("=+-@\t\r", text.p[0], 6);
}

void csv_cell(struct buf *out, bool first, struct str text)
{
	bool quoted = is_formula(text);
	for (size_t i = 0; i < text.n && !quoted; i++)
		quoted = strchr("\",\r\n;", text.p[i]) != NULL;
	if (!first)
		buf_addc(out, ',');
	if (quoted)
		buf_addc(out, '"');
	if (is_formula(text))
		buf_addc(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, text.p[i]);
	}
	if (quoted)
		buf_addc(out, '"');
}

void csv_row_end(struct buf *out)
{
	buf_adds(out, "\r\n");
}
