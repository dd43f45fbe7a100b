/* SPDX-License-Identifier: Apache-2.0 */
/* A clock event on every processor that runs a BPF program 4,000 times a second. */
#ifndef TARE_TICK_H
#define TARE_TICK_H

#include <stddef.h>
#include "base/failure.h"

/* Zeroed, it is stopped. */
struct tick {
	int *events; /* owned */
	size_t count;
};

/* Starts it on every processor that is there, of `processors` that there may be. */
int tick_start(struct tick *tick, int program_fd, size_t processors, struct failure *why);

void tick_stop(struct tick *tick);

#endif
