/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runexec refuses before anything is started, in BenchExec's words, which scripts may know.
 */
#ifndef TARE_RUNEXEC_CHECK_H
#define TARE_RUNEXEC_CHECK_H

#include "base/failure.h"
#include "runexec_options.h"

/* How a command line is misused: what follows the usage. */
int runexec_check_usage(const struct runexec_options *options, struct failure *why);

/*
 * What cannot be done as it was asked for. Makes the output file, and the directories that it and
 * the output directory are to be in.
 */
int runexec_check_run(const struct runexec_options *options, struct failure *why);

#endif
