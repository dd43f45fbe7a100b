/* SPDX-License-Identifier: Apache-2.0 */
/* `tare run --from FILE --jobs N`: many commands, some at a time, and one line of result for each.
 */
#ifndef TARE_BATCH_H
#define TARE_BATCH_H

#include "base/config.h"
#include "base/failure.h"

/*
 * Runs them all. *status is 0 when every command exited with 0, 1 when one did not, 125 when tare
 * failed at one, 128+N when signal N ended the batch. A failure is one of the batch as a whole.
 */
int batch_run(const struct run_config *config, int *status, struct failure *why);

#endif
