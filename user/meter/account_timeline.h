/* SPDX-License-Identifier: Apache-2.0 */
/* From the collector's time line to the result's: the points that there are, in bytes. */
#ifndef TARE_ACCOUNT_TIMELINE_H
#define TARE_ACCOUNT_TIMELINE_H

#include "base/result.h"
#include "collector.h"

/* Leaves *timeline empty where none was asked for; result_done frees it. */
int account_fill_timeline(
	const struct account *account, struct timeline_result *timeline, struct failure *why);

#endif
