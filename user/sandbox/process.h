/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes held by a pidfd, so that no signal and no wait can ever meet a stranger.
 *
 * A child is made by clone3 without CLONE_VM and without a termination signal. The kernel gives it
 * SIGCHLD when it executes a program (execve(2)), hence
 *  - whether an exec happened is read from the child itself, exactly, even after it died;
 *  - before the exec the child is seen only by a wait with __WALL (which nobody else here must use
 *    for it), sends no SIGCHLD and is kept for us even where SIGCHLD is ignored.
 *
 * Threads: process_signal, process_wait and process_close of different handles may run at the same
 * time, and process_signal beside process_wait of the same one. When other threads exist, a `run`
 * function may use async-signal-safe functions only, and die_with_parent means the starting thread.
 */
#ifndef TARE_PROCESS_H
#define TARE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "base/failure.h"

struct process;

/* A descriptor open at the start, and the number under which the executed program finds it. */
struct process_fd {
	int source;
	int target;
};

struct process_spec {
	uint64_t clone_flags; /* CLONE_NEW* only */
	int cgroup_fd;	      /* cgroup2 directory to be born in; -1 none */

	/*
	 * Runs in the child, with default signal dispositions and an empty mask.
	 * Without a path: returns the exit code; *why is scratch.
	 * With a path: prepares; 0 goes on to the exec, anything else is a failure told by *why.
	 * It must not close descriptors it does not own, but by process_keep_descriptors;
	 * close-on-exec is set for it.
	 */
	int (*run)(void *argument, struct failure *why); /* may be NULL with a path */
	void *argument;

	/*
	 * With a path: the last thing before the exec, when descriptors are in place; may be NULL.
	 * For what would forbid the child the rest of its way.
	 */
	int (*run_last)(void *argument, struct failure *why);

	const char *path;	      /* executed as it stands, without PATH; NULL: no exec */
	char *const *argv;	      /* NULL-terminated, not empty */
	char *const *envp;	      /* NULL: the environment of the caller */
	const struct process_fd *fds; /* targets are distinct; swaps and any number are fine */
	size_t fd_count;	      /* all else but 0, 1 and 2 is closed by the exec */

	bool die_with_parent; /* SIGKILL when the starting thread ends, however early or late */
};

struct process_death {
	bool is_signaled;
	int code; /* the exit code, or the signal when is_signaled */
	bool core_dumped;
	bool has_rusage; /* false when the kernel or another waiter reaped the child */
	struct rusage rusage;
	uint64_t cgroup_id; /* inode of the cgroup2 directory; 0 not told (Linux before 6.13) */
};

/*
 * Starts the child and returns as soon as it exists. On failure *out is not touched.
 * -EINVAL: a wrong spec. -EBADF: a source of `fds` is not open, or cgroup_fd is not a cgroup2
 * directory; -ENODEV or -ENOENT: that cgroup is gone. -ENOMEM: also when the pid namespace for
 * children is dead.
 */
int process_start(const struct process_spec *spec, struct process **out, struct failure *why);

/*
 * Blocks until the exec is decided; one thread at a time. 0: it happened (or the child died inside
 * it, past the kernel's point of no return). Otherwise the child's own failure, as often as asked:
 * of `run`, of a descriptor ("map descriptor ..."), or of the exec ("execute ...").
 * -EOWNERDEAD, which no exec gives: the child died before it and said nothing; process_wait knows
 * how. -EINVAL: this handle has no exec.
 */
int process_exec_fate(struct process *process, struct failure *why);

/* Start and fate in one: on failure *out is NULL and the child is reaped. The spec has a path. */
int process_spawn(const struct process_spec *spec, struct process **out, struct failure *why);

/* -ESRCH once it is dead, reaped or not. */
int process_signal(struct process *process, int signal, struct failure *why);

/*
 * Waits for the death, at most timeout_ms (-1: for ever, 0: only looks). The record is taken once
 * and is the same for every caller; `death` may be NULL. Reaps other own children that die
 * meanwhile, keeping their records.
 * -ETIME: it lives, and can be waited for again.
 * -ENODATA: it is dead, and how was lost: it is not our child, or someone else reaped it (SIGCHLD
 * ignored, a wait for any child), and the kernel does not tell afterwards (Linux before 6.15).
 */
int process_wait(
	struct process *process, int timeout_ms, struct process_death *death, struct failure *why);

/*
 * A handle for a process that is not ours: signals and waits only. The caller answers for `pid`
 * still being the one it means.
 */
int process_open(pid_t pid, struct process **out, struct failure *why);

/* For poll: readable when dead. Owned by the handle. */
int process_pidfd(const struct process *process);

/* As seen by the caller of process_start; a mere number once the death is known. */
pid_t process_pid(const struct process *process);

/* process_close will not kill. die_with_parent stays, and a later death leaves a zombie to us. */
void process_detach(struct process *process);

/*
 * Frees the handle; NULL is fine. An own child not yet reaped is killed by SIGKILL and reaped. A
 * child that may not be signalled any more (it took another identity) is left as if detached.
 */
void process_close(struct process *process);

/*
 * For a `run` function of a spec with die_with_parent, after it changed its ids or capabilities:
 * that made the kernel forget the wish. An exec needs no such call. Does not return when the parent
 * is dead. The parent's pidfd stays open in the child until its exec.
 */
int process_follow_parent(struct failure *why);

/*
 * For a `run` function: closes all descriptors but 0, 1, 2, the `count` ones
 * of `keep`, the sources of the spec's fds, and those of this module. What the kernel opens by name
 * for the exec can then lead nowhere else through /proc/self/fd.
 */
int process_keep_descriptors(const int *keep, size_t count, struct failure *why);

/*
 * Where execvp would find `name`, for an exact path. A name with '/' is taken as it stands; an
 * empty element of path_variable is the current directory; NULL is "/bin:/usr/bin".
 * -ENOENT: nowhere. -EACCES: only things that cannot be executed, such as a directory.
 * -ENAMETOOLONG: `size` is too small for it.
 */
int process_find_program(const char *name, const char *path_variable, char *buffer, size_t size,
	struct failure *why);

#endif
