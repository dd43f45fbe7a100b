// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// System calls: how many of each number and ABI, how many failed, how many a filter refused.
//
// One hook, at the exit, counts calls and errors: half the cost of two, and a dispatch alone is
// most of it. What the exit alone does not tell is added:
//  - exit and exit_group do not return; they are counted at the task's death;
//  - a task's first exit is from its parent's clone, which the parent counts;
//  - rt_sigreturn has overwritten its own number;
//  - a seccomp filter's verdict depends on number and arguments alone, so whether the sandbox's
//    filter refused a failed call follows from its rules, which the launcher hands in.
//
// Below 7.0 the raw tracepoint is attached: it loses nothing and is the cheapest. From 7.0 on
// tracepoints run preemptibly and it loses calls of tasks preempted inside it; there the classic
// tracepoint is attached, which runs with preemption off.
#include "run.bpf.h"
#include "clock.bpf.h"

#define X32_BIT 0x40000000
#define TS_COMPAT 0x0002
#define MAX_ERRNO 4095
#define ENOSYS 38

/* The start of struct pt_regs, fixed since ptrace shows it: nothing for the kernel to look up. */
#define PT_REGS_WORDS 16
struct registers {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

static __always_inline const struct registers *task_registers(struct task_struct *task)
{
	return (const struct registers *)bpf_task_pt_regs(task);
}

static __always_inline u64 register_read(const u64 *from)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), from);
	return value;
}

#ifdef PREEMPTIBLE_TRACEPOINTS
#define SYSCALL_EXIT "tp/raw_syscalls/sys_exit"

/* The kernel's record of this tracepoint is a fixed interface: nothing here is relocated. */
struct syscall_exit {
	u64 header;
	s64 number;
	s64 value;
};

static __always_inline s64 exit_number(const struct syscall_exit *exit)
{
	return exit->number;
}

static __always_inline s64 exit_value(const struct syscall_exit *exit)
{
	return exit->value;
}
#else
#define SYSCALL_EXIT "raw_tp/sys_exit"

struct syscall_exit {
	u64 regs, value; /* the arguments of the kernel's trace_sys_exit() */
};

static __always_inline s64 exit_number(const struct syscall_exit *exit)
{
	const struct registers *registers = (const struct registers *)exit->regs;

	return register_read(&registers->orig_ax);
}

static __always_inline s64 exit_value(const struct syscall_exit *exit)
{
	return exit->value;
}
#endif

/* By ABI: the calls that end a task, and the one that returns from a signal handler. */
static const struct {
	u32 exit, exit_group, rt_sigreturn;
} special_numbers[ABI_COUNT] = {
	[ABI_X86_64] = { 60, 231, 15 },
	[ABI_IA32] = { 1, 252, 173 },
	[ABI_X32] = { 60, 231, 513 },
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ABI_COUNT);
	__type(key, u32);
	__type(value, struct syscall_account);
} syscalls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ABI_COUNT);
	__type(key, u32);
	__type(value, struct refusal_account);
} refusals SEC(".maps");

static __always_inline u32 syscall_abi(struct task_struct *task, s64 number)
{
	if (task->thread_info.status & TS_COMPAT)
		return ABI_IA32;
	return number >= 0 && number & X32_BIT ? ABI_X32 : ABI_X86_64;
}

static __always_inline u64 number_in_abi(u32 abi, s64 number)
{
	return abi == ABI_X32 ? (u32)number & ~X32_BIT : (u32)number;
}

static __always_inline struct syscall_counter *syscall_counter(u32 slot, u32 abi, u64 number)
{
	u32 key = slot * ABI_COUNT + abi;
	struct syscall_account *account = bpf_map_lookup_elem(&syscalls, &key);

	if (!account)
		return 0;
	if (number >= SYSCALL_NUMBERS)
		return &account->unknown;
	/* clang 19 calculates the address before it looks at the bound, which the verifier refuses.
	 */
	barrier_var(number);
	return &account->number[number];
}

/* All that rules look at are 32 bits wide, so that what is above them does not matter. */
static __always_inline bool matches(const struct refusal *rule, const u64 *words)
{
	u64 value = words[rule->place & (PT_REGS_WORDS - 1)] & rule->mask;

	return rule->is_any ? value != 0 : value == rule->value;
}

/*
 * Of the current task's call, which failed. A global function is verified once and by itself:
 * its branches do not multiply those of its caller, which saves a quarter of a millisecond.
 */
__noinline int is_refused(u32 slot, u32 abi, u64 number)
{
	const struct registers *registers = task_registers(bpf_get_current_task_btf());
	u32 key = slot * ABI_COUNT + abi;
	struct refusal_account *rules = bpf_map_lookup_elem(&refusals, &key);
	u64 words[PT_REGS_WORDS];
	struct refusal *pair;
	u32 rule;

	if (!rules || number >= SYSCALL_NUMBERS)
		return false;
	rule = rules->of_number[number];
	if (rule == REFUSED_NEVER || rule == REFUSED_ALWAYS)
		return rule;
	if (bpf_probe_read_kernel(words, sizeof(words), registers))
		return false;
	pair = rules->pairs[(rule - 1) & (REFUSAL_PAIRS - 1)];
	if (matches(&pair[0], words))
		return !pair[0].needs_other || matches(&pair[1], words);
	return !pair[0].needs_other && matches(&pair[1], words);
}

/* A restored register frame has -1 for its call's number, as has a call of that number. */
static __always_inline u64 true_number(u32 abi, s64 number, s64 value)
{
	if (number == -1 && value != -ENOSYS)
		return special_numbers[abi].rt_sigreturn;
	return number_in_abi(abi, number);
}

static __always_inline void count(
	struct task_struct *task, struct task_account *account, s64 number, s64 value)
{
	u32 abi = syscall_abi(task, number);
	u64 index = true_number(abi, number, value);
	struct syscall_counter *counter = syscall_counter(account->slot, abi, index);

	if (!counter)
		return;
	counter->count++;
	if ((u64)value < (u64)-MAX_ERRNO)
		return;
	counter->errors++;
	if (is_refused(account->slot, abi, index))
		counter->denied++;
}

/* The number is asked for late: most tasks of the machine are no members. */
static __always_inline int leave(struct task_struct *task, const struct syscall_exit *exit)
{
	struct task_account *account = task_get(task);

	if (!account)
		return 0;
	if (account->flags & TASK_NEWBORN)
		account->flags &= ~TASK_NEWBORN;
	else if (account->flags & TASK_COUNTED)
		count(task, account, exit_number(exit), exit_value(exit));
	else
		clock_observe(task, account, clock_gap_ns(task));
	return 0;
}

SEC(SYSCALL_EXIT)
int syscall_leaves(struct syscall_exit *exit)
{
	return leave(bpf_get_current_task_btf(), exit);
}

void syscall_count_last(struct task_struct *task, struct task_account *account)
{
	s64 number = register_read(&task_registers(task)->orig_ax);
	u32 abi = syscall_abi(task, number);
	u64 index = number_in_abi(abi, number);
	struct syscall_counter *counter;

	if (index != special_numbers[abi].exit && index != special_numbers[abi].exit_group)
		return;
	counter = syscall_counter(account->slot, abi, index);
	if (counter)
		counter->count++;
}
