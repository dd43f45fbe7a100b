/* SPDX-License-Identifier: Apache-2.0 */
/* How a verb tells that it failed. */
#ifndef TARE_PRINT_FAILURE_H
#define TARE_PRINT_FAILURE_H

#include "base/failure.h"

/* "tare: ..." on standard error, and its hint. Returns the verb's exit status, 125. */
int print_failure(const struct failure *why);

#endif
