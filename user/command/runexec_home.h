/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a command without a container is at home: fresh directories for HOME and TMPDIR, below one
 * that is removed after the run.
 */
#ifndef TARE_RUNEXEC_HOME_H
#define TARE_RUNEXEC_HOME_H

#include "base/failure.h"

/* HOME, and every name under which programs look for a place for temporary files. */
#define RUNEXEC_HOME_VARIABLES 5

struct runexec_home {
	char *path;				 /* owned; NULL: there is none */
	char *variables[RUNEXEC_HOME_VARIABLES]; /* owned; "HOME=/tmp/BenchExec_run_x/home" */
};

/* Makes them in TMPDIR, or in /tmp. On failure nothing is left. */
int runexec_home_make(struct runexec_home *home, struct failure *why);

/* Removes all that is there, when nobody is left who could write, and frees. */
int runexec_home_remove(struct runexec_home *home, struct failure *why);

/* Frees what *home owns, and leaves the directories; also for a zeroed one. */
void runexec_home_done(struct runexec_home *home);

#endif
