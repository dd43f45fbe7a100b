/* SPDX-License-Identifier: Apache-2.0 */
/* One command, contained and weighed. */
#ifndef TARE_WEIGH_H
#define TARE_WEIGH_H

#include "base/config.h"
#include "base/failure.h"
#include "base/result.h"

/*
 * Runs the command. Returns 0 when *result tells what happened, be it the command's own failure;
 * otherwise result->outcome is OUTCOME_ERROR with the same *why. The caller calls result_done.
 */
int run_weigh(const struct run_config *config, struct result *result, struct failure *why);

#endif
