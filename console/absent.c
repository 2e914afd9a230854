/* SPDX-License-Identifier: Apache-2.0
 * The console's table when it was not built (-Dconsole=disabled): one page that says so. It must
 * stay free of scripts and styles, as the content security policy demands. */
#include "api/assets.h"

#define PAGE                                                                                                       \
	"<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Tsukuroi</title></head>\n"      \
	"<body>\n<h1>Tsukuroi</h1>\n"                                                                              \
	"<p>This server was built without the web console. Use the command line or the API under "                 \
	"<code>/api/v1</code>, or install a build that has the console.</p>\n"                                     \
	"<p lang=\"ja\">\xe3\x81\x93\xe3\x81\xae\xe3\x82\xb5\xe3\x83\xbc\xe3\x83\x90\xe3\x83\xbc\xe3\x81\xaf Web " \
	"\xe3\x82\xb3\xe3\x83\xb3\xe3\x82\xbd\xe3\x83\xbc\xe3\x83\xab\xe3\x81\xaa\xe3\x81\x97\xe3\x81\xa7"         \
	"\xe3\x83\x93\xe3\x83\xab\xe3\x83\x89\xe3\x81\x95\xe3\x82\x8c\xe3\x81\xa6\xe3\x81\x84\xe3\x81\xbe"         \
	"\xe3\x81\x99\xe3\x80\x82</p>\n</body>\n</html>\n"

const struct asset console_assets[] = {
	{ "/index.html",
	  "text/html; charset=utf-8",
	  "console-absent-1",
	  false,
	  { PAGE, sizeof(PAGE) - 1 },
	  { NULL, 0 },
	  { NULL, 0 } },
};
const size_t console_assets_n = 1;
