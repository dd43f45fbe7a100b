/* SPDX-License-Identifier: Apache-2.0 */
/* `runexec`: tare's run behind the options and the output of BenchExec's command of that name. */
#ifndef TARE_COMMAND_RUNEXEC_H
#define TARE_COMMAND_RUNEXEC_H

/*
 * The verb, and the program when it is called by that name. Returns the exit status: 0 when there
 * is a result, however the command ended, 1 when there is none, 2 when it was called wrongly.
 */
int runexec_command(int argc, char **argv);

#endif
