/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the parts of an RPM repository (createrepo's repodata): repomd.xml, primary.xml,
 * updateinfo.xml, modules.yaml. Each reader takes bytes, hands out views and knows nothing of where
 * they come from. Sources: createrepo_c's and libsolv's readers, yum-metadata-diff, modulemd v2. */
#ifndef FEEDS_RPM_INT_H
#define FEEDS_RPM_INT_H
#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/patch.h"
#include "format/unpack.h"

/** Bytes a repomd.xml, its signature, and a data file (compressed, plain) may have. */
#define RPM_MAX_REPOMD (4u << 20)
#define RPM_MAX_SIGNATURE (64u << 10)
#define RPM_MAX_DATA (512u << 20)
#define RPM_MAX_DATA_PLAIN (4096ull << 20)

/** A build: rpm's name-[epoch:]version-release.arch. Views. */
struct rpm_nevra {
	struct str name, epoch, version, release, arch; /**< epoch is never empty: "0" */
};
/** "name-version-release.arch[.rpm]", with or without an epoch behind the first '-' of the version
 * ("a-1:2-3.x86_64") or in front ("1:a-2-3.x86_64"). False when it is not of that form. */
bool rpm_nevra_parse(struct str s, struct rpm_nevra *out) MUST_CHECK;
/** "[epoch:]version-release", the epoch left out when it is 0, into `out`. */
struct str rpm_evr(const struct rpm_nevra *n, char out[static 320]);
/** "src", "nosrc": nothing that is installed. */
bool rpm_is_source(struct str arch);
/** Whether the parts have only characters and lengths that rpm allows (no '/', no blanks). */
bool rpm_nevra_ok(const struct rpm_nevra *n);

/** A checksum as it is written: the kind in lower case ("sha256"; "sha" is SHA-1), hexadecimal
 * digits. Whether kind and length are of use is for those who use it to see. */
struct rpm_checksum {
	struct str kind, hex;
};
bool rpm_checksum_read(struct str kind, struct str hex, struct arena *a, struct rpm_checksum *out,
		       struct err *e) MUST_CHECK;

/* --- repomd --------------------------------------------------------------------------------------
 */
struct rpm_data {
	struct str type; /**< "primary", "updateinfo", "modules", ... */
	struct str href; /**< relative, no ".." */
	struct rpm_checksum checksum;
	struct rpm_checksum open_checksum; /**< of the decompressed file; kind "" = not said */
	int64_t size, open_size;	   /**< -1 = not said */
	int64_t timestamp;		   /**< seconds, 0 = not said */
};
struct rpm_repomd {
	struct arena arena;
	struct str revision;
	int64_t released_ms; /**< newest of revision (when it is a time) and timestamps; 0 = none */
	struct rpm_data *data;
	size_t n_data;
};
/** ERR_CORRUPT: not a repomd.xml, an href that leads out of the repository, a checksum that is no
 * number. */
bool rpm_repomd_parse(struct str text, struct rpm_repomd *out, struct err *e) MUST_CHECK;
void rpm_repomd_done(struct rpm_repomd *r);
AUTO_DEFINE_VALUE(struct rpm_repomd, rpm_repomd_done)
/** The data of a type in the best form the repository has (never zchunk, never SQLite), or NULL. */
const struct rpm_data *rpm_repomd_find(const struct rpm_repomd *r, const char *type);

/* --- primary -------------------------------------------------------------------------------------
 */
struct rpm_package {
	struct rpm_nevra nevra;
	struct str href;   /**< relative, no ".." */
	struct str base;   /**< xml:base of the location, or "" */
	struct str source; /**< "xz-5.2.5-8.el9_0.src.rpm", or "" */
	struct str vendor;
	struct rpm_checksum checksum;
	/** What the store calls the file; false = the checksum is neither SHA-256 nor SHA-512. */
	bool has_name;
	struct sha256 name;
	int64_t size, built_s;
};
/** Views valid during the call. Source packages (arch src, nosrc) are handed out too. */
typedef bool (*rpm_package_fn)(void *arg, const struct rpm_package *p, struct err *e);
/** A whole primary.xml: decompressed and parsed on two threads; `what` names it in errors. One bad
 * package spoils it. */
bool rpm_primary_read(struct unpack *u, const char *what, rpm_package_fn fn, void *arg,
		      struct err *e) MUST_CHECK;

/* --- updateinfo ----------------------------------------------------------------------------------
 */
struct rpm_update_package {
	struct rpm_nevra nevra;
	struct str src, filename, sum_kind, sum;
	struct str module; /**< "name:stream" of its collection, or "" */
	bool reboot, restart, relogin;
};
struct rpm_reference {
	struct str href, id, type, title; /**< "" = absent */
};
/** Strings are as written but for `p` == NULL: absent. */
struct rpm_update {
	struct str id, title, type, status, version, from;
	struct str severity, issued, updated, release, summary, description, rights;
	int64_t issued_ms, updated_ms; /**< 0 = absent or no date we can read */
	const struct rpm_reference *references;
	size_t n_references;
	const struct str *modules; /**< "name:stream", once each */
	size_t n_modules;
	const struct rpm_update_package *packages;
	size_t n_packages;
	bool reboot; /**< suggested for the update or for one of its packages */
};
/** Views valid during the call. */
typedef bool (*rpm_update_fn)(void *arg, const struct rpm_update *u, struct err *e);
/** A whole updateinfo.xml, streamed as rpm_primary_read. An id that could not be a name (blanks,
 * slashes, control characters, nothing) is ERR_CORRUPT, and so is a package without name or
 * version. */
bool rpm_updateinfo_read(struct unpack *u, const char *what, rpm_update_fn fn, void *arg,
			 struct err *e) MUST_CHECK;
/** "2024-05-01 10:20:30", "2024-05-01", RFC 3339, or seconds since 1970. False on anything else. */
bool rpm_date(struct str s, int64_t *ms_out) MUST_CHECK;

/* --- modules -------------------------------------------------------------------------------------
 */
struct rpm_module {
	bool defaults; /**< "modulemd-defaults": only name and stream, the default one ("" = none)
			*/
	struct str name, stream, version, context, arch;
	const struct str *artifacts; /**< "name-epoch:version-release.arch" */
	size_t n_artifacts;
	const struct str
		*profiles; /**< of a stream: its profiles; of defaults: stream's default ones */
	size_t n_profiles;
};
typedef bool (*rpm_module_fn)(void *arg, const struct rpm_module *m, struct err *e);
/** A stream of modulemd documents; documents of other kinds (obsoletes, translations, packager) are
 * passed over. ERR_CORRUPT: no YAML, or a module without name or stream. */
bool rpm_modules_read(struct unpack *u, const char *what, rpm_module_fn fn, void *arg,
		      struct err *e) MUST_CHECK;
#endif
