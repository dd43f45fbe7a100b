/* SPDX-License-Identifier: Apache-2.0 */
/* What came from outside a run: who had its processors, and what was taken from its tasks. */
#ifndef TARE_ACCOUNT_NOISE_H
#define TARE_ACCOUNT_NOISE_H

#include "base/result.h"
#include "collector.h"

/* `sum` is the sum of the account's processors; time.wall is filled already. */
void account_fill_noise(
	const struct account *account, const struct cpu_account *sum, struct result *result);

#endif
