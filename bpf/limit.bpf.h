/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* A run's limits as the other subjects meet them: what is used, and what happens when it is up. */
#ifndef TARE_LIMIT_BPF_H
#define TARE_LIMIT_BPF_H

#include "run.bpf.h"
#include "event.bpf.h"

#define SIGKILL 9

/*
 * Whether any run may have limits, set before loading. A constant to the verifier: without limits
 * nothing of what follows is there, and no start pays for it.
 */
#ifdef WITHOUT_OPTIONS
#define has_limits false
#else
extern const volatile bool has_limits;
#endif

/*
 * The first limit that is passed is the reason; the launcher hears of it once and kills the tree.
 * The task at hand, which passed it or runs on after it was passed, is killed here and now.
 */
static __always_inline void limit_enforce(
	void *context, struct run_account *run, u32 slot, u32 limit)
{
	if (__sync_val_compare_and_swap(&run->limit_fired, 0, limit) == 0)
		launcher_wake(context, run, slot);
	bpf_send_signal(SIGKILL);
}

/* Adds what a task has used since it was last added; the ticks look whether it is too much. */
static __always_inline void limit_add_cpu(
	struct run_account *run, struct task_account *account, u64 run_ns)
{
	if (!has_limits || !run->cpu_limit_ns || run_ns <= account->limited_ns)
		return;
	count_add(&run->limited_cpu_ns, run_ns - account->limited_ns);
	account->limited_ns = run_ns;
}

/* Of the task that bore one. After any limit it is killed, before it bears another. */
static __always_inline void limit_check_birth(void *context, struct run_account *run, u32 slot)
{
	if (!has_limits)
		return;
	if (run->limit_fired)
		bpf_send_signal(SIGKILL);
	else if (run->task_limit && run->live_tasks > (s64)run->task_limit)
		limit_enforce(context, run, slot, LIMIT_TASKS);
}

/* After pages were added: by a member, for what reclaims only takes. */
static __always_inline void limit_check_memory(
	void *context, struct run_account *run, u32 slot, s64 pages)
{
	if (has_limits && run->rss_limit_pages && pages > (s64)run->rss_limit_pages)
		limit_enforce(context, run, slot, LIMIT_MEMORY);
}

#endif
