// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Births, exec and tasks that join: who becomes a member, and when the window opens.
#include "run.bpf.h"
#include "kernels.bpf.h"
#include "limit.bpf.h"
#include "times.bpf.h"

static __always_inline bool is_same_process(struct task_struct *a, struct task_struct *b)
{
	return BPF_CORE_READ(a, tgid) == BPF_CORE_READ(b, tgid);
}

static __always_inline bool is_leader(struct task_struct *task)
{
	return BPF_CORE_READ(task, tgid) == BPF_CORE_READ(task, pid);
}

static __always_inline void count_birth(struct run_account *run, bool is_thread)
{
	count_add(&run->tasks, 1);
	if (!is_thread)
		count_add(&run->processes, 1);
}

/* A child of a member is a member, wherever it was put. */
static __always_inline void birth_inherit(void *context, struct task_account *parent_account,
	struct task_struct *parent, struct task_struct *child)
{
	bool is_thread = is_same_process(parent, child);
	struct run_account *run = run_get(parent_account->slot);
	struct task_account *account = task_seed(child, parent_account->slot);

	if (!run || !account)
		return;
	account->flags = parent_account->flags & TASK_COUNTED;
	account->flags |= TASK_NEWBORN;
	if (is_thread)
		account->flags |= parent_account->flags & TASK_OF_COMMAND;
	if (!(account->flags & TASK_COUNTED))
		return;
	count_birth(run, is_thread);
	limit_check_birth(context, run, parent_account->slot);
}

/*
 * task_newtask sees io_uring workers, which sched_process_fork does not. From 7.0 on it runs
 * preemptibly and loses births; there sched_wakeup_new is taken, which runs with preemption off,
 * and where the current task is the parent as well.
 */
#ifdef PREEMPTIBLE_TRACEPOINTS
SEC("tp_btf/sched_wakeup_new")
#else
SEC("tp_btf/task_newtask")
#endif
int BPF_PROG(birth, struct task_struct *child)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct task_account *parent_account = task_get(parent);

	if (parent_account)
		birth_inherit(ctx, parent_account, parent, child);
	return 0;
}

struct cgroup___id {
	struct kernfs_node *kn;
} __attribute__((preserve_access_index));

/* A task moved into the cgroup counts from now on. It is off its CPU, or the mover itself. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(join_cgroup, struct cgroup *cgroup, const char *path, struct task_struct *task,
	bool threads)
{
	struct task_account *account;
	struct run_account *run;
	int slot;

	if (task_get(task))
		return 0;
	slot = slot_of_cgroup(BPF_CORE_READ((struct cgroup___id *)cgroup, kn, id));
	if (slot < 0)
		return 0;
	run = run_get(slot);
	account = task_seed(task, slot);
	if (!run || !account)
		return 0;
	account->charged_ns = account->limited_ns = task->se.sum_exec_runtime;
	task_begin(task, account);
	account->flags = TASK_JOINED;
	if (run->exec_ns) {
		account->flags |= TASK_COUNTED;
		count_birth(run, !is_leader(task));
		if (is_leader(task))
			count_add(&run->moved_in, 1);
	}
	return 0;
}

static __always_inline void window_open(
	struct run_account *run, struct task_struct *task, struct task_account *account)
{
	run->is_clock_known = account->flags & TASK_CLOCK_OBSERVED;
	account->exec_gap_ns = clock_gap_ns(task);
	account->exec_start_ns = task->se.exec_start;
	account->limited_ns = task->se.sum_exec_runtime + run->exec_ns - account->clock_lag_ns -
			      account->exec_gap_ns - account->exec_start_ns;
	task_begin(task, account);
	run->io_counted_bytes = io_counted_bytes(task);
	count_birth(run, false);
	run->has_waits = task_has_sched_info();
	if (has_syscall_times)
		call_begin(task, account, run->exec_ns); /* the rest of the exec */
	account->flags |= TASK_COUNTED | TASK_OF_COMMAND | TASK_AWAITS_BASELINE;
}

/*
 * The first exec makes its task the main thread, and so does every exec by another thread of the
 * command's process: it takes the place of the main thread, which has just ended.
 */
static __always_inline void become_main(
	struct run_account *run, struct task_account *account, u64 now_ns)
{
	if (!(account->flags & TASK_OF_COMMAND) || is_main(account, run))
		return;
	account->main_epoch = ++run->main_epoch;
	account->exec_ns = now_ns;
	account->flags |= TASK_BECOMES_MAIN;
}

/* A run's first successful exec, by whichever member, opens its window; later ones only count. */
SEC("raw_tp/sched_process_exec")
int exec(void *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_account *account = task_get(task);
	u64 now_ns = bpf_ktime_get_ns();
	struct run_account *run;

	if (!account) {
		int slot = slot_of_cgroup(bpf_get_current_cgroup_id());

		account = slot < 0 ? 0 : task_seed(task, slot);
		if (!account)
			return 0;
	}
	run = run_get(account->slot);
	if (!run)
		return 0;
	if (__sync_val_compare_and_swap(&run->exec_ns, 0, now_ns) == 0)
		window_open(run, task, account);
	become_main(run, account, now_ns);
	count_add(&run->execs, 1);
	return 0;
}
