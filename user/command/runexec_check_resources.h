/* SPDX-License-Identifier: Apache-2.0 */
/* Which resources runexec refuses before anything is started, in BenchExec's words. */
#ifndef TARE_RUNEXEC_CHECK_RESOURCES_H
#define TARE_RUNEXEC_CHECK_RESOURCES_H

#include "base/failure.h"
#include "runexec_options.h"

/* Controllers that were required, or of which a value is to be set, but which no kernel has. */
int runexec_check_subsystems(const struct runexec_options *options, struct failure *why);

/* Cores and memory nodes that this process may not use. */
int runexec_check_lists(const struct runexec_options *options, struct failure *why);

#endif
