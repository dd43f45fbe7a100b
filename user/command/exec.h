/* SPDX-License-Identifier: Apache-2.0 */
/* `tare exec`: a command that is let into a living run. */
#ifndef TARE_EXEC_H
#define TARE_EXEC_H

/* argv[0] is the verb. Returns the exit status. */
int exec_command(int argc, char **argv);

#endif
