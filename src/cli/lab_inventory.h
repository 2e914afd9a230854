/* SPDX-License-Identifier: Apache-2.0
 * The laboratory's hosts: what people have at hand about a machine, as canonical inventory text. */
#ifndef CLI_LAB_INVENTORY_H
#define CLI_LAB_INVENTORY_H
#include "base/buf.h"

/** A release: "debian:12", "debian12", "debian 12", "debian:bookworm", "bookworm". */
struct lab_os {
	char id[64], version[64], codename[64]; /**< version or codename may be "" */
};
bool lab_os_parse(const char *words, struct lab_os *out, struct err *e) MUST_CHECK;

/** Reads `path` (plain or compressed; told apart by content): a dpkg status file, canonical
 * inventory text, or a package list with tabs ("#name version release arch ...", its sources beside
 * it in <stem>.src.tsv). Gives canonical text with the os of `os`; a native architecture that the
 * file does not say is that of its package dpkg, rpm or apk-tools, else amd64 or x86_64. A list
 * with releases is of RPM packages; one without is of apk packages when the os is Alpine, else of
 * dpkg's. */
bool lab_inventory_read(const char *path, const struct lab_os *os, struct buf *out, struct err *e)
	MUST_CHECK;
#endif
