/* SPDX-License-Identifier: Apache-2.0 */
/* The result as BenchExec's runexec prints it: a line "key=value" for everything that is known. */
#ifndef TARE_REPORT_RUNEXEC_H
#define TARE_REPORT_RUNEXEC_H

#include "base/failure.h"
#include "base/result.h"

/*
 * Renders the lines, in runexec's order, with its units and its number formats; the caller frees
 * *text. The start is told in this process's time zone. Of a run that was not, or that cannot be
 * trusted, there is one line: it failed.
 */
int runexec_render(const struct result *result, char **text, struct failure *why);

#endif
