/* SPDX-License-Identifier: Apache-2.0 */
/* The system call filters as they were built with the program. */
#ifndef TARE_SECCOMP_READY_H
#define TARE_SECCOMP_READY_H

#include "seccomp.h"

/* The one that seccomp_filter_build builds for the same groups, instruction by instruction. */
int seccomp_ready_take(struct seccomp_filter *filter, unsigned int allowed, struct failure *why);

#endif
