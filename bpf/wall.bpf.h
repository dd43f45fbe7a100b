/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Where the time goes that a task is on no processor: settled at the switch after, by what it left
 * for.
 *
 * No hook looks at wake-ups. The scheduler notes when a task came to its processor, and sums what
 * it spent on run queues; both are brought up to date when it arrives. So when a task leaves, all
 * is known about its last absence: how long it was, how much of it the run queue took, and, noted
 * when that absence began, what the rest was for. All on the processor's clock, which the
 * scheduler reads anyway.
 */
#ifndef TARE_WALL_BPF_H
#define TARE_WALL_BPF_H

#include "run.bpf.h"
#include "clock.bpf.h"
#include "registers.bpf.h"

#define TASK_STOPPED_OR_TRACED 0x0000000c
#define TASK_FROZEN 0x00008000	      /* from 6.1 on */
#define JOBCTL_TRAP_FREEZE 0x00800000 /* the freezer of cgroup2 */
#define PF_IO_WORKER 0x00000010

/* By system call, what a task is blocked for in it; set before loading. */
extern const volatile u8 wait_of_number[ABI_COUNT][SYSCALL_NUMBERS];

static __always_inline bool is_stopped(struct task_struct *task, u32 state)
{
	return state & (TASK_STOPPED_OR_TRACED | TASK_FROZEN) || task->jobctl & JOBCTL_TRAP_FREEZE;
}

/* select() and poll() of no descriptors are the old ways to sleep. */
static __always_inline u32 wait_in_call(struct task_struct *task, s64 number)
{
	u32 abi = syscall_abi(task, number);
	u64 index = number_in_abi(abi, number);
	const struct registers *registers = task_registers(task);
	u32 cause;

	if (index >= SYSCALL_NUMBERS)
		return WAIT_OTHER;
	barrier_var(index); /* for clang 19, as in syscall_counter() */
	cause = wait_of_number[abi][index];
	if (cause < WAIT_CAUSES)
		return cause;
	if (abi == ABI_IA32)
		return WAIT_PIPE_SOCKET;
	return register_read(cause == WAIT_SELECT ? &registers->di : &registers->si)
		       ? WAIT_PIPE_SOCKET
		       : WAIT_TIMER;
}

/*
 * What a task that blocks does so for. The page faults of system calls are theirs. Kernel threads
 * of io_uring have no registers of their own.
 */
static __always_inline u32 wait_begin(struct task_struct *task, u32 state)
{
	s64 number = task_registers(task)->orig_ax;

	if (is_stopped(task, state))
		return WAIT_STOPPED;
	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): all sizes are there */
	if (BPF_CORE_READ_BITFIELD(task, in_iowait))
		return number == -1 ? WAIT_PAGE_FAULT : WAIT_BLOCK_IO;
	if (number == -1 || task->flags & PF_IO_WORKER)
		return WAIT_OTHER;
	return wait_in_call(task, number);
}

/*
 * When the task came to its processor. The scheduler does not note it for one that was preempted
 * when it was about to block: then it follows from how long it ran.
 */
static __always_inline u64 arrival_ns(
	struct task_struct *task, struct task_account *account, u64 now_ns)
{
	u64 noted_ns = task_arrival_ns(task);

	if (noted_ns >= account->left_ns)
		return noted_ns;
	return now_ns - (task->se.sum_exec_runtime - account->charged_ns);
}

/* An absence: how long the run queue had the task, and what the rest of it was for. */
struct absence {
	u64 queued_ns;
	u64 blocked_ns; /* or queued again */
	u32 cause;
	u64 end_ns;
};

static __always_inline void absence_add(u64 *wait_ns, const struct absence *absence)
{
	wait_ns[WAIT_PROCESSOR] += absence->queued_ns;
	wait_ns[absence->cause & (WAIT_PLACES - 1)] += absence->blocked_ns;
}

/* Settles the absence that ended with this arrival. Before its first one a task only queued. */
static __always_inline struct absence absence_settle(
	struct task_struct *task, struct task_account *account, u64 arrived_ns)
{
	u64 run_delay_ns = task_run_delay_ns(task);
	struct absence absence = { .queued_ns = run_delay_ns - account->run_delay_ns,
		.cause = account->wait_cause,
		.end_ns = arrived_ns };
	u64 away_ns = absence.queued_ns;

	account->run_delay_ns = run_delay_ns;
	if (account->left_ns) {
		/* Clocks of two processors may differ by a little. */
		away_ns = at_least_0(arrived_ns - account->left_ns);
		account->away_ns += away_ns;
	}
	absence.queued_ns = at_most(absence.queued_ns, away_ns);
	absence.blocked_ns = away_ns - absence.queued_ns;
	return absence;
}

/* At the first switch after the exec that made it so, where the clocks were looked at. */
static __always_inline u64 main_begin(struct task_account *account, struct run_account *run)
{
	u64 exec_ns = account->exec_ns - account->clock_lag_ns;

	if (run->main_until_ns)
		run->main_ended_ns += exec_ns - run->main_until_ns;
	run->main_thread_death_ns = 0;
	account->flags &= ~TASK_BECOMES_MAIN;
	return exec_ns;
}

/* The absence before the exec that made it the main thread is not the main thread's. */
static __always_inline void wall_main_leaves(struct task_account *account, struct run_account *run,
	const struct absence *absence, u64 now_ns)
{
	u64 arrived_ns = absence->end_ns;

	if (account->flags & TASK_BECOMES_MAIN)
		arrived_ns = main_begin(account, run);
	else
		absence_add(run->main_wait_ns, absence);
	run->main_on_cpu_ns += now_ns - arrived_ns;
	run->main_until_ns = now_ns;
}

/* Of a counted member: settles its last absence, and begins the next one. */
static __always_inline struct absence wall_leave(struct task_struct *task,
	struct task_account *account, struct cpu_account *cpu, u64 now_ns, bool is_preempted)
{
	u32 state = task->__state;
	struct absence absence = {};

	if (!task_has_sched_info())
		return absence;
	absence = absence_settle(task, account, arrival_ns(task, account, now_ns));
	absence_add(cpu->wait_ns, &absence);
	account->left_ns = now_ns;
	account->wait_cause = is_preempted || !state ? WAIT_PROCESSOR : wait_begin(task, state);
	return absence;
}

#endif
