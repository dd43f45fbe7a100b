/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that are let into a living run (tare exec): the launcher's side. */
#ifndef TARE_GUEST_H
#define TARE_GUEST_H

#include <stddef.h>
#include "child.h"
#include "process.h"

struct guest; /* one that was let in */

/* Those of a run. All zero is none. */
struct guests {
	struct guest *all; /* owned */
	size_t count;
};

struct guest_spec {
	const struct child_task
		*command; /* as the run's command was told; what a guest is told too */
	char *const *environment;
	int init_pidfd, command_pidfd;
	pid_t command_pid; /* as this process sees it */
	int socket;	   /* to the visitor; the caller's */
};

/* Starts a process that lets the visitor's command in and stays with it. */
int guests_admit(struct guests *guests, const struct guest_spec *spec, struct failure *why);

/* Ends them all; afterwards no process of theirs is left, and none comes. */
void guests_end(struct guests *guests);

#endif
