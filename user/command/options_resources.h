/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that say what of the machine a run gets: each reads one value into the configuration,
 * or has one line in *why.
 */
#ifndef TARE_OPTIONS_RESOURCES_H
#define TARE_OPTIONS_RESOURCES_H

#include "base/config.h"
#include "base/failure.h"

int options_apply_cores(struct run_config *config, const char *value, struct failure *why);
int options_apply_memory_nodes(struct run_config *config, const char *value, struct failure *why);
int options_apply_rlimit(struct run_config *config, const char *value, struct failure *why);
int options_apply_cgroup_value(struct run_config *config, const char *value, struct failure *why);
int options_apply_cgroup_subsystem(
	struct run_config *config, const char *value, struct failure *why);

/* No two of them contradict each other or a limit. */
int options_check_resources(const struct run_config *config, struct failure *why);

#endif
