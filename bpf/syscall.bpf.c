// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// System calls: how many of each number and ABI, how many failed, how many a filter refused.
//
// Where calls are timed, a second hook, at the entry, notes when they begin (times.bpf.h).
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
#include "registers.bpf.h"
#include "times.bpf.h"

#define MAX_ERRNO 4095
#define ENOSYS 38

#ifdef PREEMPTIBLE_TRACEPOINTS
#define SYSCALL_ENTRY "tp/raw_syscalls/sys_enter"
#define SYSCALL_EXIT "tp/raw_syscalls/sys_exit"

/* The kernel's record of this tracepoint is a fixed interface: nothing here is relocated. */
struct syscall_exit {
	u64 header;
	s64 number;
	s64 value;
};

static __always_inline s64 exit_number(struct task_struct *task, const struct syscall_exit *exit)
{
	(void)task; /* the other variant's */
	return exit->number;
}

static __always_inline s64 exit_value(const struct syscall_exit *exit)
{
	return exit->value;
}
#else
#define SYSCALL_ENTRY "raw_tp/sys_enter"
#define SYSCALL_EXIT "raw_tp/sys_exit"

struct syscall_exit {
	u64 regs, value; /* the arguments of the kernel's trace_sys_exit() */
};

/* From the task: the verifier knows its registers, so a plain load will do: 2 ns less a call. */
static __always_inline s64 exit_number(struct task_struct *task, const struct syscall_exit *exit)
{
	(void)exit;
	return task_registers(task)->orig_ax;
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

#ifndef WITHOUT_OPTIONS
const volatile bool has_syscall_times = false;
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ABI_COUNT);
	__type(key, u32);
	__type(value, struct syscall_account);
} syscalls SEC(".maps");

#ifndef WITHOUT_OPTIONS
struct syscall_entries_map syscall_entries SEC(".maps");
#endif

struct refusals_map refusals SEC(".maps");

static __always_inline struct syscall_counter *syscall_in_table(u32 slot, u32 abi, u64 number)
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

#ifdef WITHOUT_OPTIONS
#define syscall_counter(slot, abi, number) syscall_in_table(slot, abi, number)
#else
/* A function of its own for the verifier's sake, as is_refused(). */
__noinline int entry_make(u32 slot, u32 place)
{
	u64 key = SYSCALL_ENTRY_KEY(slot, place, bpf_get_smp_processor_id());
	struct run_account *run = run_get(slot);
	struct syscall_entry fresh = {};
	u32 word = place / 64;

	if (!run || word >= SYSCALL_WORDS)
		return 0;
	fresh.generation = run->generation;
	/* The bit first: an entry without one would stay for ever. */
	__sync_fetch_and_or(&run->syscalls_seen[word], 1ULL << place % 64);
	if (bpf_map_update_elem(&syscall_entries, &key, &fresh, BPF_NOEXIST))
		count_add(&run->lost_map_updates, 1);
	return 0;
}

static __always_inline struct syscall_counter *syscall_entry(u32 slot, u32 place)
{
	u64 key = SYSCALL_ENTRY_KEY(slot, place, bpf_get_smp_processor_id());
	struct syscall_entry *entry = bpf_map_lookup_elem(&syscall_entries, &key);
	struct run_account *run = run_get(slot);

	if (!entry) {
		entry_make(slot, place);
		entry = bpf_map_lookup_elem(&syscall_entries, &key);
	}
	if (!entry || !run)
		return 0;
	if (entry->generation != run->generation)
		*entry = (struct syscall_entry){ .generation = run->generation };
	return &entry->counter;
}

static __always_inline struct syscall_counter *syscall_counter(u32 slot, u32 abi, u64 number)
{
	if (is_shared)
		return syscall_entry(slot, SYSCALL_PLACE(abi, number));
	return syscall_in_table(slot, abi, number);
}
#endif

/* All that rules look at are 32 bits wide, so that what is above them does not matter. */
static __always_inline bool matches(const struct refusal *rule, const u64 *words)
{
	u64 value = words[rule->place & (PT_REGS_WORDS - 1)] & rule->mask;

	return rule->is_any ? value != 0 : value == rule->value;
}

static __always_inline bool is_refused(
	const struct registers *registers, u32 slot, u32 abi, u64 number)
{
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

/* The calls that make sockets; ia32's older one is told which is meant, and where its words are. */
enum {
	SOCKET = 41,
	SOCKETPAIR = 53,
	IA32_SOCKET = 359,
	IA32_SOCKETPAIR = 360,
	IA32_SOCKETCALL = 102,
	SOCKETCALL_SOCKET = 1,
	SOCKETCALL_SOCKETPAIR = 8,
};

static __always_inline bool may_make_sockets(u32 abi, u64 number)
{
	if (abi == ABI_IA32)
		return number == IA32_SOCKET || number == IA32_SOCKETPAIR ||
		       number == IA32_SOCKETCALL;
	return number == SOCKET || number == SOCKETPAIR;
}

static __always_inline void count_sockets(
	const struct registers *registers, u32 slot, u32 abi, u64 number)
{
	u32 first = register_read(abi == ABI_IA32 ? &registers->bx : &registers->di);
	bool is_pair = number == SOCKETPAIR || number == IA32_SOCKETPAIR;
	struct run_account *run = run_get(slot);
	u32 family = first;

	if (number == IA32_SOCKETCALL) {
		is_pair = first == SOCKETCALL_SOCKETPAIR;
		if (!is_pair && first != SOCKETCALL_SOCKET)
			return;
		bpf_probe_read_user(
			&family, sizeof(family), (void *)(u64)(u32)register_read(&registers->cx));
	}
	if (run && family < SOCKET_FAMILIES)
		count_add(&run->sockets_by_call[family], is_pair ? 2 : 1);
}

/*
 * A second look at the current task's call, which failed or made a socket: was it refused? A global
 * function is verified once and by itself: its branches do not multiply those of its caller, which
 * saves a quarter of a millisecond.
 */
__noinline int look_closer(u32 slot, u32 abi, u64 number, bool has_failed)
{
	const struct registers *registers = task_registers(bpf_get_current_task_btf());

	if (has_failed)
		return is_refused(registers, slot, abi, number);
	count_sockets(registers, slot, abi, number);
	return false;
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
	if (has_syscall_times)
		call_end(task, account, abi, index);
	if ((u64)value < (u64)-MAX_ERRNO) {
		if (may_make_sockets(abi, index))
			look_closer(account->slot, abi, index, false);
		return;
	}
	counter->errors++;
	if (look_closer(account->slot, abi, index, true))
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
		count(task, account, exit_number(task, exit), exit_value(exit));
	else
		clock_observe(task, account, clock_gap_ns(task));
	return 0;
}

#ifndef WITHOUT_OPTIONS
/* Global, for each of its 32 ways would else be one of its callers'. */
__noinline int time_bucket(u64 time_ns)
{
	u32 log2 = 0;

	for (u32 step = 32; step; step /= 2) {
		if (time_ns >> step) {
			time_ns >>= step;
			log2 += step;
		}
	}
	return log2 < TIME_BUCKETS ? log2 : TIME_BUCKETS - 1;
}

/* Attached only where calls are timed. */
SEC(SYSCALL_ENTRY)
int syscall_enters(void *context)
{
	struct task_struct *task;
	struct task_account *account;

	if (!has_syscall_times)
		return 0;
	task = bpf_get_current_task_btf();
	account = task_get(task);
	if (account)
		call_begin(task, account, bpf_ktime_get_ns());
	return 0;
}
#endif

SEC(SYSCALL_EXIT)
int syscall_leaves(struct syscall_exit *exit)
{
	return leave(bpf_get_current_task_btf(), exit);
}

static __always_inline void time_last(struct task_struct *task, u32 abi, u64 index)
{
	struct task_account *account = task_get(task);

	if (account)
		call_end(task, account, abi, index);
}

__noinline int syscall_count_last(u32 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	s64 number = register_read(&task_registers(task)->orig_ax);
	u32 abi = syscall_abi(task, number);
	u64 index = number_in_abi(abi, number);
	struct syscall_counter *counter;

	if (index != special_numbers[abi].exit && index != special_numbers[abi].exit_group)
		return 0;
	counter = syscall_counter(slot, abi, index);
	if (counter)
		counter->count++;
	if (has_syscall_times)
		time_last(task, abi, index);
	return 0;
}
