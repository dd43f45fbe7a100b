/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time split into user and system time. */
#ifndef TARE_ACCOUNT_SPLIT_H
#define TARE_ACCOUNT_SPLIT_H

#include "base/result.h"
#include "bpf/abi.h"

/* `sum` is over all processors; result->syscalls is filled already. */
void account_fill_split(const struct cpu_account *sum, struct result *result);

#endif
