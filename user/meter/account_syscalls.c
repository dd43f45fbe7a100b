// SPDX-License-Identifier: Apache-2.0
// System calls by name: how many there were, and how long they took.
#include "account_syscalls.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "syscall_abi.h"

const char account_no_syscalls[] = "system calls were not looked at (--no-syscalls)";

static void name_syscall(struct syscall_count *entry, int abi, int number)
{
	char *name = seccomp_syscall_resolve_num_arch(
		syscall_abis[abi].architecture, number | syscall_abis[abi].number_bit);

	if (name)
		snprintf(entry->name, sizeof(entry->name), "%s%s", syscall_abis[abi].prefix, name);
	else
		snprintf(
			entry->name, sizeof(entry->name), "%s%d", syscall_abis[abi].prefix, number);
	free(name);
}

static bool is_seen(const struct syscall_counter *counter)
{
	return counter->count || counter->errors;
}

static void copy_counter(struct syscall_count *entry, const struct syscall_counter *counter)
{
	entry->count = counter->count;
	entry->errors = counter->errors;
	entry->denied = counter->denied;
}

/* --- Times --- */

_Static_assert(RESULT_TIME_BUCKETS == TIME_BUCKETS, "the result has room for the histogram");

static const struct syscall_times *times_of(const struct account *account, int abi, int number)
{
	static const struct syscall_times none = { 0 };

	for (size_t i = 0; i < account->timed_count; i++) {
		if (account->timed[i].abi == (uint32_t)abi &&
			account->timed[i].number == (uint32_t)number)
			return &account->timed[i].times;
	}
	return &none;
}

static void copy_times(struct syscall_count *entry, const struct syscall_times *times)
{
	entry->wall_ns = times->wall_ns;
	entry->cpu_ns = times->cpu_ns;
	entry->max_ns = times->max_ns;
	for (size_t i = 0; i < TIME_BUCKETS; i++)
		entry->histogram[i] = times->histogram[i];
}

/* --- The list --- */

static void list_abi(const struct account *all, int abi, struct syscall_result *syscalls)
{
	const struct syscall_account *account = &all->syscalls[abi];

	for (int number = 0; number < SYSCALL_NUMBERS; number++) {
		struct syscall_count *entry = &syscalls->by_name[syscalls->by_name_count];

		if (!is_seen(&account->number[number]))
			continue;
		name_syscall(entry, abi, number);
		copy_counter(entry, &account->number[number]);
		copy_times(entry, times_of(all, abi, number));
		syscalls->by_name_count++;
	}
	if (is_seen(&account->unknown)) {
		struct syscall_count *entry = &syscalls->by_name[syscalls->by_name_count++];

		snprintf(entry->name, sizeof(entry->name), "%sunknown", syscall_abis[abi].prefix);
		copy_counter(entry, &account->unknown);
		copy_times(entry, times_of(all, abi, SYSCALL_NUMBERS));
	}
}

static int compare_counts(const void *a, const void *b)
{
	const struct syscall_count *first = a, *second = b;

	if (first->count != second->count)
		return first->count < second->count ? 1 : -1;
	return strcmp(first->name, second->name);
}

/* --- The whole --- */

static void total_syscalls(struct syscall_result *syscalls)
{
	static const char source[] = "bpf:raw_syscalls";
	uint64_t total = 0, errors = 0, denied = 0;

	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		total += syscalls->by_name[i].count;
		errors += syscalls->by_name[i].errors;
		denied += syscalls->by_name[i].denied;
	}
	syscalls->total = number_known(total, source);
	syscalls->errors = number_known(errors, source);
	syscalls->denied = number_known(denied, source);
}

static void total_times(const struct account *account, struct syscall_result *syscalls)
{
	static const char source[] = "bpf:raw_syscalls and bpf:sched_switch";
	static const char reason[] = "system calls were not timed (--syscall-times)";
	uint64_t wall_ns = 0, cpu_ns = 0;

	syscalls->is_timed = account->timed;
	if (!syscalls->is_timed) {
		syscalls->wall = syscalls->cpu = number_unknown(reason);
		return;
	}
	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		wall_ns += syscalls->by_name[i].wall_ns;
		cpu_ns += syscalls->by_name[i].cpu_ns;
	}
	syscalls->wall = number_known(wall_ns, source);
	syscalls->cpu = number_known(cpu_ns, source);
}

static void set_unknown(struct syscall_result *syscalls)
{
	syscalls->total = syscalls->errors = syscalls->denied = syscalls->wall = syscalls->cpu =
		number_unknown(account_no_syscalls);
}

int account_fill_syscalls(const struct account *account, struct result *result, struct failure *why)
{
	struct syscall_result *syscalls = &result->syscalls;

	if (!account->has_syscalls) {
		set_unknown(syscalls);
		return 0;
	}
	syscalls->by_name = calloc(ABI_COUNT * (SYSCALL_NUMBERS + 1), sizeof(*syscalls->by_name));
	if (!syscalls->by_name)
		return failure_set(why, ENOMEM, "list the system calls");
	for (int abi = 0; abi < ABI_COUNT; abi++)
		list_abi(account, abi, syscalls);
	qsort(syscalls->by_name, syscalls->by_name_count, sizeof(*syscalls->by_name),
		compare_counts);
	total_syscalls(syscalls);
	total_times(account, syscalls);
	return 0;
}
