/* SPDX-License-Identifier: Apache-2.0 */
/* What the command's own process does between its birth and its exec. */
#ifndef TARE_CHILD_H
#define TARE_CHILD_H

#include <stdbool.h>
#include "base/failure.h"
#include "cgroup.h"
#include "cores.h"
#include "seccomp.h"

struct child_task {
	bool is_contained;
	bool has_terminal; /* the foreground will be lent to it */
	bool is_unseen;	   /* the collector does not see its system calls */
	int userns_fd;	   /* contained only; -1: it is born in its user namespace, as it is */
	uid_t uid;	   /* inside */
	gid_t gid;
	int go_fd;		     /* one byte comes when the exec may happen */
	const struct cgroup *cgroup; /* version 1 directories to join */
	const struct cores *cores;
	bool holds_cores; /* because no cgroup does */
	const struct rlimit_rule *rlimits;
	size_t rlimit_count;
	const struct seccomp_filter *filter;	    /* contained only; NULL none */
	const struct seccomp_filter *profile;	    /* the user's, beside the filter; NULL none */
	const struct seccomp_filter *set_id_filter; /* NULL: nothing is written on the host */
	const char *directory;			    /* where the command starts */

	/* Of one that comes later, into what is there (guest.h); go_fd is written, too. */
	bool is_guest;
	int command_pidfd; /* its cgroup namespace is entered */
	int terminal_fd;   /* becomes its controlling terminal; -1: none does */
};

/*
 * A `run` function for process_start: takes a struct child_task, does all steps in order, waits
 * for the word to go, and returns 0 for the exec to follow. Allocates nothing.
 */
int child_prepare(void *task, struct failure *why);

/*
 * A `run_last` function for process_start: loads the profile of a struct child_task. After it
 * nothing but the exec is sure to be possible.
 */
int child_load_profile(void *task, struct failure *why);

/*
 * The same for a guest, which has not waited yet: it says by a byte that only the exec is left, and
 * waits for the word to go.
 */
int child_wait_as_guest(void *task, struct failure *why);

#endif
