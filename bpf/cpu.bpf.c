// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CPU time: every switch charges the task that leaves; its last switch closes its account.
//
// se.sum_exec_runtime is brought up to date by the scheduler just before the switch, so the sum
// of its steps equals the cgroup's own cpu.stat to the nanosecond. At sched_process_exit it would
// be stale: only the switch out of a dead task has the last value.
#include "run.bpf.h"
#include "clock.bpf.h"
#include "limit.bpf.h"
#include "noise.bpf.h"
#include "timeline.bpf.h"
#include "wall.bpf.h"

const volatile u8 wait_of_number[ABI_COUNT][SYSCALL_NUMBERS] = {};

static __always_inline void charge(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu)
{
	u64 run_ns = task->se.sum_exec_runtime;
	u64 step_ns = run_ns - account->charged_ns;

	account->charged_ns = run_ns;
	if (!(account->flags & TASK_COUNTED)) {
		cpu->before_window_ns += step_ns;
		return;
	}
	cpu->cpu_ns += step_ns;
	limit_add_cpu(run, account, run_ns);
}

/*
 * What the current task has counted since then, at its end. Global, so that the verifier looks at
 * it once, and not for each of its callers.
 */
__noinline int counters_close(const struct task_account *since, struct cpu_account *cpu)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!since || !cpu)
		return 0;
	cpu->minor_faults += task->min_flt - since->minor_faults;
	cpu->major_faults += task->maj_flt - since->major_faults;
	cpu->voluntary_switches += task->nvcsw - since->voluntary_switches;
	cpu->involuntary_switches += task->nivcsw - since->involuntary_switches;
	cpu->migrations += task->se.nr_migrations - since->migrations;
	cpu->user_tick_ns += task->utime - since->user_tick_ns;
	cpu->system_tick_ns += task->stime - since->system_tick_ns;
	io_add(task, &since->io, &cpu->io);
	return 0;
}

static __always_inline void close_member(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu)
{
	u64 now_ns = bpf_ktime_get_ns();

	run->last_death_ns = now_ns;
	if (account->flags & TASK_COUNTED) {
		counters_close(account, cpu);
		syscall_count_last(account->slot);
	}
	if (account->flags & TASK_OF_COMMAND)
		run->main_death_ns = now_ns;
	if (is_main(account, run))
		run->main_thread_death_ns = now_ns;
	count_add(&run->dead_tasks, 1);
	count_add((u64 *)&run->live_tasks, -1);
}

/* What such a task has counted before; nobody writes it. */
struct task_account no_account;

/* A task of a run's cgroup that dies without an account: its birth was lost. It counts whole. */
static __always_inline void close_unknown(struct task_struct *task)
{
	int slot = slot_of_cgroup(bpf_get_current_cgroup_id());
	struct run_account *run;
	struct cpu_account *cpu;

	if (slot < 0)
		return;
	run = run_get(slot);
	cpu = cpu_get(slot);
	if (!run || !cpu)
		return;
	cpu->cpu_ns += task->se.sum_exec_runtime;
	counters_close(&no_account, cpu);
	count_add(&run->fallback_deaths, 1);
	run->last_death_ns = bpf_ktime_get_ns();
}

/*
 * Before the window, as a look at them is wanted from then, and after an exec. One condition for
 * three flags.
 */
static __always_inline bool needs_clocks(const struct task_account *account)
{
	return (account->flags ^ TASK_COUNTED) &
	       (TASK_COUNTED | TASK_AWAITS_BASELINE | TASK_BECOMES_MAIN);
}

/* Of a member inside the window: where its time went, on this processor and before. */
static __always_inline void settle(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu, const struct stint *stint, u64 gap_ns,
	bool is_preempted)
{
	u64 now_ns = task->se.exec_start + gap_ns;
	struct disturbance noise;
	struct absence absence;

	if (account->flags & TASK_AWAITS_BASELINE) {
		noise = noise_since_exec(account, gap_ns);
		baseline_settle(task, account, run, cpu, gap_ns);
	} else {
		noise = noise_of_stint(task, account, cpu, stint->arrival_ns, gap_ns);
	}
	cpu->taken_ns += noise.taken_ns;
	absence = wall_leave(task, account, cpu, now_ns, is_preempted);
	if (!is_main(account, run))
		return;
	noise_main_leaves(run, &noise, gap_ns);
	wall_main_leaves(account, run, &absence, now_ns);
}

/* The arguments of the kernel's trace_sched_switch(). */
struct switch_arguments {
	u64 is_preempted;
};

/* At this tracepoint the task that leaves is still the current one. */
SEC("raw_tp/sched_switch")
int task_leaves(struct switch_arguments *arguments)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_account *account = task_get(task);
	struct stint *stint = stint_note(task, account ? account->slot + 1 : 0);
	u64 gap_ns;
	struct run_account *run;
	struct cpu_account *cpu;

	if (!account) {
		if (task->__state & TASK_DEAD)
			close_unknown(task);
		return 0;
	}
	run = run_get(account->slot);
	cpu = cpu_get(account->slot);
	if (!stint || !run || !cpu)
		return 0;
	gap_ns = clock_gap_ns(task);
	if (needs_clocks(account))
		clock_observe(task, account, gap_ns);
	if (account->flags & TASK_COUNTED)
		settle(task, account, run, cpu, stint, gap_ns, arguments->is_preempted);
	noise_remember(account, stint);
	charge(task, account, run, cpu);
	if (task->__state & TASK_DEAD)
		close_member(task, account, run, cpu);
	if (has_timeline)
		timeline_note(run, account->slot);
	return 0;
}
