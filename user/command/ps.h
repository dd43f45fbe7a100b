/* SPDX-License-Identifier: Apache-2.0 */
/* `tare ps`: the runs that live. */
#ifndef TARE_PS_H
#define TARE_PS_H

/* argv[0] is the verb. Returns the exit status. */
int ps_command(int argc, char **argv);

#endif
