/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Who had the processor while a member waited for it, and what was taken from a member that had it.
 *
 * Theory of operation. Each processor keeps a short log of who left it: since when the task had it,
 * its name, and whose member it was. That is all that a switch between tasks of others costs. When
 * a member leaves, the kernel's own count of its waiting (sched_info.run_delay) has grown by the
 * wait that ended when it arrived, and the log, read backwards from that arrival, says who ran
 * meanwhile. All of it is known from the task that leaves: some switches raise no event, and what
 * was remembered of the task that arrives would be wrong.
 *
 * What is not named is counted and never guessed: a wait that began on another processor, one that
 * is longer than the log reaches back, an idle processor that was slow to start.
 */
#ifndef TARE_NOISE_BPF_H
#define TARE_NOISE_BPF_H

#include "run.bpf.h"
#include "kernels.bpf.h"

#define STINTS_AT_ONCE 8
#define CULPRIT_ATTEMPTS 8

static __always_inline struct stint_log *stint_log_get(void)
{
	u32 first = 0;

	return bpf_map_lookup_elem(&stint_logs, &first);
}

/* For every switch of the machine: a look-up and four loads. Returns what it noted. */
static __always_inline struct stint *stint_note(struct task_struct *task, u32 member_of)
{
	struct stint_log *log = stint_log_get();
	const u64 *name = (const u64 *)task->comm;
	struct stint *stint;

	if (!log)
		return 0;
	stint = &log->stints[log->count++ & (STINTS - 1)];
	stint->arrival_ns = task_arrival_ns(task);
	stint->name[0] = name[0];
	stint->name[1] = name[1];
	stint->pid = task->pid;
	stint->member_of = member_of;
	return stint;
}

/* Names what the processor did while a member, the last one that was noted, waited for it. */
__hidden int noise_name_wait(u32 slot, u64 begin_ns, u64 end_ns);

/*
 * The wait that ended when this stint began. Nothing is known of the first stint of a task that
 * joined, and the wait before the stint of the exec is the launcher's.
 */
static __always_inline void note_wait(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu, u64 arrival_ns)
{
	u64 wait_ns = task_run_delay_ns(task) - account->run_delay_ns;
	u64 own_ns = cpu->waited_for_own_ns;

	if (!wait_ns || account->flags & (TASK_AWAITS_BASELINE | TASK_JOINED))
		return;
	cpu->waited_ns += wait_ns;
	/* Moved in the queue: this processor's log is not about all of the wait. */
	if (!(account->flags & TASK_LEFT_RUNNABLE) ||
		account->processor == bpf_get_smp_processor_id() + 1)
		noise_name_wait(account->slot, arrival_ns - wait_ns, arrival_ns);
	if (is_main(account, run))
		run->main_waited_ns += wait_ns - (cpu->waited_for_own_ns - own_ns);
}

/*
 * A member's time on the processor's clock less its time on the task clock: what the host stole
 * and, where the kernel accounts for it, interrupts took. Of the stint in which the window opened,
 * what was taken since. A task that was put back while it went to sleep arrives without a new time.
 */
static __always_inline void note_taken(struct task_struct *task, struct task_account *account,
	struct run_account *run, struct cpu_account *cpu, u64 arrival_ns, u64 gap_ns)
{
	s64 taken_ns = task->se.exec_start + gap_ns - arrival_ns -
		       (task->se.sum_exec_runtime - account->charged_ns);

	if (is_main(account, run))
		run->clock_gap_ns = gap_ns;
	if (account->flags & TASK_AWAITS_BASELINE)
		taken_ns = gap_ns - account->exec_gap_ns;
	else if (account->flags & TASK_JOINED || arrival_ns == account->arrival_ns)
		return;
	if (taken_ns <= 0)
		return;
	cpu->taken_ns += taken_ns;
	if (is_main(account, run))
		run->main_taken_ns += taken_ns;
}

/* Counted where it went on, so a task that is moved about in queues has moved once. */
static __always_inline void note_place(
	struct task_account *account, struct cpu_account *cpu, u32 processor)
{
	u32 before = account->processor - 1;
	volatile const struct place *from, *to;

	if (before == processor || before >= PLACES || processor >= PLACES)
		return;
	from = &places[before];
	to = &places[processor];
	cpu->cache_migrations += from->cache != to->cache;
	cpu->node_migrations += from->node != to->node;
}

/*
 * A member leaves its processor, and was noted; before its CPU time is charged, and before the wait
 * is accounted for (wall.bpf.h).
 */
static __always_inline void noise_member_leaves(struct task_struct *task,
	struct task_account *account, struct run_account *run, struct cpu_account *cpu,
	const struct stint *stint, u64 gap_ns)
{
	u32 processor = bpf_get_smp_processor_id();

	if (!stint)
		return;
	if (account->flags & TASK_COUNTED) {
		note_place(account, cpu, processor);
		note_wait(task, account, run, cpu, stint->arrival_ns);
		note_taken(task, account, run, cpu, stint->arrival_ns, gap_ns);
	}
	account->arrival_ns = stint->arrival_ns;
	account->processor = processor + 1;
	account->flags &= ~(TASK_JOINED | TASK_LEFT_RUNNABLE);
	if (!task->__state)
		account->flags |= TASK_LEFT_RUNNABLE;
}

#endif
