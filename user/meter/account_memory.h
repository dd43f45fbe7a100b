/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector knows of a run's memory: its peaks, and what there was at the highest. */
#ifndef TARE_ACCOUNT_MEMORY_H
#define TARE_ACCOUNT_MEMORY_H

#include "base/result.h"
#include "collector.h"

void account_fill_memory(const struct account *account, struct result *result);

#endif
