/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The distance between CLOCK_MONOTONIC and a processor's clock, for the moment of the exec. */
#ifndef TARE_CLOCK_BPF_H
#define TARE_CLOCK_BPF_H

#include "run.bpf.h"
#include "kernels.bpf.h"

/*
 * How far this clock is ahead of the processor's clock as the task's exec_start knows it: the
 * distance between two clocks that run alike, plus however old exec_start is. So the least
 * distance ever seen is the best, on whichever processor. The launcher reads its CPU clock just
 * before the exec, which brings exec_start up to date, and the return of that call is a look at it.
 */
static __always_inline void clock_observe(
	struct task_struct *task, struct task_account *account, u64 gap_ns)
{
	s64 lag_ns = bpf_ktime_get_ns() - task->se.exec_start - gap_ns;

	if (account->flags & TASK_CLOCK_OBSERVED && account->clock_lag_ns <= lag_ns)
		return;
	account->clock_lag_ns = lag_ns;
	account->flags |= TASK_CLOCK_OBSERVED;
}

/*
 * Splits the first task's CPU time at the exec, at its first switch after it. It ran from the last
 * update of its clock before the exec to here without a break, so the sum and the clock it was
 * brought up to date with have a fixed distance, and where the exec lies on that clock follows
 * from the best look at the distance between the clocks: of those before the exec and the one
 * here. What the host stole in between is known only as a sum; the share of it that is likely to
 * lie between that last update and the exec is the doubt that remains.
 */
static __always_inline void baseline_settle(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu, u64 gap_ns)
{
	u64 stolen_ns = gap_ns - account->exec_gap_ns;
	u64 stint_ns = task->se.exec_start - account->exec_start_ns;
	u64 exec_on_task_clock_ns, used_ns;

	clock_observe(task, account, gap_ns);
	exec_on_task_clock_ns = run->exec_ns - account->clock_lag_ns - account->exec_gap_ns;
	used_ns = task->se.sum_exec_runtime - (task->se.exec_start - exec_on_task_clock_ns);
	run->baseline_ns = used_ns;
	if (stint_ns)
		run->baseline_doubt_ns =
			stolen_ns * (exec_on_task_clock_ns - account->exec_start_ns) / stint_ns;
	cpu->before_window_ns += used_ns - account->charged_ns;
	account->charged_ns = used_ns;
	account->flags &= ~TASK_AWAITS_BASELINE;
}

#endif
