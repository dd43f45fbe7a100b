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

/* Counted where it went on, so a task that is moved about in queues has moved once. */
static __always_inline void note_place(
	struct task_account *account, struct cpu_account *cpu, u32 processor)
{
	u32 before = account->processor - 1;
	volatile const struct place *from, *to;

	if (before >= PLACES)
		return;
	from = &places[before];
	/* Where there are more processors than places, nobody looks at these sums. */
	to = &places[processor & (PLACES - 1)];
	cpu->cache_migrations += ((from->cache ^ to->cache) + 255) >> 8;
	cpu->node_migrations += ((from->node ^ to->node) + 255) >> 8;
}

/* Of the wait that ended when this stint began, what was not spent behind members of the run. */
static __always_inline u64 note_wait(struct task_account *account, struct cpu_account *cpu,
	u32 processor, u64 arrival_ns, u64 wait_ns)
{
	u64 own_ns = cpu->waited_for_own_ns;

	if (!wait_ns)
		return 0;
	cpu->waited_ns += wait_ns;
	/* Moved in the queue: this processor's log is not about all of the wait. */
	if (account->wait_cause != WAIT_PROCESSOR || account->processor == processor + 1)
		noise_name_wait(account->slot, arrival_ns - wait_ns, arrival_ns);
	return wait_ns - (cpu->waited_for_own_ns - own_ns);
}

/* What disturbed one stint and the wait before it. */
struct disturbance {
	u64 waited_ns; /* not for members of the run */
	u64 taken_ns;
};

/* Of the stint in which the window opened: the wait before is the launcher's. */
static __always_inline struct disturbance noise_since_exec(struct task_account *account, u64 gap_ns)
{
	return (struct disturbance){ .taken_ns = at_least_0(gap_ns - account->exec_gap_ns) };
}

/*
 * Of a member that leaves; before its CPU time is charged, and before its absence is settled.
 *
 * Taken is its time on the processor's clock less its time on the task clock: what the host stole
 * and, where the kernel accounts for it, interrupts took. Nothing is known of the first stint of a
 * task that joined. A task that was put back while it went to sleep arrives without a new time,
 * and has not waited.
 */
static __always_inline struct disturbance noise_of_stint(struct task_struct *task,
	struct task_account *account, struct cpu_account *cpu, u64 arrival_ns, u64 gap_ns)
{
	u64 wait_ns = task_run_delay_ns(task) - account->run_delay_ns;
	u32 processor = bpf_get_smp_processor_id();
	struct disturbance noise = {};

	note_place(account, cpu, processor);
	if (account->flags & TASK_JOINED || arrival_ns == account->arrival_ns)
		return noise;
	noise.waited_ns = note_wait(account, cpu, processor, arrival_ns, wait_ns);
	noise.taken_ns = at_least_0(task->se.exec_start + gap_ns - arrival_ns -
				    (task->se.sum_exec_runtime - account->charged_ns));
	return noise;
}

/* Of any member, for its next stint. */
static __always_inline void noise_remember(struct task_account *account, const struct stint *stint)
{
	account->arrival_ns = stint->arrival_ns;
	account->processor = bpf_get_smp_processor_id() + 1;
	account->flags &= ~TASK_JOINED;
}

static __always_inline void noise_main_leaves(
	struct run_account *run, const struct disturbance *noise, u64 gap_ns)
{
	run->clock_gap_ns = gap_ns;
	run->main_waited_ns += noise->waited_ns;
	run->main_taken_ns += noise->taken_ns;
}

#endif
