/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroups of one run: a cgroup2 directory that carries its identity for BPF, and controllers,
 * in the same directory or in hierarchies of version 1. Memory and pids are had wherever they can
 * be, io where it is to be had beside them; others where someone asks for them.
 *
 * They are made below the caller's own cgroups wherever the kernel allows it, so that limits set
 * around tare keep holding for the command. Root owns all their files; the command none.
 */
#ifndef TARE_CGROUP_H
#define TARE_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "base/result.h"
#include "mountinfo.h"

enum cgroup_layout {
	CGROUP_PURE,   /* cgroup2 alone */
	CGROUP_HYBRID, /* controllers in version 1, a cgroup2 hierarchy beside them */
};

enum cgroup_role {
	CGROUP_UNIFIED, /* the cgroup2 directory */
	CGROUP_MEMORY,	/* controllers, which may have a directory of version 1 */
	CGROUP_PIDS,
	CGROUP_CPUSET,
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_IO,
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_HUGETLB,
	CGROUP_NET_CLS,
	CGROUP_NET_PRIO,
	CGROUP_PERF_EVENT,
	CGROUP_RDMA,
	CGROUP_MISC,
	CGROUP_LAUNCHER, /* where tare moved itself to make room, only when it was alone */
	CGROUP_ROLES,
	CGROUP_FIRST_CONTROLLER = CGROUP_MEMORY,
};

/* A set of controllers, one bit for each role. */
#define CGROUP_BIT(role) (1U << (role))
#define CGROUP_USUAL (CGROUP_BIT(CGROUP_MEMORY) | CGROUP_BIT(CGROUP_PIDS))
/* Had where it costs no more than a directory: what no run does otherwise for want of it. */
#define CGROUP_WISHED CGROUP_BIT(CGROUP_IO)

/* Where a controller of the run is. */
enum cgroup_home {
	CGROUP_NOT_HAD,
	CGROUP_IN_UNIFIED,
	CGROUP_IN_VERSION_1, /* in the directory of its role */
};

/* One directory of the run; path is empty when the role is not filled. */
struct cgroup_directory {
	char path[PATH_MAX];
	int fd;	      /* -1 until created */
	int tasks_fd; /* version 1: writable `tasks`, for a process to join by writing "0" */
	bool is_made;
};

struct cgroup {
	enum cgroup_layout layout;
	struct cgroup_directory directories[CGROUP_ROLES];
	enum cgroup_home homes[CGROUP_ROLES]; /* of controllers, for the run alone */
	unsigned int wished;		      /* of these, those that nobody asked for */
	unsigned int closed; /* had by nobody but root: their hierarchies of version 1 */
	bool left_own;	     /* tare makes room by moving into CGROUP_LAUNCHER */
};

/* Makes it hold nothing, so that cgroup_remove is fine whatever happens. */
void cgroup_clear(struct cgroup *cgroup);

/* Of the names of a run's directories; what follows is the run's id, of so many hex digits. */
#define CGROUP_RUN_PREFIX "tare-"
#define CGROUP_RUN_ID_LENGTH 32

/*
 * Finds where the run's directories will be, with the usual controllers and those in `wanted` as
 * far as they can be had, and names them by the run's id (NULL: by a name that no other run has).
 * Makes nothing yet, so that someone can be told the paths who removes them if this process is
 * killed.
 */
int cgroup_find(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	unsigned int wanted, struct failure *why);

/* Of a cgroup that was found: fails, with a command that helps, unless it has all of these. */
int cgroup_require(const struct cgroup *cgroup, unsigned int required, struct failure *why);

/* In cgroup2 it lacks some of these that another place would have. */
bool cgroup_could_have(const struct cgroup *cgroup, unsigned int wanted);

bool cgroup_has(const struct cgroup *cgroup, enum cgroup_role controller);

/* This user may make its directories where they were found. */
bool cgroup_can_create(const struct cgroup *cgroup);

/* The directory with the files of this controller, once they are made; -1: not had. Borrowed. */
int cgroup_controller_fd(const struct cgroup *cgroup, enum cgroup_role controller);

/*
 * Makes them, and holds a lock on the cgroup2 directory for as long as this process lives: by it
 * others find the run's launcher (living.h). On failure what was made is removed again.
 */
int cgroup_create(struct cgroup *cgroup, struct failure *why);

/* After cgroup_find. */
void cgroup_explain(const struct cgroup *cgroup, struct explanation *explanation);

/* "cgroup2" or "hybrid". */
const char *cgroup_layout_name(const struct cgroup *cgroup);

/* For the command's own process, before it drops its privileges: joins the version 1 directories.
 */
int cgroup_join(const struct cgroup *cgroup, struct failure *why);

/*
 * Waits until no process is left in the run, at most timeout_ms; -ETIME when one still is. The
 * kernel tells of it by an event, so nothing is asked twice.
 */
int cgroup_wait_empty(const struct cgroup *cgroup, int timeout_ms, struct failure *why);

/*
 * The processes of the run, at most `room` of them into `pids`; *count is how many there are.
 */
int cgroup_processes(
	const struct cgroup *cgroup, pid_t *pids, size_t room, size_t *count, struct failure *why);

/* A signal to every process that is in the run now. */
int cgroup_signal(const struct cgroup *cgroup, int signal_number, struct failure *why);

/* SIGKILL to every process of the run, at once. */
int cgroup_kill(const struct cgroup *cgroup, struct failure *why);

/* The kernel's own CPU time of the run, in microseconds' resolution; launcher's share included. */
int cgroup_cpu_ns(const struct cgroup *cgroup, uint64_t *cpu_ns, struct failure *why);

/* Processes of the run that the kernel killed for want of memory. */
int cgroup_oom_kills(const struct cgroup *cgroup, uint64_t *kills, struct failure *why);

/*
 * How often the run's own limit had memory refused to it. Only of cgroup2: failcnt of version 1
 * also counts what reclaim then found, and nothing at all on some kernels (6.18).
 */
int cgroup_memory_limit_hits(const struct cgroup *cgroup, uint64_t *hits, struct failure *why);

/*
 * The high-water mark of the memory charged to the run, in bytes: what a limit looks at. Of all
 * processes and the page cache, from before the exec on.
 */
struct number cgroup_memory_peak(const struct cgroup *cgroup);

/*
 * What the run used so far, from the birth of its first process on: bytes from and to block
 * devices, and how long some task could not go on for want of something, to the microsecond.
 */
enum cgroup_usage {
	CGROUP_READ_BYTES,
	CGROUP_WRITTEN_BYTES,
	CGROUP_STALLED_CPU_NS,
	CGROUP_STALLED_IO_NS,
	CGROUP_STALLED_MEMORY_NS,
	CGROUP_THROTTLED_NS, /* kept from processors by the run's own limit of bandwidth */
	CGROUP_USAGES,
};
struct number cgroup_usage(const struct cgroup *cgroup, enum cgroup_usage which);

/* Removes the directories and closes the descriptors. Waits up to a second for the last task. */
int cgroup_remove(struct cgroup *cgroup, struct failure *why);

/*
 * Once the run's own directory is gone: takes the controllers back that its cgroup gave, and moves
 * the processes in the launcher's directory to the cgroup where tare was started.
 */
void cgroup_move_back(const struct cgroup *cgroup);

/* rmdir of one run's directory that may still be busy; gives up after `timeout_ms`. */
int cgroup_remove_path(const char *path, int timeout_ms);

#endif
