/* SPDX-License-Identifier: Apache-2.0 */
/* The child's half of process.c: what it needs from its parent, and its way from clone to exec. */
#ifndef TARE_PROCESS_CHILD_H
#define TARE_PROCESS_CHILD_H

#include "process.h"

/* Made before the clone, since the child must not allocate. */
struct process_child {
	const struct process_spec *spec;
	int status_fd;		/* writing end; -1 without a path */
	int parent_pidfd;	/* -1 without die_with_parent */
	struct process_fd *fds; /* still to be mapped */
	size_t fd_count;
};

/*
 * Checks the spec and fills *child, which process_child_done then frees also after a failure.
 * *status_fd becomes the reading end of the status pipe when the spec has a path: the child
 * writes one struct failure to it, or ends it by its exec or death.
 */
int process_child_prepare(struct process_child *child, const struct process_spec *spec,
	int *status_fd, struct failure *why);

/* For the parent, after the clone. */
void process_child_done(struct process_child *child);

/* For the child, after the clone. */
_Noreturn void process_child_main(struct process_child *child);

#endif
