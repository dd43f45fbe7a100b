/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * How long each system call takes, if that was asked for.
 *
 * From the entry to the return, by CLOCK_MONOTONIC. What of it the task was on no processor it
 * knows from its switches, the last absence from when it came back; the rest is CPU time.
 */
#ifndef TARE_TIMES_BPF_H
#define TARE_TIMES_BPF_H

#include "run.bpf.h"

/* Set before loading: without it nothing of what follows is there. */
#ifdef WITHOUT_OPTIONS
#define has_syscall_times false
#else
extern const volatile bool has_syscall_times;
#endif

/* Of the current task: its last absence is settled only when it leaves again. */
static __always_inline u64 total_away_ns(struct task_struct *task, struct task_account *account)
{
	u64 arrived_ns = task_arrival_ns(task);
	bool has_left = account->left_ns && arrived_ns > account->left_ns;

	return account->away_ns + (has_left ? arrived_ns - account->left_ns : 0);
}

static __always_inline void call_begin(
	struct task_struct *task, struct task_account *account, u64 now_ns)
{
	account->call_ns = now_ns;
	account->call_away_ns = total_away_ns(task, account);
}

/* The bucket of a time in the histogram. */
int time_bucket(u64 time_ns);

static __always_inline struct syscall_times *times_get(
	struct run_account *run, const struct timed_number *key)
{
	static const struct syscall_times none = {};
	struct syscall_times *entry = bpf_map_lookup_elem(&times, key);

	if (entry)
		return entry;
	bpf_map_update_elem(&times, key, &none, BPF_NOEXIST);
	entry = bpf_map_lookup_elem(&times, key);
	if (!entry && run)
		count_add(&run->lost_map_updates, 1);
	return entry;
}

/*
 * Of a call whose entry was seen: none of those that a seccomp filter refuses is. Numbers beyond
 * the table have one entry together.
 */
static __always_inline void call_end(
	struct task_struct *task, struct task_account *account, u32 abi, u64 index)
{
	struct timed_number key = { .slot = account->slot,
		.abi = abi,
		.number = index < SYSCALL_NUMBERS ? index : SYSCALL_NUMBERS,
		.processor = bpf_get_smp_processor_id() };
	struct syscall_times *entry;
	u64 wall_ns, away_ns;
	u32 bucket;

	if (!account->call_ns)
		return;
	wall_ns = bpf_ktime_get_ns() - account->call_ns;
	away_ns = total_away_ns(task, account) - account->call_away_ns;
	account->call_ns = 0;
	entry = times_get(run_get(account->slot), &key);
	if (!entry)
		return;
	bucket = time_bucket(wall_ns);
	entry->wall_ns += wall_ns;
	entry->cpu_ns += away_ns < wall_ns ? wall_ns - away_ns : 0;
	if (wall_ns > entry->max_ns)
		entry->max_ns = wall_ns;
	entry->histogram[bucket < TIME_BUCKETS ? bucket : 0]++;
}

#endif
