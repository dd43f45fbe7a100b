/* SPDX-License-Identifier: Apache-2.0 */
/* Where users find the gate. */
#ifndef TARE_GATE_PLACE_H
#define TARE_GATE_PLACE_H

#include "base/failure.h"

/* Makes the place, and pins the program there for everyone to open and nobody to replace. */
int gate_place_make(int program_fd, struct failure *why);

/* Removes it; one that is not there is fine. */
int gate_place_remove(struct failure *why);

#endif
