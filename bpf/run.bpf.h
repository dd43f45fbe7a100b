/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the subjects of the kernel half share: the maps, and "whose task is this". */
#ifndef TARE_RUN_BPF_H
#define TARE_RUN_BPF_H

#include "kernel_types.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "abi.h"
#include "io.bpf.h"
#include "kernels.bpf.h"

#define PF_KTHREAD 0x00200000
#define PF_MEMALLOC 0x00000800
#define TASK_DEAD 0x00000080

enum task_flags {
	TASK_OF_COMMAND = 1 << 1,      /* a thread of the command's own process */
	TASK_AWAITS_BASELINE = 1 << 2, /* exec'd; its CPU time at that moment is not settled */
	TASK_NEWBORN = 1 << 3,	       /* has yet to return from its parent's clone */
	TASK_CLOCK_OBSERVED = 1 << 4,  /* clock_lag_ns is known */
	TASK_BECOMES_MAIN = 1 << 5,    /* exec'd; it is the main thread from then on */
	TASK_JOINED = 1 << 6,	       /* has not switched since it joined */
};

struct runs_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct run_account);
};

struct cpus_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_account);
};

struct tasks_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_account);
};

struct slots_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
};

/* Of each run with limits one perf event a processor: what wakes its launcher and no other. */
struct wakes_map {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};

struct times_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* TIMED_NUMBERS a processor where it is used */
	__type(key, struct timed_number);
	__type(value, struct syscall_times);
};

/*
 * A table of 41 KiB for each processor and each of many runs would be most of what a shared
 * collector keeps; it has entries instead, made at first use. The processor is in the key: a hash
 * of per-CPU values takes them from an allocator that fails when hundreds of runs begin at one
 * time.
 */
struct syscall_entries_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, struct syscall_entry);
};

struct refusals_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ABI_COUNT);
	__type(key, u32);
	__type(value, struct refusal_account);
};

/* A power of two. Of a processor that a dozen tasks want, these are some 200 ms. */
#define STINTS 128

struct stint {
	u64 arrival_ns; /* on the processor's own clock, as sched_info has it */
	u64 name[2];
	u32 pid;
	u32 member_of; /* slot + 1; 0 for a task outside all runs */
};

struct stint_log {
	u64 count;
	struct stint stints[STINTS];
};

struct stint_logs_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct stint_log);
};

/* Set before loading: processors of this machine, and whether there may be more than one run. */
extern const volatile u32 processors;
#ifdef WITHOUT_OPTIONS
#define is_shared false
#else
extern const volatile bool is_shared;
#endif

extern struct runs_map runs SEC(".maps");
extern struct slots_map slots SEC(".maps");
extern struct wakes_map wakes SEC(".maps");
extern struct cpus_map cpus SEC(".maps");
extern struct tasks_map tasks SEC(".maps");
extern struct times_map times SEC(".maps");
extern struct stint_logs_map stint_logs SEC(".maps");

/* Of every processor, set before loading. */
extern const volatile struct place places[PLACES];

static __always_inline struct run_account *run_get(u32 slot)
{
	return bpf_map_lookup_elem(&runs, &slot);
}

static __always_inline struct cpu_account *cpu_get(u32 slot)
{
	return bpf_map_lookup_elem(&cpus, &slot);
}

/*
 * Whether the slot is still that of the run that a task or an address space was found in. Where
 * there is one run the question has no cost.
 */
static __always_inline bool run_is_current(struct run_account *run, u64 generation)
{
	return !is_shared || (run && run->generation == generation);
}

/*
 * The account of a member; NULL for all others. One that has outlived its run, and so its slot, is
 * nobody's member.
 */
static __always_inline struct task_account *task_get(struct task_struct *task)
{
	struct task_account *account = bpf_task_storage_get(&tasks, task, 0, 0);

	return account && run_is_current(run_get(account->slot), account->generation) ? account : 0;
}

/* The account of a task inside the window; NULL for all others. */
static __always_inline struct task_account *task_get_counted(struct task_struct *task)
{
	struct task_account *account = task_get(task);

	return account && account->flags & TASK_COUNTED ? account : 0;
}

/*
 * A run's epoch is never 0, which is that of a task that never was the main thread. One condition:
 * the verifier walks what follows a condition once more, and every start waits for that.
 */
static __always_inline bool is_main(struct task_account *account, struct run_account *run)
{
	return account->main_epoch == run->main_epoch;
}

/* Without a condition. */
static __always_inline s64 at_least_0(s64 value)
{
	return value & ~(value >> 63);
}

static __always_inline u64 at_most(u64 value, u64 bound)
{
	return value - at_least_0(value - bound);
}

static __always_inline void count_add(u64 *counter, u64 value)
{
	__sync_fetch_and_add(counter, value);
}

/*
 * Raises *peak to value; false if it was as high. Three tries: each loss means that another
 * processor raised it in between, and more than three at one instant would be a coincidence within
 * one page fault.
 */
static __always_inline bool peak_raise(s64 *peak, s64 value)
{
	for (int try = 0; try < 3; try++) {
		s64 seen = *peak;

		if (value <= seen)
			return false;
		if (__sync_val_compare_and_swap(peak, seen, value) == seen)
			return true;
	}
	return false;
}

/*
 * Inlined, as everything that is short: every function of its own costs the kernel's compiler a
 * pass, and a private start waits for all of them.
 */

/* The slot of the run with this cgroup2 id, or -1. A hash look-up: for rare events only. */
static __always_inline int slot_of_cgroup(u64 id)
{
	u32 *slot = bpf_map_lookup_elem(&slots, &id);

	return slot ? (int)*slot : -1;
}

/* Remembers the kernel's counters of a task as the point from which it is counted. */
static __always_inline void task_begin(struct task_struct *task, struct task_account *account)
{
	account->minor_faults = task->min_flt;
	account->major_faults = task->maj_flt;
	account->voluntary_switches = task->nvcsw;
	account->involuntary_switches = task->nivcsw;
	account->migrations = task->se.nr_migrations;
	account->user_tick_ns = task->utime;
	account->system_tick_ns = task->stime;
	io_read(task, &account->io);
	account->run_delay_ns = task_run_delay_ns(task);
	account->left_ns = 0;
}

/* Makes the account of a task that starts or joins; counts the failure where it cannot. */
static __always_inline struct task_account *task_seed(struct task_struct *task, u32 slot)
{
	struct run_account *run = run_get(slot);
	struct task_account *account;
	s64 live;

	if (!run)
		return 0;
	account = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!account) {
		count_add(&run->lost_task_storage, 1);
		return 0;
	}
	if (is_shared)
		*account = (struct task_account){ .generation = run->generation };
	account->slot = slot;
	live = __sync_fetch_and_add(&run->live_tasks, 1) + 1;
	peak_raise(&run->peak_tasks, live);
	return account;
}

/*
 * The system call in which the current task dies, a member of this run, if it is one of those that
 * do not return. Global, so that the verifier looks at it once and by itself.
 */
int syscall_count_last(u32 slot);

#endif
