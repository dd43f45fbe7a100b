/* SPDX-License-Identifier: Apache-2.0 */
/* A clock event on every processor that runs a BPF program. */
#ifndef TARE_TICK_H
#define TARE_TICK_H

#include <stddef.h>
#include <stdint.h>
#include "base/failure.h"

/* Zeroed, it is stopped. */
struct tick {
	int *events; /* owned */
	size_t count;
};

/* Starts it on every processor that is there, of `processors` that there may be. */
int tick_start(struct tick *tick, int program_fd, uint64_t period_ns, size_t processors,
	struct failure *why);

void tick_stop(struct tick *tick);

#endif
