/* SPDX-License-Identifier: Apache-2.0 */
/* `tare collector`: the shared collector that later runs need not load. */
#ifndef TARE_COLLECTOR_COMMAND_H
#define TARE_COLLECTOR_COMMAND_H

/* argv[0] is the verb. Returns the exit status. */
int collector_command(int argc, char **argv);

#endif
