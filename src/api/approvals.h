/* SPDX-License-Identifier: Apache-2.0
 * What other nouns say about the approval of patches. Called with a match view held. */
#ifndef API_APPROVALS_H
#define API_APPROVALS_H
#include "api/call.h"
#include "deploy/auto/approval.h"

enum approval_state { STATE_NOT_APPROVED, STATE_APPROVED, STATE_DECLINED_PATCH, APPROVAL_STATES_ };
const char *word_approval(unsigned i); /**< "not_approved", "approved", "declined" */
enum approval_state approval_state(struct call *c, const struct match_view *v, uint32_t patch);
void approvals_done(struct call *c);
/** Members `approval` and `approval_detail` of a Patch. */
void approval_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
#endif
