/* SPDX-License-Identifier: Apache-2.0
 * The table of roles and permissions (S-15). Nothing else decides what a role may do.
 */
#include "auth/auth.h"

#define MAY(p) (1u << (p))
#define EVERYBODY (MAY(PERM_PUBLIC) | MAY(PERM_SELF) | MAY(PERM_VIEW))

static const struct {
	const char *name;
	unsigned may;
} roles[ROLES_] = {
	[ROLE_ADMINISTRATOR] = { "administrator", EVERYBODY | MAY(PERM_DEPLOY) | MAY(PERM_SCAN) |
							  MAY(PERM_SYNC) | MAY(PERM_AGENTS) |
							  MAY(PERM_SETTINGS) | MAY(PERM_USERS) |
							  MAY(PERM_AUDIT) },
	[ROLE_TECHNICIAN] = { "technician", EVERYBODY | MAY(PERM_DEPLOY) | MAY(PERM_SCAN) |
						    MAY(PERM_SYNC) | MAY(PERM_AGENTS) },
	[ROLE_AUDITOR] = { "auditor", EVERYBODY | MAY(PERM_AUDIT) },
	[ROLE_GUEST] = { "guest", EVERYBODY },
};

static const char *const permissions[PERMISSIONS_] = {
	[PERM_UNDECLARED] = "undeclared",
	[PERM_PUBLIC] = "public",
	[PERM_SELF] = "self",
	[PERM_VIEW] = "view",
	[PERM_DEPLOY] = "deploy",
	[PERM_SCAN] = "scan",
	[PERM_SYNC] = "sync",
	[PERM_AGENTS] = "agents",
	[PERM_SETTINGS] = "settings",
	[PERM_USERS] = "users",
	[PERM_AUDIT] = "audit",
};

const char *role_name(enum role r)
{
	ASSERT((unsigned)r < ROLES_);
	return roles[r].name;
}

bool role_parse(struct str name, enum role *out)
{
	for (int i = 0; i < ROLES_; i++) {
		if (str_is(name, roles[i].name)) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

const char *permission_name(enum permission p)
{
	ASSERT((unsigned)p < PERMISSIONS_);
	return permissions[p];
}

bool role_may(enum role r, enum permission p)
{
	return (unsigned)r < ROLES_ && p > PERM_UNDECLARED && p < PERMISSIONS_ &&
	       (roles[r].may & MAY(p));
}
