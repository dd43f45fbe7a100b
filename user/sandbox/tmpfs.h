/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a tmpfs that takes what a run writes: as large as the run's memory, and there. */
#ifndef TARE_TMPFS_H
#define TARE_TMPFS_H

#include <stdint.h>
#include "base/failure.h"
#include "mount.h"

/* What a tmpfs may hold. Its pages are the run's memory, and are counted as such. */
struct tmpfs_bounds {
	uint64_t size_bytes; /* 0: the kernel's default, half of the machine's memory */
	const char *nodes;   /* NUMA nodes as "0,2-3"; NULL: all; borrowed */
};

struct tmpfs_options {
	char size[32];
	char policy[512];
	struct mount_option options[5]; /* for mount_new; they point into this struct */
};

/* `mode` of its top directory as octal text, borrowed. -E2BIG: the list of nodes is too long. */
int tmpfs_options_fill(struct tmpfs_options *filled, const struct tmpfs_bounds *bounds,
	const char *mode, struct failure *why);

#endif
