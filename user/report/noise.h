/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on what came from outside a run: quiet, or disturbed and by what. */
#ifndef TARE_REPORT_NOISE_H
#define TARE_REPORT_NOISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/result.h"

/* As many as there are causes. */
#define NOISE_REASON_LIMIT 6

/* A share, words, and five names of 47 characters, four times as long where they are escaped. */
struct noise_reason {
	char text[1280];
};

struct noise_verdict {
	bool is_known;					 /* false: nothing was weighed */
	size_t reason_count;				 /* 0: quiet */
	struct noise_reason reasons[NOISE_REASON_LIMIT]; /* the gravest first */
};

void noise_judge(const struct result *result, struct noise_verdict *verdict);

/* "quiet", "disturbed"; NULL where it is not known. */
const char *noise_word(const struct noise_verdict *verdict);

#endif
