/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory on disk that takes what a run writes, when memory shall not: found, made, removed.
 *
 * It lies in TMPDIR or /tmp, and is closed to the command twice: root.c covers it wherever the
 * container would show it, and its owner is an id that no view of the container maps, so that not
 * even the command of another run that sees all of /tmp can enter, move or remove it.
 */
#ifndef TARE_SCRATCH_H
#define TARE_SCRATCH_H

#include <stdbool.h>
#include "base/failure.h"

struct scratch {
	char *path; /* owned; as the host knows it. NULL: there is none, writes go to memory */
	const char *name; /* the last part of path */
	int parent_fd;
	int fd; /* -1 until made */
	/*
	 * A mount of it that is in no tree yet, for the container; -1 until made. The container's
	 * own mount namespace cannot make one of a directory of the host's.
	 */
	int mount_fd;
};

/* Makes it none, so that scratch_remove is fine whatever happens. */
void scratch_clear(struct scratch *scratch);

/*
 * Looks where it can be, and chooses a name that no other run has. Makes nothing yet, so that
 * someone can be told of it who removes it if this process is killed. `directory` is the value of
 * TMPDIR; NULL or empty is /tmp.
 */
int scratch_find(struct scratch *scratch, const char *directory, struct failure *why);

/*
 * Makes it; for an ordinary user without a mount, which PID 1 alone can make then, in a mount
 * namespace that has the same directory, and closed to all but the user. When its file system
 * cannot keep what an overlay writes (overlay, NFS, vfat, most of FUSE), nothing is left of it and
 * the failure says what can be done.
 */
int scratch_make(struct scratch *scratch, bool is_users, struct failure *why);

/* Removes it with all that is in it, if it is there, and frees what *scratch owns. */
int scratch_remove(struct scratch *scratch, struct failure *why);

#endif
