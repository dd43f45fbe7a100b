/* SPDX-License-Identifier: Apache-2.0 */
/* How a run ended, in a few words: "exited 0", "killed by SIGSEGV (core dumped)". */
#ifndef TARE_VERDICT_H
#define TARE_VERDICT_H

#include "base/result.h"

/*
 * One line without control characters and without the hint of a failure. Allocated, the caller
 * frees it; NULL when there is no memory.
 */
char *verdict_describe(const struct outcome *outcome);

#endif
