// SPDX-License-Identifier: Apache-2.0
// A signal to every process of a run, and to no other.
//
// A number in a list may come to mean a process of somebody else at any moment; a descriptor does
// not. So all are opened first, and the list is read once more: a number that is still there can
// only have been opened as a process of the run, or as one that is gone by now. What is born
// meanwhile is not met, as the parent that bore it is.
#include "cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

struct members {
	pid_t *pids; /* owned */
	size_t count;
};

/* Twice as many as there were a moment ago fit in. */
static int list(const struct cgroup *cgroup, struct members *members, struct failure *why)
{
	size_t count = 0, room = 0;
	int error = 0;

	members->pids = NULL;
	do {
		free(members->pids);
		room = 2 * count + 64;
		members->pids = calloc(room, sizeof(*members->pids));
		if (!members->pids)
			return failure_set(why, ENOMEM, "list the processes of the run");
		error = cgroup_processes(cgroup, members->pids, room, &count, why);
	} while (!error && count > room);
	members->count = error ? 0 : count;
	return error;
}

static bool has(const struct members *members, pid_t pid)
{
	for (size_t i = 0; i < members->count; i++) {
		if (members->pids[i] == pid)
			return true;
	}
	return false;
}

static void open_all(const struct members *members, int *pidfds)
{
	for (size_t i = 0; i < members->count; i++)
		pidfds[i] = syscall(SYS_pidfd_open, members->pids[i], 0);
}

static int send(const struct cgroup *cgroup, const struct members *members, int *pidfds,
	int signal_number, struct failure *why)
{
	struct members later = { 0 };
	int error;

	open_all(members, pidfds);
	error = list(cgroup, &later, why);
	for (size_t i = 0; i < members->count; i++) {
		if (pidfds[i] >= 0 && !error && has(&later, members->pids[i]))
			(void)syscall(SYS_pidfd_send_signal, pidfds[i], signal_number, NULL, 0);
		close_fd(&pidfds[i]);
	}
	free(later.pids);
	return error;
}

int cgroup_signal(const struct cgroup *cgroup, int signal_number, struct failure *why)
{
	cleanup_free int *pidfds = NULL;
	struct members members = { 0 };
	int error = list(cgroup, &members, why);

	if (!error) {
		pidfds = calloc(members.count + 1, sizeof(*pidfds));
		error = pidfds ? send(cgroup, &members, pidfds, signal_number, why)
			       : failure_set(why, ENOMEM, "signal the processes of the run");
	}
	free(members.pids);
	return error;
}
