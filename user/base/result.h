/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run weighed, as plain data: filled by the meter and the sandbox, told by report/.
 *
 * Times are nanoseconds, sizes bytes. A `struct number` that was not observed is absent, and
 * says why; it is never 0.
 */
#ifndef TARE_RESULT_H
#define TARE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "config.h"
#include "failure.h"
#include "files_result.h"

struct number {
	bool is_known;
	uint64_t value;
	const char *source; /* "bpf:sched_switch"; static storage */
	const char *reason; /* why it is not known; static storage */
};

static inline struct number number_known(uint64_t value, const char *source)
{
	return (struct number){ .is_known = true, .value = value, .source = source };
}

static inline struct number number_unknown(const char *reason)
{
	return (struct number){ .reason = reason };
}

enum outcome_kind {
	OUTCOME_ERROR,	     /* tare failed, or its result cannot be trusted */
	OUTCOME_NOT_STARTED, /* the command could not be executed */
	OUTCOME_EXITED,
	OUTCOME_SIGNALED,
	OUTCOME_LIMIT,
};

struct outcome {
	enum outcome_kind kind;
	int exit_code; /* OUTCOME_EXITED */
	int signal;    /* OUTCOME_SIGNALED */
	bool core_dumped;
	const char
		*termination_reason; /* BenchExec's word, NULL when the command ended by itself */
	uint64_t leftover_processes; /* killed after the command had ended */
	struct number oom_kills;
	struct failure error; /* OUTCOME_ERROR and OUTCOME_NOT_STARTED */
};

#define RESULT_TIME_BUCKETS 40

/* One system call number of one ABI. Names come from libseccomp, NULL when the number has none. */
struct syscall_count {
	char name[48]; /* "read", "ia32:read", "x32:read", "unknown:1000" */
	uint64_t count;
	uint64_t errors;
	uint64_t denied; /* refused by a seccomp filter before the kernel ran it */

	/* Where calls were timed, of those that no filter refused. */
	uint64_t wall_ns, cpu_ns;
	uint64_t max_ns;			 /* the longest one's wall time */
	uint64_t histogram[RESULT_TIME_BUCKETS]; /* of 2^n ns up to twice that; the last: or more */
};

/* One kind of request to io_uring. */
struct uring_count {
	char op[24]; /* "read_fixed", "opcode 70", "unknown" */
	uint64_t count;
};

struct uring_result {
	struct number total, rings;
	struct uring_count *by_op; /* owned; sorted by falling count, then by name */
	size_t by_op_count;
};

struct syscall_result {
	struct number total, errors, denied;
	struct uring_result io_uring;
	struct number wall, cpu; /* in all of them */
	bool is_timed;
	struct syscall_count *by_name; /* owned; sorted by falling count, then by name */
	size_t by_name_count;
};

/* What blocked a task, or the tasks of a tree: time on no processor and on no run queue. */
struct wait_result {
	struct number block_io, lock, pipe_socket, timer, child, page_fault_io, stopped, other;
	struct number ended; /* of the main thread: it had ended, and its process went on */
};

/* Tasks outside the run, of one name, that had a processor while a task of the run waited for it.
 */
struct culprit_time {
	char name[48]; /* any bytes: a program chooses its own */
	uint64_t ns;
};

#define CULPRITS_TOLD 5

/* What came from outside. Of what the whole machine counts, only an upper bound is known. */
struct noise {
	struct number preempted;	   /* waits behind tasks outside, summed over the tasks */
	struct number preempted_unlisted;  /* of that, by more names than there was place for */
	struct number waited_for_own;	   /* behind tasks of the same run */
	struct number waited_unexplained;  /* neither is known */
	struct number irq, softirq, steal; /* taken from tasks while they had a processor */
	struct number taken; /* by the host and, where the kernel counts them so, interrupts */
	struct number cache_migrations, node_migrations;
	struct number machine_frequency_changes, machine_thermal_throttles;
	struct number machine_reclaim_stalls, machine_compaction_stalls;
	struct culprit_time culprits[CULPRITS_TOLD]; /* the worst, by falling time */
	size_t culprit_count;
};

/* Everything that could have been lost. All zero in a sound run. */
struct loss {
	uint64_t task_storage; /* births whose account could not be made */
	uint64_t map_update;
	uint64_t ring_buffer;
	uint64_t fallback_deaths; /* tasks charged by their cgroup because their birth was not seen
				   */
	uint64_t recursion_misses;
	bool exec_baseline_uncertain;
	bool drain_timed_out;
	bool cpu_time_differs; /* from the cgroup's own cpu.stat, by cpu_difference_ns */
	int64_t cpu_difference_ns;
};

/* A mount, or a directory with a mode of its own, that the container does not show as it is. */
struct mount_note {
	char *path;	   /* any bytes */
	bool is_masked;	   /* not shown: it holds kernel state, or cannot be looked at */
	bool is_unmapped;  /* shown with the rights of others: it cannot map owners */
	bool is_read_only; /* although its mode lets it be written */
};

struct mount_notes {
	struct mount_note *notes;
	size_t count;
};

struct mount_counts {
	uint64_t masked, unmapped, read_only;
};

/* Of standard output and standard error, where tare passes them on; else nothing is known. */
struct output_result {
	bool is_relayed;
	bool is_cut; /* more was written than the limit let through */
	uint64_t written_bytes;
};

/* What of the hardware the processors of a run have in common with others. */
struct shared_part {
	const char *part; /* "physical core"; static storage */
	struct number_set processors;
};

#define SHARED_PARTS 3

/* The processors and memory nodes that were chosen for a run. */
struct core_use {
	bool has_processors, has_nodes; /* false: they were not, and nothing below is said */
	struct number_set processors, nodes;
	const char *processors_held_by; /* "cpuset cgroup", "affinity"; NULL until it is known */
	const char *nodes_held_by;	/* "cpuset cgroup", "memory policy" */
	struct shared_part shared[SHARED_PARTS];
	size_t shared_count;
	size_t sockets; /* that the processors lie in */
};

/* A process at the instant of the run's highest resident memory. */
struct memory_process {
	uint64_t pid;  /* the host's */
	char name[17]; /* the kernel's, any bytes; empty: not known */
	uint64_t rss_bytes;
};

#define MEMORY_PROCESSES 3

struct memory_result {
	struct number peak, rss_peak, rss_peak_process, anon_peak, swap_peak;
	/* Of rss_peak, at its instant; the first three add up to it. */
	struct number anon_at_peak, file_at_peak, shmem_at_peak, swap_at_peak;
	struct memory_process largest[MEMORY_PROCESSES]; /* the largest first */
	size_t largest_count;
};

/* How a run stood so long after its exec; nothing changed from then to the next one. */
struct timeline_point_result {
	uint64_t time_ns;
	uint64_t rss_bytes;
	uint64_t rss_peak_bytes; /* the highest of the interval in which it lies */
	uint64_t anon_bytes;
	uint64_t cpu_ns; /* so far */
	uint64_t tasks;
};

struct timeline_result {
	uint64_t interval_ns;		      /* one point at most in each; 0: no time line */
	struct timeline_point_result *points; /* owned */
	size_t count;
};

struct result {
	const char *version;
	char run_id[33];
	struct timespec started_at; /* CLOCK_REALTIME at the exec */
	char *const *command;	    /* borrowed, NULL-terminated; any bytes */
	struct outcome outcome;
	struct run_limits limits;
	const struct rlimit_rule *rlimits; /* borrowed */
	size_t rlimit_count;
	const char *memory_held_by; /* what holds the memory limit; NULL: there is none */
	struct output_result output;
	struct {
		struct number wall, cpu, user, system, undisturbed;
		struct number on_cpu, runqueue, blocked; /* of the main thread: the wall time */
		struct number tree_runqueue, tree_blocked;
		struct number throttled;    /* by the run's own limit of processor time */
		uint64_t *cpu_by_processor; /* owned; NULL when not known */
		size_t processors;
	} time;
	struct wait_result blocked, tree_blocked;
	struct memory_result memory;
	struct timeline_result timeline;
	struct syscall_result syscalls;
	struct {
		struct number tasks, processes, execs, peak_tasks, forks;
		struct number moved_in; /* of these processes, by tare exec or by hand */
	} processes;
	struct {
		struct number voluntary_switches, involuntary_switches, migrations, wakeups;
	} scheduler;
	struct {
		struct number minor, major;
	} faults;
	struct {
		struct number read, written; /* block devices */
		struct number syscall_read, syscall_written, syscall_reads, syscall_writes;
		struct number storage_read, storage_written, storage_cancelled;
		struct number page_cache_misses;
	} io;
	struct {
		struct number rx_bytes, tx_bytes, rx_packets, tx_packets, sockets, connects;
		struct number sockets_inet, sockets_inet6, sockets_unix, sockets_netlink,
			sockets_other;
	} network;
	struct {
		struct number cpu, io, memory; /* some task could not go on for want of it */
	} pressure;
	struct noise noise;
	struct {
		const char *mode;	   /* "private", "shared"; NULL when none ran */
		struct failure not_shared; /* why the one that is there was not used; else empty */
		struct loss loss;
		uint64_t start_ns; /* load and attach */
		uint64_t stop_ns;  /* detach and free */
		/* The exec that opens the window, and the launcher's CPU time until then. */
		struct number exec_monotonic, exec_baseline;
		struct number overhead; /* CPU time of the run that the programs took */
	} collector;
	struct {
		bool is_used;		   /* false: --no-container */
		struct mount_notes mounts; /* owned */
		const char *cgroup_layout; /* "cgroup2", "hybrid" */
		bool keeps_system_config;
		const char *root_directory; /* as the user wrote it, borrowed; NULL: the host's */
		const char *filter;	    /* "default", "none", "profile"; NULL: no container */
		const char *profile_path;   /* of "profile"; borrowed; any bytes */
		struct core_use cores;
	} container;
	struct files_result files;
};

/* Makes *result an error of tare's own: nothing in it can be trusted. */
void result_set_error(struct result *result, const struct failure *why);

/* Marks every number, and the files, unknown for this reason; static storage. */
void result_set_unknown(struct result *result, const char *reason);

/* Frees what *result owns; a zeroed or half-filled result is fine. */
void result_done(struct result *result);

/* How many notes tell of which. */
struct mount_counts result_count_mounts(const struct mount_notes *mounts);

/* Any of the loss counters is not zero, or a doubt is marked. */
bool result_has_loss(const struct loss *loss);

/* The exit status of `tare run`: the command's own, 128+N, 124 limit, 125 tare, 126, 127. */
int result_exit_status(const struct outcome *outcome);

/*
 * Walks every number of the document with its key ("time.cpu_ns"), in document order, so that
 * JSON, sources and unavailable are told from one table.
 */
struct result_field {
	const char *section; /* "time"; "syscalls.io_uring" is an object in an object */
	const char *key;     /* "cpu_ns" */
	size_t offset;	     /* of the struct number in struct result */
};
extern const struct result_field result_fields[]; /* ends with section NULL */
const struct number *result_number(const struct result *result, const struct result_field *field);

#endif
