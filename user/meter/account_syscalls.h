/* SPDX-License-Identifier: Apache-2.0 */
/* System calls by name: how many there were, and how long they took. */
#ifndef TARE_ACCOUNT_SYSCALLS_H
#define TARE_ACCOUNT_SYSCALLS_H

#include "base/result.h"
#include "collector.h"

/* Why nothing is known about them in such a run. */
extern const char account_no_syscalls[];

/* Allocates what result_done frees. */
int account_fill_syscalls(
	const struct account *account, struct result *result, struct failure *why);

#endif
