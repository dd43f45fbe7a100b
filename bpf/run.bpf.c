// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Owns the maps, and decides whose task this is.
//
// Theory of operation. A run is a slot in `runs`, found by its cgroup only where a task turns up
// that no member bore: its first task, one that is moved in, one whose birth was lost. From then
// on membership is inherited: every birth gives the child a `struct task_account` in its own task
// storage, so that a later event asks one question of the task at hand, and what it costs does
// not grow with the number of runs. Nothing is remembered per processor about the task that runs
// there: some switches raise no event, and such a memory then charges the wrong task.
//
//   process.bpf.c  births, exec (the window opens), tasks moved into the cgroup
//   cpu.bpf.c      every switch charges the task that leaves; its last switch closes it
//   memory.bpf.c   resident pages of every address space, peak of the memory cgroup
//   syscall.bpf.c  system calls by number
//   network.bpf.c  sockets and bytes, by programs attached to the run's cgroup
#include "run.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct runs_map runs SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct tasks_map tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u32);
} slots SEC(".maps");

int slot_of_cgroup(u64 id)
{
	u32 *slot = bpf_map_lookup_elem(&slots, &id);

	return slot ? (int)*slot : -1;
}

void task_begin(struct task_struct *task, struct task_account *account)
{
	account->minor_faults = BPF_CORE_READ(task, min_flt);
	account->major_faults = BPF_CORE_READ(task, maj_flt);
	account->voluntary_switches = BPF_CORE_READ(task, nvcsw);
	account->involuntary_switches = BPF_CORE_READ(task, nivcsw);
	account->migrations = BPF_CORE_READ(task, se.nr_migrations);
	account->user_tick_ns = BPF_CORE_READ(task, utime);
	account->system_tick_ns = BPF_CORE_READ(task, stime);
}

struct task_account *task_seed(struct task_struct *task, u32 slot)
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
	account->slot = slot;
	live = __sync_fetch_and_add(&run->live_tasks, 1) + 1;
	peak_raise(&run->peak_tasks, live);
	return account;
}
