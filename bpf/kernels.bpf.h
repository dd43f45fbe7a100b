/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Where kernels differ: one plainly named function each, with the version that made it so. */
#ifndef TARE_KERNELS_BPF_H
#define TARE_KERNELS_BPF_H

#include "kernel_types.bpf.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Before 6.2 (f1a7941243c1) an mm counts in plain atomics, and each thread holds back up to 64. */
struct mm_rss_stat___before_6_2 {
	atomic_long_t count[4];
};

struct task_rss_stat___before_6_2 {
	int count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat;
};

struct task_struct___before_6_2 {
	struct task_rss_stat___before_6_2 rss_stat;
};

static __always_inline bool mm_counts_per_cpu(void)
{
	return !bpf_core_field_exists(struct task_struct___before_6_2, rss_stat);
}

/*
 * The part of an mm counter that all processors share, in pages. What is asked of mm_struct here
 * has an answer on every kernel: the compiler moves such a question out of a branch that is never
 * taken, and a kernel that cannot answer refuses the program.
 */
static __always_inline s64 mm_shared_count(struct mm_struct *mm, u32 member)
{
	s64 count = 0;

	if (mm_counts_per_cpu()) {
		const void *counters = (const void *)mm + bpf_core_field_offset(mm->rss_stat);

		counters += member * bpf_core_type_size(struct percpu_counter);
		bpf_core_read(&count, sizeof(count), &((struct percpu_counter *)counters)->count);
	} else {
		const void *counters =
			(const void *)mm +
			bpf_core_field_offset(((struct mm_struct___before_6_2 *)mm)->rss_stat);

		barrier();
		bpf_probe_read_kernel(&count, sizeof(count), counters + member * sizeof(count));
	}
	return count;
}

/* The base of an mm counter's per-CPU parts; 0 where there are none. */
static __always_inline u64 mm_parts_base(struct mm_struct *mm, u32 member)
{
	const void *counters;
	u64 base = 0;

	if (!mm_counts_per_cpu())
		return 0;
	counters = (const void *)mm + bpf_core_field_offset(mm->rss_stat);
	counters += member * bpf_core_type_size(struct percpu_counter);
	bpf_core_read(&base, sizeof(base), &((struct percpu_counter *)counters)->counters);
	return base;
}

/*
 * Of these, whose types have hundreds of members, only what is read here. The kernel checks every
 * type of an object at every start.
 */
struct rq___clocks {
	u64 clock;
	u64 clock_task;
} __attribute__((preserve_access_index));

struct cfs_rq___owner {
	struct rq___clocks *rq;
} __attribute__((preserve_access_index));

/*
 * How far the task clock of this processor is behind its clock: time that the host stole or, where
 * the kernel accounts for it, interrupts took. As old as the processor's last clock update.
 * Kernels without FAIR_GROUP_SCHED have no way from a task to its run queue.
 */
static __always_inline u64 clock_gap_ns(struct task_struct *task)
{
	struct cfs_rq___owner *cfs_rq;
	struct rq___clocks *rq;

	if (!bpf_core_field_exists(task->se.cfs_rq))
		return 0;
	barrier();
	cfs_rq = (struct cfs_rq___owner *)BPF_CORE_READ(task, se.cfs_rq);
	rq = BPF_CORE_READ(cfs_rq, rq);
	return BPF_CORE_READ(rq, clock) - BPF_CORE_READ(rq, clock_task);
}

/* Between 6.18 and 7.2 this count moved from the cgroup into its cgroup_subsys_state. */
struct cgroup___before_7_2 {
	int nr_populated_csets;
} __attribute__((preserve_access_index));

struct cgroup_subsys_state___from_7_2 {
	int nr_populated_csets;
} __attribute__((preserve_access_index));

/* Whether processes are in the cgroup itself. */
static __always_inline bool cgroup_has_processes(struct cgroup *cgroup)
{
	const void *self = (const void *)cgroup + bpf_core_field_offset(struct cgroup, self);

	if (bpf_core_field_exists(struct cgroup___before_7_2, nr_populated_csets))
		return BPF_CORE_READ((struct cgroup___before_7_2 *)cgroup, nr_populated_csets);
	barrier();
	return BPF_CORE_READ(
		(const struct cgroup_subsys_state___from_7_2 *)self, nr_populated_csets);
}

/* Kernels without SCHED_INFO do not know how long a task waited for a processor. */
static __always_inline bool task_has_sched_info(void)
{
	return bpf_core_field_exists(struct task_struct, sched_info.run_delay);
}

/* All that the task has spent on run queues, up to when it came to the processor it is on. */
static __always_inline u64 task_run_delay_ns(struct task_struct *task)
{
	if (!task_has_sched_info())
		return 0;
	barrier();
	return task->sched_info.run_delay;
}

/* When that was, on the processor's clock. */
static __always_inline u64 task_arrival_ns(struct task_struct *task)
{
	if (!task_has_sched_info())
		return 0;
	barrier();
	return task->sched_info.last_arrival;
}

#endif
