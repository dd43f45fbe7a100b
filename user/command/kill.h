/* SPDX-License-Identifier: Apache-2.0 */
/* `tare kill`: ends living runs, or signals their commands. */
#ifndef TARE_KILL_H
#define TARE_KILL_H

/* argv[0] is the verb. Returns the exit status. */
int kill_command(int argc, char **argv);

#endif
