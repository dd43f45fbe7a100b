/* SPDX-License-Identifier: Apache-2.0 */
/* What runexec's options, and its defaults, make of a run. */
#ifndef TARE_RUNEXEC_CONFIG_H
#define TARE_RUNEXEC_CONFIG_H

#include "base/config.h"
#include "runexec_home.h"
#include "runexec_options.h"

/* Of the command inside, unless the host's users are kept: other names for the caller. */
enum { RUNEXEC_UID = 1000, RUNEXEC_GID = 1000 };
#define RUNEXEC_HOSTNAME "benchexec"
#define RUNEXEC_HOME "/home/benchexec"

/*
 * Fills *config from options that were checked; it borrows all strings. `header` is what the
 * output file begins with, `home` where the command is at home without a container.
 */
int runexec_configure(const struct runexec_options *options, const char *header,
	const struct runexec_home *home, struct run_config *config, struct failure *why);

/* RUNEXEC_HOME neither is there nor can it be made, by the modes of the directories above it. */
bool runexec_misses_home(const struct run_config *config);

#endif
