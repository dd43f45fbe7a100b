/* SPDX-License-Identifier: Apache-2.0 */
/* Where the wall time went: of the main thread exactly, of all tasks in sums. */
#ifndef TARE_ACCOUNT_WALL_H
#define TARE_ACCOUNT_WALL_H

#include "base/result.h"
#include "bpf/abi.h"

/* `sum` is over all processors; result->time.wall is filled already. */
void account_fill_wall(
	const struct run_account *run, const struct cpu_account *sum, struct result *result);

#endif
