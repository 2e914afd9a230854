/* SPDX-License-Identifier: Apache-2.0
 * The text of openapi.yaml, embedded by the assembler. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H
#include "base/str.h"

struct str openapi_text(void);
#endif
