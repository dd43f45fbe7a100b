/* SPDX-License-Identifier: Apache-2.0 */
/* `tare check`: what this machine offers, what is missing, and the command that repairs it. */
#ifndef TARE_CHECK_H
#define TARE_CHECK_H

/*
 * argv[0] is the verb. Prints to stdout, which is what this command is for. Returns the exit
 * status: 0 when `tare run` can work here, 1 when not, 2 on wrong usage.
 */
int check_command(int argc, char **argv);

#endif
