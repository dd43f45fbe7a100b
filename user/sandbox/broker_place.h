/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker makes and removes in the cgroup hierarchies; for root. */
#ifndef TARE_BROKER_PLACE_H
#define TARE_BROKER_PLACE_H

#include <stddef.h>
#include <sys/types.h>
#include "base/failure.h"

/*
 * Moves a process into a new directory and makes that its user's. The pidfd is of the process that
 * is meant; *path is for the caller, of `size` bytes.
 * -ESRCH: it has ended. -EDQUOT: the user has BROKER_LAUNCHERS already.
 */
int broker_enter(uid_t uid, pid_t pid, int pidfd, char *path, size_t size, struct failure *why);

/* Who is still in: descriptors that poll(2) tells of by POLLPRI when one may have become empty. */
struct broker_living {
	int *events; /* owned */
	size_t count;
};

/*
 * Removes what no process is in any more, as far as it can. *living, which may be NULL, is filled
 * anew. -EBUSY: someone is just entering, and this was not done.
 */
int broker_sweep(struct broker_living *living, struct failure *why);
void broker_forget(struct broker_living *living);

/* The same, and then the directories at the top as well where nothing is left in them. */
int broker_remove_all(struct failure *why);

#endif
