/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free physical cores, taken under a lock, so that no two runs have one in common, and cores that
 * were named, noted there, so that nobody takes them for free.
 *
 * A core is taken by a lock on one byte for each of its threads, in a file that all runs know and
 * only root can open: /sys/bus/cpu/uevent, which takes commands that are never written here. The
 * kernel drops the lock with the last descriptor, so that however a run ends its cores are free
 * again, and nothing is left that would have to be removed. Each network namespace has its own
 * /sys: runs in different ones do not see each other's locks.
 *
 * Of a core that was named, which may be another's too, a run locks one byte of its own among those
 * that are set aside for each processor.
 */
#ifndef TARE_CORES_AUTO_H
#define TARE_CORES_AUTO_H

#include "base/failure.h"
#include "base/number_set.h"

/*
 * Takes `count` physical cores of those that have a processor in `allowed`, all in one socket if
 * it has as many. *taken becomes the first allowed processor of each; its other threads stay
 * idle, as far as other runs are concerned. Returns the descriptor that holds them, the caller's.
 */
int cores_take_free(int tree_fd, const char *lock_path, const struct number_set *allowed,
	unsigned int count, struct number_set *taken, struct failure *why);

/*
 * Has cores_take_free avoid these processors for as long as the descriptor is open that is
 * returned, the caller's. It does not ask whether they are taken: who names them wants them.
 */
int cores_note_named(
	const char *lock_path, const struct number_set *processors, struct failure *why);

#endif
