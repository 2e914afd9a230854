/* SPDX-License-Identifier: Apache-2.0
 * Giving pages back. Invariant: only segments are let go of that the loader mapped without write
 * permission and never relocated; relocated constants (RELRO) lie in writable segments, so they are
 * never among them. The loader's list is walked under the loader's own lock: no object comes or
 * goes meanwhile, so no address can have become somebody else's memory. */
#include "base/pages.h"
#include "base/base.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* Text relocations (none in what we build; a foreign library may have them) make code private. */
static bool relocated_text(const struct dl_phdr_info *o)
{
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		if (o->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		const ElfW(Dyn) *d = (const void *)(o->dlpi_addr + o->dlpi_phdr[i].p_vaddr);
		for (; d->d_tag != DT_NULL; d++) {
			if (d->d_tag == DT_TEXTREL ||
			    (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL)))
				return true;
		}
	}
	return false;
}

/* Whether a writable segment of the object has a page in [from, to). */
static bool written(const struct dl_phdr_info *o, uintptr_t page, uintptr_t from, uintptr_t to)
{
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &o->dlpi_phdr[i];
		uintptr_t start = (o->dlpi_addr + h->p_vaddr) & ~(page - 1);
		if (h->p_type == PT_LOAD && (h->p_flags & PF_W) && start < to &&
		    o->dlpi_addr + h->p_vaddr + h->p_memsz > from)
			return true;
	}
	return false;
}

static int let_go(struct dl_phdr_info *o, size_t size, void *arg)
{
	const uintptr_t page = *(const uintptr_t *)arg;
	if (strncmp(o->dlpi_name, "linux-", 6) == 0 || relocated_text(o)) /* the kernel's vdso */
		return 0;
	for (size_t i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &o->dlpi_phdr[i];
		if (h->p_type != PT_LOAD || (h->p_flags & PF_W))
			continue;
		uintptr_t from = (o->dlpi_addr + h->p_vaddr) & ~(page - 1);
		uintptr_t to = o->dlpi_addr + h->p_vaddr + h->p_filesz;
		to = (to + page - 1) & ~(page - 1);
		/* Refused where the pages are locked into memory: then somebody wants them there.
		 */
		if (!written(o, page, from, to))
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void pages_give_back(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	malloc_trim(0);
	(void)dl_iterate_phdr(let_go, &page);
}
