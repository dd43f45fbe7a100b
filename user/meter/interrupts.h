/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that weigh interrupts: an object beside the collector's, loaded only on demand. */
#ifndef TARE_INTERRUPTS_H
#define TARE_INTERRUPTS_H

#include "base/failure.h"

struct interrupts;

/* Descriptors of the collector's maps, borrowed. */
struct interrupts_maps {
	int runs, cpus, tasks;
};

/* *out is owned by the caller. */
int interrupts_open(
	const struct interrupts_maps *maps, struct interrupts **out, struct failure *why);
int interrupts_attach(struct interrupts *interrupts, struct failure *why);

/* Detaches and frees; NULL is fine. */
void interrupts_close(struct interrupts *interrupts);

#endif
