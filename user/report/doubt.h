/* SPDX-License-Identifier: Apache-2.0 */
/* What a measurement lost, and what is uncertain about it, in words that need no manual. */
#ifndef TARE_DOUBT_H
#define TARE_DOUBT_H

#include "base/result.h"

/* As many as struct loss has counters and marks. */
#define DOUBT_LIMIT 8

struct doubt {
	char text[160]; /* a count with its commas and a sentence that fits 80 columns */
};

/* Writes one sentence for everything in *loss that is not zero; returns how many. */
size_t doubt_list(const struct loss *loss, struct doubt doubts[DOUBT_LIMIT]);

#endif
