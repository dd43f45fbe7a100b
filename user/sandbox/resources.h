/* SPDX-License-Identifier: Apache-2.0 */
/* What of the machine a run was asked to get: which controllers that takes. */
#ifndef TARE_RESOURCES_H
#define TARE_RESOURCES_H

#include "base/config.h"
#include "cgroup.h"

/* Controllers that the run cannot do without. */
unsigned int resources_required(const struct run_config *config);

#endif
