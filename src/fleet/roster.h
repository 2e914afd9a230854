/* SPDX-License-Identifier: Apache-2.0
 * What lists ask of hosts, as arrays by host number: texts that repeat as small numbers, times, and
 * the order of host names and addresses; and one search over all of their texts. A list of a
 * million hosts is then one pass over compact memory and follows no pointer.
 *
 * Derived from the host records and kept by the fleet at each change (under its write lock); read
 * under the fleet's read lock. Holds nothing that is not in a host's record. */
#ifndef FLEET_ROSTER_H
#define FLEET_ROSTER_H
#include "base/haystack.h"
#include "fleet/address.h"
#include "fleet/fleet.h"

struct roster;
/** The fleet's own (borrowed; read lock held). */
const struct roster *fleet_roster(const struct fleet *f);

/** Texts that many hosts share. */
enum roster_word {
	ROSTER_RELEASE, /**< os id, version and name together: roster_release() takes it apart */
	ROSTER_OFFICE,
	ROSTER_ARCH,
	ROSTER_AGENT, /**< the agent's version */
	ROSTER_WORDS_
};
/** Arrays with an element for each host number. */
struct roster_columns {
	uint32_t n;
	const uint32_t *word[ROSTER_WORDS_]; /**< numbers of words */
	const uint8_t *state, *scan;	     /**< enum host_state, enum scan_status */
	const uint8_t *online, *reboot;	     /**< 0 or 1 */
	const int64_t *last_scan_ms;	     /**< 0 = never */
	const int64_t *last_contact_ms;	     /**< changes while it is read */
	const uint64_t *id_head; /**< the first 8 bytes of the id, in the order of the ids */
};
void roster_columns(const struct roster *r, struct roster_columns *out);
/** How many words of a kind there are: numbers are below that; some may be nobody's any more. */
uint32_t roster_words(const struct roster *r, enum roster_word which);
struct str roster_word(const struct roster *r, enum roster_word which, uint32_t no);
struct roster_release {
	struct str os_id, os_version, os_name;
};
struct roster_release roster_release(const struct roster *r, uint32_t no);

/** Texts that are mostly different: their place in ascending order, without regard to ASCII case,
 * of their first ROSTER_TEXT_CLIP bytes. */
enum roster_order { ROSTER_BY_HOSTNAME, ROSTER_BY_ADDRESS, ROSTER_ORDERS_ };
#define ROSTER_TEXT_CLIP 120
/** By host number; equal texts have the same place. What changed since the last call is sorted in
 * now. */
const uint32_t *roster_places(const struct roster *r, enum roster_order which);
/** The place a text has (true), or the first one behind it (false). */
bool roster_place_of(const struct roster *r, enum roster_order which, struct str text,
		     uint32_t *place_out);

/** Sets hit[no] to 1 for every host that has `text` in its host name, address, logged-in user or
 * the name of its os, or an id that begins with it. `hit` has room for all host numbers. */
void roster_find(const struct roster *r, struct str text, uint8_t *hit);
/** The same without the name of the os. */
void roster_find_named(const struct roster *r, struct str text, uint8_t *hit);
/** Hosts whose address is in the range, in any state; the caller frees it. */
roaring_bitmap_t *roster_in_range(const struct roster *r, const struct address_range *range);
/** The text of a host's name, as it is kept here. */
struct str roster_hostname(const struct roster *r, uint32_t host);
/** Bytes of memory, for figures. */
size_t roster_size(const struct roster *r);

/* --- for the fleet --- */
struct roster *roster_new(void);
void roster_free(struct roster *r);
AUTO_DEFINE(struct roster, roster_free)
/** The host's record is new or has changed. Write lock held. */
void roster_put(struct roster *r, const struct host *h);
/** A new host whose words are known by their numbers. */
void roster_add(struct roster *r, const struct host *h, const uint32_t word[static ROSTER_WORDS_]);
/** The numbers of the words in an office and what hosts share of their attributes, given now when
 * they are new; for roster_add() at once, since numbers that nobody has are given anew. */
void roster_number(struct roster *r, const char *office, const struct host_attrs *a,
		   uint32_t out[static ROSTER_WORDS_]);
/** Its last contact only. Read lock held; no two at a time for one host. */
void roster_contact(struct roster *r, uint32_t no, int64_t ms);
#endif
