/* SPDX-License-Identifier: Apache-2.0
 * The patch record and the immutable catalog snapshot made of it. Everything here is read-only
 * after catalog_build(); strings live in the snapshot and are NUL-terminated views. */
#ifndef CATALOG_PATCH_H
#define CATALOG_PATCH_H
#include "base/str.h"
#include "crypto/digest.h"
#include "pkgver/pkgver.h"

/** What kind of change a patch is (S-05). */
enum patch_type {
	PATCH_TYPE_UNRATED,
	PATCH_TYPE_SECURITY,
	PATCH_TYPE_CRITICAL,
	PATCH_TYPE_ROLLUP, /**< Debian: offered by the release itself (point release) */
	PATCH_TYPE_SERVICE_PACK,
	PATCH_TYPE_FEATURE,
	PATCH_TYPE_DEFINITION,
	PATCH_TYPE_BUGFIX, /**< Debian: the -updates and -backports suites */
	PATCH_TYPE_ENHANCEMENT,
	PATCH_TYPE_THIRD_PARTY,
	PATCH_TYPE_DRIVER,
	PATCH_TYPE_BIOS,
	PATCH_TYPES_
};
/** Normalised severity (S-05; API codes 0..4). Never invented: no data = UNRATED. */
enum severity {
	SEVERITY_UNRATED,
	SEVERITY_LOW,
	SEVERITY_MODERATE,
	SEVERITY_IMPORTANT,
	SEVERITY_CRITICAL,
	SEVERITIES_
};
enum reboot_need { REBOOT_NEVER, REBOOT_MAY, REBOOT_ALWAYS, REBOOT_LOGOUT };
/** How a component is recognised on a host, and by which order its versions compare. */
enum component_kind {
	COMPONENT_DEB,	   /**< binary package: inventory "deb" lines, dpkg order */
	COMPONENT_DEB_SRC, /**< source package: the source fields of "deb" lines, dpkg order */
	COMPONENT_RPM,	   /**< binary package: inventory "rpm" lines, rpm order; `version` is
			      "[epoch:]version-release" */
	COMPONENT_APK,	   /**< binary package: inventory "apk" lines, apk order */
	COMPONENT_APK_SRC, /**< its origin (what secdb speaks of): "apk" lines, apk order */
	COMPONENT_KINDS_
};

const char *patch_type_name(enum patch_type t); /**< lower_snake, as in the API */
const char *severity_name(enum severity s);	/**< "critical" ... "unrated" */
const char *reboot_need_name(enum reboot_need r);
/** "deb", "deb-src", "rpm", "apk", "apk-src". */
const char *component_kind_name(enum component_kind k);
bool component_kind_parse(struct str word, enum component_kind *out) MUST_CHECK;
/** By which order the versions of a kind compare. */
enum pkgver_scheme component_scheme(enum component_kind k);
/** True for kinds that name what a package is built from, not the package. */
bool component_is_source(enum component_kind k);
bool severity_parse(struct str word, enum severity *out) MUST_CHECK;
bool patch_type_parse(struct str word, enum patch_type *out) MUST_CHECK;

#define CATALOG_NONE UINT32_MAX

struct component {
	enum component_kind kind;
	/** deb: arch "all" matches every architecture. rpm: "noarch". "" = any. */
	struct str name, arch, version;
	/** rpm: the module stream it was built for, "name:stream", or "". Components of different
	 * streams never replace each other. A modular build (release contains ".module") whose
	 * stream is not known has "" and answers only to packages whose stream is not known; "*"
	 * answers to packages of every known stream, and is replaced by what other records let
	 * conclude when a snapshot is built (streams.h). */
	struct str module;
	/** rpm: the repository calls that stream its module's default: dnf offers it where neither
	 * this nor another stream of the module was enabled, unless the module was disabled. */
	bool by_default;
	/** rpm: of a repository with module_hotfixes=1: dnf offers it whatever the streams are. */
	bool hotfix;
	/** rpm: index into catalog->lanes; CATALOG_NONE = no stream has a say in its offer. */
	uint32_t lane;
	/** When not empty: offered only to hosts whose installed version is higher than this
	 * (suites with NotAutomatic + ButAutomaticUpgrades, such as backports: apt_preferences(5)).
	 */
	struct str above;
	struct str file; /**< path below the archive's root; empty when there is no payload */
	/** What the store calls the payload: its SHA-256, or, of a vendor who gives SHA-512 alone,
	 * store_name_of_sha512(). */
	struct sha256 sha256;
	int64_t size;
	uint32_t archive; /**< index into catalog->archives; CATALOG_NONE without payload */
	uint32_t patch;	  /**< owner */
	/** Index of the component (same kind, release, name, arch, module) that offers a higher
	 * version. A host that lacks a superseded component is not missing this patch, unless the
	 * component only states what is fixed (rule_component_current()). CATALOG_NONE = current.
	 */
	uint32_t superseded_by;
};

/** An offer of a source package ("updates"), or a vendor's advisory that is the patch: then
 * `bulletin` names it and its components, of any number of packages and architectures, say what it
 * fixes. */
struct patch {
	/** "<vendor>:<release>:<source>:<version>", or of an advisory
	 * "<vendor>:<release>:<bulletin>" (and ":<version>" where the vendor's key has a version).
	 */
	struct str id;
	struct str vendor;  /**< "Debian" */
	struct str os;	    /**< the host's os fact it applies to: "debian:12"; "" = any */
	struct str product; /**< source package; of an advisory the first one or its main one */
	struct str version; /**< of the source; of an advisory the advisory's own, or "" */
	struct str title;
	/** The vendor's own advisory id, "ALSA-2024:1234", or "" for an offer. catalog_build()
	 * makes an advisory of it and of the four fields below, so `advisories` is never 0 then. */
	struct str bulletin;
	struct str url, cves; /**< of the bulletin; CVEs space separated. "" for an offer */
	/** The vendor's service that a host must be subscribed to: "esm-infra"; "" = everybody's. A
	 * host without a "subscription" fact that names it needs a subscription, it is not missing
	 * the patch. */
	struct str availability;
	/** Of 100 systems, so many do not get it yet: the vendor lets an update out in phases
	 * (Ubuntu's Phased-Update-Percentage). 0 = everybody gets it, 100 = stopped. What a host's
	 * own manager makes of it, its "kept" facts say. */
	uint8_t withheld;
	struct str suites; /**< space separated: which suites offer it */
	enum patch_type type;
	enum severity severity;
	struct str severity_raw; /**< vendor's own word, or "" */
	bool severity_derived; /**< not said by the vendor for this advisory but derived (say so on
				  screen) */
	enum reboot_need reboot;
	int64_t released_ms;		      /**< 0 = the vendor does not say */
	uint32_t first_component, components; /**< run in catalog->components */
	uint32_t first_advisory,
		advisories;	/**< run in catalog->advisory_refs (indices into advisories) */
	uint32_t superseded_by; /**< patch index when every component is superseded, else
				   CATALOG_NONE */
	uint32_t feed;		/**< index into catalog->feeds: first feed that offers it */
	int64_t size;		/**< sum of current components' payloads */
};

/** A vendor's notice: type, severity, CVEs, date. Joined to the patch whose `bulletin` it names on
 * the same os, else to those that fix it. */
struct advisory {
	struct str id;		       /**< "DSA-5764-1" */
	struct str title;	       /**< as published */
	struct str os, product, fixed; /**< release, source package, first fixed version */
	/** How `product` is recognised where the notice becomes a patch itself, or nothing is
	 * fixed: COMPONENT_DEB_SRC, COMPONENT_APK_SRC, COMPONENT_RPM (package or source name), ...
	 */
	enum component_kind kind;
	/** Why there is no fix, in the vendor's word ("affected", "no-dsa", "postponed", "ignored",
	 * "will-not-fix"); "" when `fixed` is given. fixed = "" with a status: open, no fix yet
	 * (catalog->unfixed). fixed = "" without one: only a severity of a CVE. */
	struct str status;
	struct str vendor; /**< "Debian" */
	struct str cves;   /**< space separated */
	struct str url;
	enum severity severity;
	struct str severity_raw;
	bool severity_derived; /**< from urgency or CVSS of a tracker, not from the notice itself */
	int64_t released_ms;
	uint32_t feed;
};

/** A signed part of a vendor's archive as it is handed on to agents, byte for byte. */
struct archive_file {
	struct str path; /**< below the archive's root: "dists/bookworm-security/InRelease" */
	struct sha256 sha256;
	int64_t size;
};
struct archive {
	struct str id;	/**< "debian-security": directory name of the partial mirror */
	struct str url; /**< root URL upstream */
	struct str suite, release_components,
		keyring; /**< "bookworm-security", "main", path on the endpoint */
	struct str os;	 /**< "debian:12" */
	uint32_t first_file, files;
	uint32_t feed;
	bool hotfix; /**< an rpm repository with module_hotfixes=1 */
};

/** A module stream that the feeds of a release know. */
struct module_stream {
	struct str os, module, stream; /**< "almalinux:8", "nodejs", "18" */
	bool by_default;
};

/** What decides whether dnf offers a component on a host that tells its modules: a build of a
 * stream is offered where that is active; any other where no active stream holds a package of its
 * name; one of a hotfix repository everywhere. */
struct lane {
	uint32_t stream; /**< index into catalog->streams, CATALOG_NONE = of none */
	bool hotfix;
	uint32_t first_holder, holders; /**< run in catalog->holders: streams with the name */
	uint64_t hash;			/**< equal: decides the same, whatever the snapshot */
};

struct feed_info {
	struct str id;	 /**< "debian/bookworm-security" */
	struct str kind; /**< "debian", "debian-tracker", "debian-dsa" */
	struct str url;
	int64_t generation;
	int64_t fetched_ms;  /**< when this generation became current */
	int64_t released_ms; /**< the vendor's own date of it */
	bool is_signed;
	struct str signer;    /**< "FINGERPRINT name" or "" */
	int64_t rows;	      /**< components or advisories */
	struct sha256 digest; /**< of its records */
};

/** How many patches of each class the feeds bring for a family of systems, and which classes are
 * out of scope (scope.h): those are counted here and nowhere else. */
struct scope_row {
	struct str family; /**< "debian"; "" = any */
	uint32_t patches[PATCH_TYPES_];
	bool off[PATCH_TYPES_];
};

struct catalog {
	struct patch *patches;
	uint32_t n_patches;
	struct component *components;
	uint32_t n_components;
	struct advisory *advisories;
	uint32_t n_advisories;
	uint32_t *advisory_refs;
	struct advisory *unfixed; /**< known, no fix yet; by (os, kind, product), then id */
	uint32_t n_unfixed;
	struct archive *archives;
	uint32_t n_archives;
	struct archive_file *archive_files;
	uint32_t n_archive_files;
	struct feed_info *feeds;
	uint32_t n_feeds;
	struct scope_row *scope;
	uint32_t n_scope;
	struct module_stream *streams;
	uint32_t n_streams;
	struct lane *lanes;
	uint32_t n_lanes;
	uint32_t *holders; /**< indices into streams */
	uint32_t n_holders;
	bool advisories_present; /**< false: no advisory feed given or reachable; severities are
				    Unrated */
	/* private: */
	struct catalog_impl *impl;
};

/** Index of a patch by id, or CATALOG_NONE. */
uint32_t catalog_find(const struct catalog *c, struct str patch_id);
/** Open notices without a fix about a product of a release (catalog->unfixed); count in *n_out. */
const struct advisory *catalog_unfixed(const struct catalog *c, struct str os,
				       enum component_kind kind, struct str product,
				       uint32_t *n_out);
/** Index of a component by payload digest, or CATALOG_NONE (what agents may fetch). */
uint32_t catalog_find_payload(const struct catalog *c, const struct sha256 *digest);
/** Indices of components with this kind and name, all architectures and versions; count in *n_out.
 *  For COMPONENT_DEB_SRC by source name. */
const uint32_t *catalog_by_name(const struct catalog *c, enum component_kind kind, struct str name,
				uint32_t *n_out);
/** Snapshots are shared by reader threads and swapped whole: the one reference count of this house.
 */
struct catalog *catalog_ref(struct catalog *c);
void catalog_unref(struct catalog *c);
AUTO_DEFINE(struct catalog, catalog_unref)
#endif
