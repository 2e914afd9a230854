/* SPDX-License-Identifier: Apache-2.0
 * Module streams of dnf: which one is enabled, and of which stream a package gets its updates.
 * dnf.modularity(7): of a module only builds of the enabled stream are offered, whatever stream the
 * installed package was built for; of a module without one those of its default stream, if the
 * repositories name one; of a disabled module none. */
#ifndef AGENT_NET_STREAMS_H
#define AGENT_NET_STREAMS_H
#include "base/arena.h"
#include "base/err.h"

struct streams;
/** The enabled streams of the system below `sysroot`. */
bool streams_read(const char *sysroot, struct streams **out, struct err *e) MUST_CHECK;
void streams_free(struct streams *s);
AUTO_DEFINE(struct streams, streams_free)
/** Every (module, stream) that is enabled, and (module, "") that is disabled. */
bool streams_each(const struct streams *s,
		  bool (*fn)(void *arg, struct str module, struct str stream, struct err *e),
		  void *arg, struct err *e) MUST_CHECK;
/** Of a package's label ("name:stream:version:context") the stream that it follows,
 * "name:stream": the enabled one. Without one its own, and *kept_out says why dnf may offer nothing
 * newer: "no-stream" (unless it is the default one), "kept-back" (the module is disabled); else
 * NULL. "" for a package of no module. */
struct str streams_followed(const struct streams *s, struct str label, struct arena *a,
			    const char **kept_out);
#endif
