/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What both halves agree on: the accounts that bpf/ fills and user/meter reads.
 *
 * A run has a slot. Its one `struct run_account` holds what is rare or must be a single value;
 * its `struct cpu_account` and `struct syscall_account`, one per processor, hold what is counted
 * often, so that no event waits for another processor. Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef TARE_ABI_H
#define TARE_ABI_H

#ifdef __bpf__
#include "kernel_types.bpf.h"
#else
#include <linux/types.h>
#endif

/* Changes with every change of a layout below; both halves must carry the same one. */
#define TARE_ABI_VERSION 5

enum {
	ABI_X86_64,
	ABI_IA32,
	ABI_X32,
	ABI_COUNT,
};

/*
 * Numbers counted one by one. x32's own calls end at 547 and the common table is near 470;
 * higher ones are counted together. Three tables of 24 bytes a number would pass the 32 KiB that
 * a per-CPU value may have, so each ABI of a run is a map entry of its own.
 */
#define SYSCALL_NUMBERS 576

struct syscall_counter {
	__u64 count;  /* calls made, also those that a filter refused */
	__u64 errors; /* calls that returned an error, also those refused */
	__u64 denied; /* calls that a seccomp filter refused before the kernel ran them */
};

struct syscall_account {
	struct syscall_counter number[SYSCALL_NUMBERS];
	struct syscall_counter unknown; /* numbers outside the table */
};

/*
 * A collector of many runs has no tables: each number that a run has called on a processor is an
 * entry of its own, so that a run takes memory for what it does. This is its place in its run.
 */
#define SYSCALL_PLACES (ABI_COUNT * (SYSCALL_NUMBERS + 1))
#define SYSCALL_PLACE(abi, number)                                                                 \
	((abi) * (SYSCALL_NUMBERS + 1) + ((number) < SYSCALL_NUMBERS ? (number) : SYSCALL_NUMBERS))
#define SYSCALL_WORDS ((SYSCALL_PLACES + 63) / 64)
#define SYSCALL_ENTRY_KEY(slot, place, processor)                                                  \
	((__u64)(processor) << 32 | ((slot)*SYSCALL_PLACES + (place)))

/* It stays when its run is over, and is emptied when the slot's next run makes that call. */
struct syscall_entry {
	__u64 generation; /* of the slot, when it last counted */
	struct syscall_counter counter;
};

/*
 * How long the calls of one number took on one processor; only if that was asked for. The table of
 * them has room for so many numbers a processor; calls of more are counted as lost updates. It is
 * no per-CPU table, because that makes an allocation for each of its places at every start.
 */
#define TIMED_NUMBERS 256
#define TIME_BUCKETS 40

struct timed_number {
	__u32 slot;
	__u32 abi;
	__u32 number;
	__u32 processor;
};

struct syscall_times {
	__u64 wall_ns;
	__u64 cpu_ns;
	__u64 max_ns;		       /* the longest call's wall time */
	__u64 histogram[TIME_BUCKETS]; /* calls of 2^n ns up to twice that; the last: or more */
};

/*
 * What the sandbox's filters refuse, by number: never, always, or where one of a pair of rules
 * matches an argument, or both do; then the pair's place plus one. Two are the most that a call
 * needs.
 */
#define REFUSED_NEVER 0
#define REFUSED_ALWAYS 255
#define REFUSAL_PAIRS 16

struct refusal {
	__u64 mask;
	__u64 value;
	__u32 place;  /* of the argument among the 64-bit words of the kernel's struct pt_regs */
	__u16 is_any; /* refused if any bit of the mask is set, else if the masked bits are value */
	__u16 needs_other; /* of the first of a pair: only if the second matches, too */
};

struct refusal_account {
	__u8 of_number[SYSCALL_NUMBERS];
	struct refusal pairs[REFUSAL_PAIRS][2];
};

/*
 * What the kernel counts of a task's input and output: bytes and calls of the read and write
 * families; bytes that it had fetched from storage, that it made dirty, and that were dirty when
 * it threw them away.
 */
struct io_account {
	__u64 syscall_read_bytes;
	__u64 syscall_written_bytes;
	__u64 syscall_reads;
	__u64 syscall_writes;
	__u64 storage_read_bytes;
	__u64 storage_written_bytes;
	__u64 storage_cancelled_bytes;
};

/* Opcodes of io_uring counted one by one; the kernel's last one was 62 in 6.18. */
#define URING_OPCODES 80

/* What a task waits for while it is on no processor. */
enum wait_cause {
	WAIT_OTHER,
	WAIT_PROCESSOR, /* on a run queue; all others are blocked */
	WAIT_BLOCK_IO,
	WAIT_LOCK,
	WAIT_PIPE_SOCKET,
	WAIT_TIMER,
	WAIT_CHILD,
	WAIT_PAGE_FAULT, /* block I/O that no system call asked for */
	WAIT_STOPPED,	 /* by a signal, a tracer or a freezer */
	WAIT_CAUSES,

	/* In the table of system calls: WAIT_PIPE_SOCKET, or, of no descriptors, WAIT_TIMER. */
	WAIT_SELECT = WAIT_CAUSES, /* the first argument is their number */
	WAIT_POLL,		   /* the second one */
};

#define WAIT_PLACES 16 /* for the causes; a power of two, so that none needs to be compared */

/* Where a processor lies: numbers of its last level of cache and of its memory node. */
struct place {
	__u8 cache;
	__u8 node;
};

#define PLACES 512 /* of more processors none is known */

struct cpu_account {
	__u64 cpu_ns;		/* run on this processor since the window opened */
	__u64 before_window_ns; /* run by the run's tasks before: the launcher's share */
	__u64 user_tick_ns; /* the kernel's own split, in timer ticks, of tasks that died here */
	__u64 system_tick_ns;
	__u64 minor_faults;
	__u64 major_faults;
	__u64 voluntary_switches;
	__u64 involuntary_switches;
	__u64 migrations;
	struct io_account io;
	__u64 uring_requests[URING_OPCODES + 1]; /* by opcode; the last: higher ones */
	__u64 wait_ns[WAIT_PLACES];		 /* of all tasks, on a processor's clock */
	__u64 cache_migrations;			 /* went on behind another last level of cache */
	__u64 node_migrations;
	__u64 waited_ns;	 /* in the queues of processors, by tasks that left this one */
	__u64 waited_for_own_ns; /* of that, while a member of the same run had the processor */
	__u64 irq_ns;		 /* of interrupts that hit members; only where they are weighed */
	__u64 softirq_ns;
	__u64 taken_ns; /* from members on a processor: by the host, and by interrupts */
};

/*
 * Names of tasks outside the run that had a processor while a member waited for it. Kernel
 * threads and what a desktop runs are a dozen; a run that sees more counts the rest together.
 */
#define CULPRITS 32 /* a power of two */

struct culprit {
	__u64 key; /* 0: free */
	__u64 name[2];
	__u64 pid; /* of the first task of that name */
	__u64 ns;
};

/* What the kernel counts apart in an address space, in its order. All but swap are resident. */
enum page_kind {
	PAGES_FILE,
	PAGES_ANON,
	PAGES_SWAP,
	PAGES_SHMEM,
	PAGE_KINDS,
};

/* One of the largest processes at the instant when the run's resident pages were `at_pages`. */
struct peak_process {
	__s64 at_pages;
	__s64 pages;
	__u32 pid;
	__u32 padding;
	char name[16]; /* empty where its last user was another process */
};

#define PEAK_PROCESSES 3

/*
 * What one processor has seen of a run's memory. The split and the processes belong to the peak
 * that this processor saw: only those of the run's own peak count, all others are void.
 */
struct memory_account {
	__s64 rss_peak_pages; /* as this processor last raised it */
	__s64 pages_at_peak[PAGE_KINDS];
	__s64 process_peak_pages; /* of one address space */
	__s64 anon_peak_pages;
	__s64 swap_peak_pages;
	struct peak_process largest[PEAK_PROCESSES];
};

/* How a run stood at one time; the last of an interval. */
struct timeline_point {
	__u64 time_ns; /* since the exec; 0: there was nothing to note */
	__s64 rss_pages;
	__s64 rss_peak_pages; /* the highest of the interval */
	__s64 anon_pages;
	__u64 cpu_ns;
	__s64 tasks;
};

#define TIMELINE_POINTS 1024

/* Address families of sockets; the kernel's last one is 45. */
#define SOCKET_FAMILIES 48

struct run_account {
	/* Written by the launcher before any task is born. */
	__u64 cgroup_id;    /* cgroup2 directory inode of the run */
	__u64 generation;   /* of the slot: what an earlier run in it has left behind is no one's */
	__u64 cpu_limit_ns; /* of these limits 0 is none */
	__u64 soft_cpu_limit_ns;
	__u64 rss_limit_pages; /* where no memory cgroup can hold it */
	__u64 task_limit;
	__u64 is_polled; /* the launcher has no perf event to be woken by, and looks by itself */

	/* The window. 0 until it happened. */
	__u64 exec_ns;	     /* first successful exec of a member: the window opens */
	__u64 main_death_ns; /* last switch of the last task of the command's own process */
	__u64 last_death_ns; /* last switch of the last member: the window closes */

	/* CPU time that the first task had used at that exec: the launcher's. */
	__u64 baseline_ns;
	__u64 baseline_doubt_ns; /* stolen from its processor around the exec: before or after */
	__u64 is_clock_known;	 /* its clock was looked at before the exec */

	/*
	 * The main thread, from the exec to its end, on a processor's clock. A thread that execs
	 * takes its place: a task is the main thread as long as its main_epoch is this one.
	 */
	__u64 has_waits; /* this kernel counts the time on run queues */
	__u64 main_epoch;
	__u64 main_on_cpu_ns;
	__u64 main_wait_ns[WAIT_PLACES];
	__u64 main_ended_ns;	    /* from a main thread's end to the exec of the next one */
	__u64 main_until_ns;	    /* up to when all of these go */
	__u64 main_thread_death_ns; /* its last switch; 0 as long as it lives */

	__u64 tasks;
	__u64 processes;
	__u64 moved_in; /* of these processes, those that no member bore */
	__u64 execs;
	__u64 dead_tasks;
	__s64 live_tasks; /* with an account; also the first one before its exec */
	__s64 peak_tasks;

	/* Pages of all the run's address spaces: each kind, and those that are resident. */
	__s64 pages[PAGE_KINDS];
	__s64 rss_pages;
	__s64 rss_peak_pages;

	__u64 rx_bytes, tx_bytes, rx_packets, tx_packets;
	__u64 inet_sockets, inet6_sockets;
	__u64 sockets_by_call[SOCKET_FAMILIES]; /* of the internet too, but not those of io_uring */

	__u64 io_counted_bytes; /* so much of struct io_account this kernel has */

	__u64 limited_cpu_ns;	/* CPU time as the limit knows it; only if there is one */
	__u64 soft_limit_fired; /* 1: the soft limit is passed */
	__u64 limit_fired;	/* enum run_limit: the first one that was passed */

	/* The time line. */
	__u64 timeline_interval_ns; /* 0: there is none; grows as points are put together */
	__s64 timeline_peak_pages;  /* resident, since the last note */
	__u64 timeline_lock;	    /* of the points; 1: taken */

	/* Waits of members behind tasks outside the run, summed over members. */
	__u64 preempted_ns;
	__u64 preempted_unlisted_ns; /* of that, by names for which there was no place */
	struct culprit culprits[CULPRITS];

	/* Of the command's main thread alone. */
	__u64 main_waited_ns; /* in queues, but not for members of the run */
	__u64 main_taken_ns;
	__u64 main_interrupted_ns;
	__u64 clock_gap_ns; /* between the clocks of a processor; 0: the kernel tells nothing */

	/* Loss: every one is 0 in a sound run. */
	__u64 lost_task_storage; /* births without an account */
	__u64 lost_map_updates;	 /* address spaces without an account */
	__u64 lost_events;	 /* the launcher could not be woken */
	__u64 fallback_deaths;	 /* tasks charged by their cgroup at death */

	/* Of a shared collector: the places of which this slot has entries, one bit each. */
	__u64 syscalls_seen[SYSCALL_WORDS];
};

/* Of a task's flags the one that both halves know: it is inside the window. */
#define TASK_COUNTED (1 << 0)

/*
 * One member task, in its own task storage: no other task writes it. That of the run's first task
 * is put there by the launcher, all zero but for its slot, before it lets the task go.
 */
struct task_account {
	__u32 slot;
	__u32 flags;
	__u64 generation; /* of the slot, when the task became a member */
	__u64 charged_ns; /* the part of se.sum_exec_runtime that is charged already */
	__u64 limited_ns; /* the part of it that the CPU time limit has seen */

	__u64 left_ns;	    /* its last switch, on the processor's clock; 0: there was none */
	__u64 run_delay_ns; /* the part of sched_info.run_delay that is accounted for */
	__u64 away_ns;	    /* time on no processor, up to left_ns */
	__u32 wait_cause;   /* why it left */
	__u32 main_epoch;   /* 0: it never was the main thread */
	__u64 exec_ns;	    /* when it became that */
	__u64 call_ns;	    /* when its system call began; 0: in none that is timed */
	__u64 call_away_ns; /* away_ns at that time */

	/* The kernel's counters of this task when it began to count; 0 for one born inside. */
	__u64 minor_faults;
	__u64 major_faults;
	__u64 voluntary_switches;
	__u64 involuntary_switches;
	__u64 migrations;
	__u64 user_tick_ns;
	__u64 system_tick_ns;
	struct io_account io;

	/* Least distance seen between CLOCK_MONOTONIC and the processor's clock. */
	__s64 clock_lag_ns;
	__u64 exec_gap_ns;   /* what had been stolen from the processor, as known at the exec */
	__u64 exec_start_ns; /* up to when the task clock had been brought, at the exec */

	__u64 arrival_ns; /* sched_info.last_arrival at its last switch */
	__u32 processor;  /* that processor + 1; 0: it has left none yet */
	__u32 padding;
};

enum run_limit {
	LIMIT_NONE,
	LIMIT_CPU,
	LIMIT_MEMORY,
	LIMIT_TASKS,
};

/* Of a run's cgroup, for the programs that are attached to it. */
struct cgroup_account {
	__u64 slot;
};

/*
 * The gate: one program of a shared collector that users run, by BPF_PROG_RUN. A request is its
 * context, which comes back as the answer; the program returns an enum gate_answer. Nobody gets
 * more of a collector than this.
 */
enum gate_operation {
	GATE_REGISTER,	     /* fills slot, cgroup_id and `registered` */
	GATE_READ_RUN,	     /* these are for the process that has registered the run */
	GATE_READ_PROCESSOR, /* number `index` */
	GATE_READ_SYSCALLS,
	GATE_READ_MISSES,
	GATE_UNREGISTER,
};

enum gate_answer {
	GATE_DONE,
	GATE_OTHER_PROGRAMS, /* the collector is another version's */
	GATE_STOPPED,	     /* the collector is */
	GATE_BAD_REQUEST,
	GATE_ROOT,	      /* who has another way */
	GATE_NO_CGROUP,	      /* no directory of cgroup2, or one that is being removed */
	GATE_NOT_OWNER,	      /* of the directory */
	GATE_TOO_DEEP,	      /* is the directory */
	GATE_POPULATED,	      /* processes are in it already */
	GATE_REGISTERED,      /* it is a run already */
	GATE_INSIDE_RUN,      /* the caller is weighed itself */
	GATE_OVER_QUOTA,      /* the user has as many runs as a user may have */
	GATE_FULL,	      /* all slots are taken */
	GATE_TOO_MANY_USERS,  /* there is no place to count the runs of one more */
	GATE_NOT_REGISTRANTS, /* the run is not this process's, or is over */
	GATE_ANSWERS,
};

#define GATE_IDENTITY_WORDS 8 /* 64 hexadecimal digits */
#define GATE_SYSCALLS 32      /* numbers in one request */
#define GATE_DEPTH 64	      /* of a cgroup's directory, at most */
#define GATE_WATCHED 4	      /* cgroups over users' runs where packets are counted */

struct gate_registration {
	__u64 identity[GATE_IDENTITY_WORDS]; /* of the programs that the caller knows */
	__u64 cpu_limit_ns;		     /* as in struct run_account */
	__u64 soft_cpu_limit_ns;
	__u64 rss_limit_pages;
	__u64 task_limit;
	__s64 cgroup_fd; /* of the caller; O_PATH will do */
	struct refusal_account refusals[ABI_COUNT];
};

struct gate_registered {
	__u64 counts_packets; /* and sockets, where the run's cgroup is */
	__u64 has_io_uring;   /* requests to it are counted */
	__u64 knows_places;
	__u64 runs_per_user;
};

struct gate_processor {
	struct cpu_account cpu;
	struct memory_account memory;
};

struct gate_syscalls {
	__u32 places[GATE_SYSCALLS]; /* asked for; of SYSCALL_PLACES and more nothing is told */
	struct syscall_counter counters[GATE_SYSCALLS]; /* summed over processors */
};

struct gate_request {
	__u32 abi; /* TARE_ABI_VERSION */
	__u32 operation;
	__u32 slot;
	__u32 index;
	__u64 cgroup_id;
	__u64 misses; /* events that any program has missed so far; of GATE_READ_MISSES */
	union {
		struct gate_registration registration;
		struct gate_registered registered;
		struct run_account run;
		struct gate_processor processor;
		struct gate_syscalls syscalls;
	};
};

/*
 * Of a slot that a user's run has. Root's alone. The payer stays where it is: a stop, of any
 * version, counts by it.
 */
struct gate_run {
	__u64 cgroup_id;
	__u32 payer; /* the user whose quota it is on; 0: it is no user's run */
	__u32 uid;   /* of the registrant */
	__u32 pid;
	__u32 counts_packets;
	__u64 started_ns; /* the registrant: with its pid, no other process */
	__u64 registrant; /* addresses in the kernel, only to be compared and read by probing */
	__u64 cgroup;
};

/* Also in all versions. */
enum gate_service {
	GATE_SERVES,
	GATE_STOPS, /* lets no new run in, until it is known whether there are some */
	GATE_STOPPED_SERVING,
};

/* What a start, and what a stop of any version, tells the gate: the first field stays. */
struct gate_state {
	__u64 service; /* enum gate_service */
	__u64 has_io_uring;
	__u64 knows_places;
	__u64 runs_per_user;
	__u64 watched[GATE_WATCHED]; /* ids of cgroups; 0: none */
};

/* Of `owners`: taken, but not yet, or no longer, a cgroup's. */
#define SLOT_IN_BETWEEN (~0ULL)

/* Programs whose misses are told. */
#define GATE_PROGRAMS 32

/* The context of the program by which the gate gets to know them. */
struct gate_lesson {
	__s64 program_fds[GATE_PROGRAMS]; /* -1: none */
};

_Static_assert(sizeof(struct syscall_account) <= 32768, "a per-CPU value holds 32 KiB at most");
_Static_assert(sizeof(struct memory_account) == 23 * 8, "the layout has no holes");
_Static_assert(sizeof(struct run_account) ==
		       (55 + SOCKET_FAMILIES + WAIT_PLACES + 5 * CULPRITS + SYSCALL_WORDS) * 8,
	"the layout has no holes");
_Static_assert(sizeof(struct cpu_account) == (16 + 7 + URING_OPCODES + 1 + WAIT_PLACES) * 8,
	"the layout has no holes");
_Static_assert(sizeof(struct gate_registration) ==
		       (GATE_IDENTITY_WORDS + 5) * 8 + ABI_COUNT * sizeof(struct refusal_account),
	"the layout has no holes");

#endif
