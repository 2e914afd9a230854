/* SPDX-License-Identifier: Apache-2.0
 * Memory of a program that sleeps: what a burst of work needed is given back to the system. For
 * daemons that work for a second and then wait for an hour; a busy program has no use for it. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

/** Gives back the heap's free pages, and lets go of the code and constants of this program and its
 *  libraries: pages nobody ever writes, which the kernel has in its page cache anyway and maps
 *  again at the next use (a minor fault for each 64 kB). Any thread, at any time; other threads
 *  merely fault. Costs some tens of microseconds, plus those faults. */
void pages_give_back(void);
#endif
