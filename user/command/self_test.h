/* SPDX-License-Identifier: Apache-2.0 */
/* `tare run --self-test`: how far off tare is on this machine. */
#ifndef TARE_SELF_TEST_H
#define TARE_SELF_TEST_H

#include <stdbool.h>
#include "base/failure.h"

/*
 * Weighs programs of which it is known what they do, and prints a table of truths and reported
 * numbers on standard output. *is_sound: every number was there and as near as is allowed. Fails
 * only when it could not be finished.
 */
int self_test(bool *is_sound, struct failure *why);

#endif
