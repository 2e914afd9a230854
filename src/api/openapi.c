/* SPDX-License-Identifier: Apache-2.0
 * openapi.yaml as bytes of this program. The generated openapi_file.h names the file and its
 * digest, so that a changed contract recompiles this file. */
#include "api/openapi.h"

#include "api/openapi_file.h"

__asm__(".section .rodata\n"
	".global openapi_begin\nopenapi_begin:\n"
	".incbin \"" OPENAPI_FILE "\"\n"
	".global openapi_end\nopenapi_end:\n"
	".byte 0\n"
	".text\n");
extern const char openapi_begin[], openapi_end[];

struct str openapi_text(void)
{
	return (struct str) { openapi_begin, (size_t)(openapi_end - openapi_begin) };
}
