// SPDX-License-Identifier: Apache-2.0
// The system call filters as they were built with the program: a run only copies one.
#include "seccomp_ready.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* All instructions one after the other, and where each filter begins: scripts/make-filters.c. */
#include "seccomp-filters.h"

_Static_assert(sizeof(ready_begins) / sizeof(*ready_begins) == SECCOMP_FILTERS + 1,
	"there is a filter for each choice of groups");

int seccomp_ready_take(struct seccomp_filter *filter, unsigned int allowed, struct failure *why)
{
	const struct sock_filter *first = ready_instructions + ready_begins[allowed];
	unsigned short count = ready_begins[allowed + 1] - ready_begins[allowed];

	*filter = (struct seccomp_filter){ .instructions = malloc(count * sizeof(*first)),
		.count = count };
	if (!filter->instructions)
		return failure_set(why, ENOMEM, "prepare the system call filter");
	memcpy(filter->instructions, first, count * sizeof(*first));
	return 0;
}
