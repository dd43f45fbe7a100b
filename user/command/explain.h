/* SPDX-License-Identifier: Apache-2.0 */
/* `tare run --explain`: tells what a run would isolate and what not, and makes nothing. */
#ifndef TARE_EXPLAIN_H
#define TARE_EXPLAIN_H

#include "base/config.h"
#include "base/failure.h"

/* Prints to standard output. Fails as the run would for what cannot be. */
int explain_run(const struct run_config *config, struct failure *why);

#endif
