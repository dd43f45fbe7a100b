// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// System calls: how many of each number and ABI, how many failed, how many a filter refused.
//
// Entry counts, exit tells errors. A call that a seccomp filter refuses never raises the entry
// event but does raise the exit event: an exit without an entry is a refusal.
//
// Below 7.0 the raw tracepoint pair is attached: it loses nothing and is the cheapest. From 7.0 on
// tracepoints run preemptibly and raw tracepoint loses calls of tasks preempted inside it; there
// the classic tracepoints are attached, which run with preemption off.
#include "run.bpf.h"

#define X32_BIT 0x40000000
#define TS_COMPAT 0x0002
#define NR_EXECVE_X86_64 59
#define MAX_ERRNO 4095

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ABI_COUNT);
	__type(key, u32);
	__type(value, struct syscall_account);
} syscalls SEC(".maps");

static __always_inline u32 syscall_abi(struct task_struct *task, u64 number)
{
	if (task->thread_info.status & TS_COMPAT)
		return ABI_IA32;
	return number & X32_BIT ? ABI_X32 : ABI_X86_64;
}

static __always_inline struct syscall_counter *syscall_counter(
	struct task_struct *task, u32 slot, long number)
{
	u32 abi = syscall_abi(task, number);
	u32 key = slot * ABI_COUNT + abi;
	struct syscall_account *account = bpf_map_lookup_elem(&syscalls, &key);
	u64 index = (u32)number;

	if (!account)
		return 0;
	if (abi == ABI_X32)
		index &= ~X32_BIT;
	return index < SYSCALL_NUMBERS ? &account->number[index] : &account->unknown;
}

void syscall_count_exec(struct task_struct *task, u32 slot)
{
	struct syscall_counter *counter = syscall_counter(task, slot, NR_EXECVE_X86_64);

	if (counter)
		count_add(&counter->count, 1);
}

static __always_inline int enter(struct task_struct *task, long number)
{
	struct task_account *account = task_get(task);
	struct syscall_counter *counter;

	if (!account)
		return 0;
	if (!(account->flags & TASK_COUNTED)) {
		clock_observe(task, account);
		return 0;
	}
	account->flags |= TASK_IN_SYSCALL;
	counter = syscall_counter(task, account->slot, number);
	if (counter)
		counter->count++;
	return 0;
}

static __always_inline int leave(struct task_struct *task, long number, long value)
{
	struct task_account *account = task_get_counted(task);
	struct syscall_counter *counter;
	bool was_entered;

	if (!account)
		return 0;
	was_entered = account->flags & TASK_IN_SYSCALL;
	account->flags &= ~TASK_IN_SYSCALL;
	if (was_entered && (u64)value < (u64)-MAX_ERRNO)
		return 0;
	counter = syscall_counter(task, account->slot, number);
	if (!counter)
		return 0;
	counter->errors++;
	if (!was_entered) {
		counter->count++;
		counter->denied++;
	}
	return 0;
}

#ifdef PREEMPTIBLE_TRACEPOINTS

/* The kernel's records of these tracepoints are a fixed interface: nothing here is relocated. */
struct syscall_record {
	u64 header;
	s64 number;
	s64 value_or_argument;
};

SEC("tp/raw_syscalls/sys_enter")
int syscall_enters(struct syscall_record *record)
{
	return enter(bpf_get_current_task_btf(), record->number);
}

SEC("tp/raw_syscalls/sys_exit")
int syscall_leaves(struct syscall_record *record)
{
	return leave(bpf_get_current_task_btf(), record->number, record->value_or_argument);
}

#else

SEC("raw_tp/sys_enter")
int BPF_PROG(syscall_enters, struct pt_regs *regs, long number)
{
	return enter(bpf_get_current_task_btf(), number);
}

SEC("raw_tp/sys_exit")
int BPF_PROG(syscall_leaves, struct pt_regs *regs, long value)
{
	return leave(bpf_get_current_task_btf(), BPF_CORE_READ(regs, orig_ax), value);
}

#endif
