// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// The CPU time limit: a fine tick near it, for the scheduler's own books are milliseconds old.
//
// Theory of operation. Every switch adds what the leaving task has used. A task that runs on
// without a switch is brought up to date by the scheduler only at its ticks, every 4 ms at 250 Hz.
// So when little is left the launcher arms a clock event of 250 us on every processor, and this
// program works out where the task at hand is between two of the scheduler's updates: exec_start
// is when the last one was, on the processor's clock, and the least distance ever seen between
// CLOCK_MONOTONIC and that clock tells what time it is there.
#include "limit.bpf.h"
#include "kernels.bpf.h"
#include "timeline.bpf.h"

const volatile bool has_limits = false;

/* Between two ticks of the scheduler, set before loading. */
const volatile u64 scheduler_tick_ns = 10000000;

/*
 * CLOCK_MONOTONIC is slewed and the processors' clocks are not, by 500 parts in a million at most.
 * So the least distance grows older: by one part in 256, which is eight times as much.
 */
#define DISTANCE_AGE_SHIFT 8

struct distance {
	s64 least_ns;
	u64 aged_at_ns; /* 0: never */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct distance);
} clock_distance SEC(".maps");

/*
 * How long ago the scheduler brought this task, which is running, up to date. After more than its
 * tick the processor itself was away, taken by the host: how much of that was the task's own time
 * only the scheduler's next look can tell, which is due now.
 */
static __always_inline u64 since_update_ns(struct task_struct *task)
{
	u64 now_ns = bpf_ktime_get_ns();
	s64 distance_ns = now_ns - task->se.exec_start - clock_gap_ns(task);
	u32 first = 0;
	struct distance *distance = bpf_map_lookup_elem(&clock_distance, &first);
	u64 since_ns;

	if (!distance)
		return 0;
	distance->least_ns += (now_ns - distance->aged_at_ns) >> DISTANCE_AGE_SHIFT;
	if (!distance->aged_at_ns || distance_ns < distance->least_ns)
		distance->least_ns = distance_ns;
	distance->aged_at_ns = now_ns;
	since_ns = distance_ns - distance->least_ns;
	return since_ns > scheduler_tick_ns + scheduler_tick_ns / 4 ? 0 : since_ns;
}

static __always_inline void check_cpu(void *context, struct run_account *run, u32 slot)
{
	u64 used_ns = run->limited_cpu_ns;

	if (run->soft_cpu_limit_ns && used_ns >= run->soft_cpu_limit_ns &&
		__sync_val_compare_and_swap(&run->soft_limit_fired, 0, 1) == 0)
		launcher_wake(context, run, slot);
	if (used_ns >= run->cpu_limit_ns)
		limit_enforce(context, run, slot, LIMIT_CPU);
}

SEC("perf_event")
int limit_tick(void *context)
{
	struct task_struct *task;
	struct task_account *account;
	struct run_account *run;

	if (!has_limits)
		return 0;
	task = bpf_get_current_task_btf();
	account = task_get_counted(task);
	run = account ? run_get(account->slot) : 0;
	if (!run || !run->cpu_limit_ns)
		return 0;
	limit_add_cpu(run, account, task->se.sum_exec_runtime + since_update_ns(task));
	check_cpu(context, run, account->slot);
	if (has_timeline)
		timeline_note(run, account->slot);
	return 0;
}
