/* SPDX-License-Identifier: Apache-2.0 */
/* What the probes cost a run: an estimate from what was counted and what a call was seen to cost.
 */
#ifndef TARE_OVERHEAD_H
#define TARE_OVERHEAD_H

#include "base/result.h"

/*
 * Of a filled result, when its probes were seen to add so many picoseconds to a system call; 0: it
 * was not seen, and then nothing is known.
 */
struct number overhead_estimate(const struct result *result, uint64_t call_cost_ps);

#endif
