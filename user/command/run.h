/* SPDX-License-Identifier: Apache-2.0 */
/* `tare run`: the verb. */
#ifndef TARE_RUN_H
#define TARE_RUN_H

/* Parses, weighs one command or a batch, tells. Returns the exit status. */
int run_command(int argc, char **argv);

#endif
