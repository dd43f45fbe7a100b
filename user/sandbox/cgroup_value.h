/* SPDX-License-Identifier: Apache-2.0 */
/* Values that a user wants in files of the run's cgroups: "CONTROLLER.OPTION=VALUE". */
#ifndef TARE_CGROUP_VALUE_H
#define TARE_CGROUP_VALUE_H

#include "base/config.h"
#include "base/failure.h"
#include "cgroup.h"

/* One line about what is wrong with it, or about whose the file is: some are only tare's. */
int cgroup_value_check(const char *text, struct failure *why);

/* No file is set twice, neither by two of them nor by an option of tare's. */
int cgroup_value_check_all(const struct run_config *config, struct failure *why);

/* The bit of its controller. Of a checked text. */
unsigned int cgroup_value_controller(const char *text);

/* Writes all of them, before the first process is in. */
int cgroup_value_set_all(
	const struct cgroup *cgroup, const struct run_config *config, struct failure *why);

#endif
