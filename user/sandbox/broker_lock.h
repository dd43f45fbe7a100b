/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One at a time makes or removes directories of users. On a file that only root can open: any lock
 * on a cgroup's directory could be held by whoever may read it.
 */
#ifndef TARE_BROKER_LOCK_H
#define TARE_BROKER_LOCK_H

#include "base/failure.h"

enum broker_lock_way {
	LOCK_WAITS,
	LOCK_TRIES, /* -EBUSY when another one has it */
};

int broker_lock(int *fd, enum broker_lock_way way, struct failure *why);

#endif
