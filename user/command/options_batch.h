/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a batch: each reads one value into the configuration, or has one line in *why. */
#ifndef TARE_OPTIONS_BATCH_H
#define TARE_OPTIONS_BATCH_H

#include "base/config.h"
#include "base/failure.h"

int options_apply_from(struct run_config *config, const char *value, struct failure *why);
int options_apply_jobs(struct run_config *config, const char *value, struct failure *why);

/* What is asked for can be shared by all commands of the batch. Nothing to check without one. */
int options_check_batch(const struct run_config *config, struct failure *why);

/* What the line of one command may not say. */
int options_check_batch_line(const struct run_config *config, struct failure *why);

#endif
