/* SPDX-License-Identifier: Apache-2.0
 * What dpkg, apt and rpm print of packages that are there and that come. The first byte says which
 * of them it is; the parts are separated by 0x1e: what is offered, what is there, what comes
 * (configuration files of a .deb, packages of rpm), a list of files. Property: what is told of it
 * is what a server takes. */
#include "agent/backends/config.h"
#include "proto/plan.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str part(struct str *rest)
{
	struct str out = *rest;
	const char *end = rest->n ? memchr(rest->p, 0x1e, rest->n) : NULL;
	if (end) {
		out.n = (size_t)(end - rest->p);
		*rest = (struct str) { end + 1, rest->n - out.n - 1 };
	} else {
		*rest = STR_LIT("");
	}
	return out;
}

static void told(struct details *d, uint8_t disk)
{
	struct err e = { 0 };
	size_t n;
	struct config_case *cases = config_cases(d, &n);
	for (size_t i = 0; i < n; i++) {
		ASSERT(cases[i].step < d->t->n && (cases[i].old || cases[i].anew));
		cases[i].there = disk & 1;
		cases[i].odd = (disk & 3) == 3;
		cases[i].as_old = cases[i].old && disk & 4;
		cases[i].as_anew = cases[i].anew && disk & 8;
		disk = (uint8_t)(disk * 5 + 1);
	}
	json_t *details = details_json(d, NULL, NULL, -1);
	json_object_set_new(details, "config_files", config_json(d, cases, n));
	if (!plan_details_check(details, &e)) {
		fprintf(stderr, "what is told is refused: %s\n", e.msg);
		abort();
	}
	json_decref(details);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct backend_step steps[] = {
		{ STR_LIT("conf"), STR_LIT("amd64"), STR_LIT("1-1"), STR_LIT("2-1"), "upgrade" },
		{ STR_LIT("gone"), STR_LIT("amd64"), STR_LIT("1-1"), STR_LIT(""), "remove" },
		{ STR_LIT("more"), STR_LIT("noarch"), STR_LIT(""), STR_LIT("1:2-1"), "install" },
	};
	static const struct backend_transaction plan = { steps, ARRAY_LEN(steps) };
	static const int64_t bytes[] = { 1000, 2000 };
	AUTO(details_done) struct details d = { 0 };
	struct err e = { 0 };
	if (size < 2)
		return 0;
	bool rpm = data[0] == 'r';
	struct str rest = { (const char *)data + 2, size - 2 };
	details_begin(&d, rpm ? PKGDB_RPM : PKGDB_DEB, &plan);
	struct str offered = part(&rest), there = part(&rest), comes = part(&rest);
	(void)!details_available(&d, offered, &e);
	details_installed(&d, there);
	if (rpm)
		details_coming(&d, comes, bytes, ARRAY_LEN(bytes));
	else
		details_conffiles(&d, 0, comes);
	details_list(&d, 0, part(&rest));
	told(&d, data[1]);
	return 0;
}
