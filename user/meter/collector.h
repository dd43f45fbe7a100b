/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF half as one object: load it, give it a run, wait for the run's end, read its accounts.
 *
 * Order of a run: collector_join or collector_open, collector_register, collector_seed with the
 * process that will become the command, its exec, collector_wait_drained, collector_read. Closing a
 * private collector frees everything in the kernel; closing a shared one gives its slot back.
 */
#ifndef TARE_COLLECTOR_H
#define TARE_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/failure.h"
#include "base/refusal.h"
#include "bpf/abi.h"

struct collector;

/* The calls of one number that were timed, summed over processors. */
struct timed_syscall {
	uint32_t abi, number;
	struct syscall_times times;
};

/* Everything the collector knows of a run, summed or by processor; a plain copy of the maps. */
struct account {
	struct run_account run;
	struct cpu_account *cpus;	 /* owned, one per possible processor */
	struct memory_account *memories; /* owned, one per possible processor */
	size_t processors;
	struct syscall_account syscalls[ABI_COUNT]; /* summed over processors */
	struct timeline_point *timeline; /* owned, TIMELINE_POINTS; NULL: there is no time line */
	uint64_t recursion_misses;	 /* events that a program missed, all programs */
	const char *no_io_uring;	 /* why its requests were not counted; NULL: they were */
	bool has_syscalls;		 /* they were counted */
	struct timed_syscall *timed;	 /* owned; NULL: they were not timed */
	size_t timed_count;
	bool weighs_interrupts;
	bool knows_places;	/* of processors: migrations between them are counted */
	const char *no_packets; /* why they, and sockets, were not counted; NULL: they were */
};

/* What the collector ends a run for by itself; 0 is no limit. */
struct collector_limits {
	uint64_t cpu_ns;
	uint64_t soft_cpu_ns; /* only tells */
	uint64_t rss_bytes;
	uint64_t tasks;
};

struct collector_spec {
	struct collector_limits limits;
	uint64_t timeline_interval_ns; /* between the points of a time line; 0: there is none */
	bool no_syscalls;	       /* attach no hook to them: nothing is known about them */
	bool times_syscalls;	       /* and not only count them */
	bool lets_io_uring;	       /* the run can make rings: see collector_watch_io_uring() */
	bool weighs_interrupts;	       /* which costs a dozen hooks */
	const struct place *places;    /* of PLACES processors; NULL: not known; for the load */
};

enum collector_limit {
	COLLECTOR_NO_LIMIT,
	COLLECTOR_CPU_LIMIT,
	COLLECTOR_MEMORY_LIMIT,
	COLLECTOR_TASK_LIMIT,
};

/* Loads the programs. Needs CAP_BPF and CAP_PERFMON, or root. *out is owned by the caller. */
int collector_open(const struct collector_spec *spec, struct collector **out, struct failure *why);

/*
 * Uses the shared collector for a run in this cgroup. *out is NULL where none runs; an error says
 * why one that is there cannot be used, and then a private one can. To whom is not root it is an
 * error that none runs, for then there is nothing to be had without rights; and the cgroup must be
 * the caller's own, without a process before collector_register.
 */
int collector_join(const struct collector_spec *spec, int cgroup_fd, struct collector **out,
	struct failure *why);

/* "private" or "shared". */
const char *collector_mode(const struct collector *collector);

/*
 * Attaches, and makes the cgroup2 directory of this descriptor the run that is weighed. Tasks moved
 * into it from now on, and all their descendants, belong to the run.
 */
int collector_register(struct collector *collector, int cgroup_fd, struct failure *why);

/* Tells which failed calls the sandbox refused, so that they are counted as such. Before a run. */
int collector_expect_refusals(struct collector *collector, const struct refusal_rule *rules,
	size_t count, struct failure *why);

/*
 * Makes the process of this descriptor the first member of the run: all it bears from now on
 * belongs to the run, and its exec opens the window. Before it is let go. One that is dead already
 * is none, and that is no failure of the collector's.
 */
int collector_seed(struct collector *collector, int pidfd, struct failure *why);

/*
 * Looks at the run's CPU time 4,000 times a second on every processor from now on, which a limit
 * needs when it is near: between these looks nothing would see that it is passed.
 */
int collector_arm(struct collector *collector, struct failure *why);

/*
 * Counts the requests to io_uring as well. Before the command, where a run can make rings; where
 * this kernel cannot tell, the account will say why.
 */
int collector_watch_io_uring(struct collector *collector, struct failure *why);

/* Readable when a limit was passed; -1 without limits. Borrowed; for poll. */
int collector_event_fd(const struct collector *collector);

/* Takes the news. */
void collector_consume(struct collector *collector);

/* The first limit that was passed; members that run are being killed. */
enum collector_limit collector_limit_fired(const struct collector *collector);
bool collector_soft_limit_fired(const struct collector *collector);

/* Waits until every member that had an account has made its last switch. False: too long. */
bool collector_wait_drained(const struct collector *collector, int deadline_ms);

/* CLOCK_MONOTONIC at the exec that opened the window; 0 until then. */
uint64_t collector_exec_ns(const struct collector *collector);

/* How many processors the machine may have. */
size_t collector_processors(const struct collector *collector);

int collector_read(struct collector *collector, struct account *account, struct failure *why);
void account_done(struct account *account);

/* How long loading and attaching took, in nanoseconds. */
uint64_t collector_start_ns(const struct collector *collector);

/*
 * Detaches, when the accounts were read. Returns by how many picoseconds a system call of a member
 * was longer until then, as measured here and now; 0 when that could not be told. A shared
 * collector stays attached for the others, and nothing is told.
 */
uint64_t collector_detach(struct collector *collector);

/* Detaches and frees; NULL is fine. Returns how long that took, in nanoseconds, also what
 * collector_detach did. */
uint64_t collector_close(struct collector *collector);

/* --- The shared collector itself --- */

struct collector_share_spec {
	size_t runs;		    /* at one time */
	size_t runs_per_user;	    /* of that, of each user without rights; 0: only for root */
	const struct place *places; /* of PLACES processors; NULL: not known */
};

/*
 * Starts it. -EALREADY: it runs. What half a start left is removed. Where this kernel can only let
 * root use it, *not_for_users says why; it is empty otherwise.
 */
int collector_share(const struct collector_share_spec *spec, struct failure *not_for_users,
	struct failure *why);

/* Stops it. While runs use it only by force, and then their results are errors. */
int collector_unshare(bool is_forced, struct failure *why);

enum collector_state {
	COLLECTOR_NONE,
	COLLECTOR_RUNS,
	COLLECTOR_CHANGES,	    /* it is being started or stopped */
	COLLECTOR_INCOMPLETE,	    /* a start or a stop was killed */
	COLLECTOR_OF_OTHER_VERSION, /* of tare, or of its BPF programs */
};

/* The numbers only where it runs; version, ABI, start and slots also of another version. */
struct collector_status {
	enum collector_state state;
	char version[32];
	uint64_t abi;
	uint64_t started_ns; /* of CLOCK_REALTIME */
	size_t slots, runs;
	size_t runs_per_user; /* 0: it is only for root */
	size_t runs_of_users;
	uint64_t memory_bytes;
	uint64_t recursion_misses;
};

/* Looks, and collects the slots of dead runs. */
int collector_look(struct collector_status *status, struct failure *why);

#endif
