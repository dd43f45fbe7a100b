// SPDX-License-Identifier: Apache-2.0
// From the collector's accounts to the result's numbers: what each is, and where it comes from.
#include "account.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "account_memory.h"
#include "account_noise.h"
#include "account_timeline.h"

/* More than this stolen by the host around the exec, and the start of the window is in doubt. */
#define BASELINE_DOUBT_NS 2000

/* --- Time --- */

static struct cpu_account sum_cpus(const struct account *account)
{
	struct cpu_account sum = { 0 };
	__u64 *to = (__u64 *)&sum;

	/* Nothing but counters, so they add up word by word. */
	for (size_t cpu = 0; cpu < account->processors; cpu++) {
		const __u64 *from = (const __u64 *)&account->cpus[cpu];

		for (size_t i = 0; i < sizeof(sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
	return sum;
}

static int fill_processors(
	const struct account *account, struct result *result, struct failure *why)
{
	result->time.processors = account->processors;
	result->time.cpu_by_processor = calloc(account->processors, sizeof(uint64_t));
	if (!result->time.cpu_by_processor)
		return failure_set(why, ENOMEM, "list the CPU time by processor");
	for (size_t cpu = 0; cpu < account->processors; cpu++)
		result->time.cpu_by_processor[cpu] = account->cpus[cpu].cpu_ns;
	return 0;
}

/* Under 10 ticks of 4 ms the split is off by 16 points and more as often as not. */
#define SPLIT_LEAST_TICK_NS 40000000

/*
 * The kernel samples at each timer tick who runs: of the ticks that hit the run, a share was in
 * user mode. That share of the exact CPU time is what the kernel itself reports as user time.
 */
static void fill_split(const struct cpu_account *sum, struct result *result)
{
	static const char source[] = "kernel:ticks scaled to bpf:sched_switch";
	static const char reason[] = "too few timer ticks hit the run for a split";
	uint64_t ticks = sum->user_tick_ns + sum->system_tick_ns;
	uint64_t user_ns;

	if (ticks < SPLIT_LEAST_TICK_NS) {
		result->time.user = result->time.system = number_unknown(reason);
		return;
	}
	user_ns = (uint64_t)((unsigned __int128)sum->cpu_ns * sum->user_tick_ns / ticks);
	result->time.user = number_known(user_ns, source);
	result->time.system = number_known(sum->cpu_ns - user_ns, source);
}

static void fill_time(
	const struct run_account *run, const struct cpu_account *sum, struct result *result)
{
	result->time.wall = run->main_death_ns
				    ? number_known(run->main_death_ns - run->exec_ns,
					      "bpf:sched_process_exec to bpf:sched_switch")
				    : number_unknown("the end of the command was not seen");
	result->time.cpu = number_known(sum->cpu_ns, "bpf:sched_switch");
	result->collector.exec_monotonic = number_known(run->exec_ns, "bpf:sched_process_exec");
	result->collector.exec_baseline = number_known(run->baseline_ns, "bpf:sched_switch");
	fill_split(sum, result);
}

/* --- Tasks, events --- */

/* Every sleep ends by one wakeup; only the last switch of a task is no sleep. */
static struct number count_wakeups(const struct run_account *run, const struct cpu_account *sum)
{
	if (sum->voluntary_switches < run->dead_tasks)
		return number_unknown("fewer switches than deaths were seen");
	return number_known(sum->voluntary_switches - run->dead_tasks,
		"kernel:voluntary switches but the last one of each task");
}

/* All processes but the first, and those moved in, were made by a fork of the run's own. */
static uint64_t count_forks(const struct run_account *run)
{
	uint64_t others = 1 + run->moved_in;

	return run->processes > others ? run->processes - others : 0;
}

static void fill_tasks(
	const struct run_account *run, const struct cpu_account *sum, struct result *result)
{
	static const char births[] = "bpf:task births",
			  deaths[] = "kernel:task, at its last switch";
	static const char execs[] = "bpf:sched_process_exec";

	result->processes.tasks = number_known(run->tasks, births);
	result->processes.processes = number_known(run->processes, births);
	result->processes.forks = number_known(count_forks(run), births);
	result->processes.peak_tasks = number_known(run->peak_tasks, births);
	result->processes.execs = number_known(run->execs, execs);
	result->scheduler.voluntary_switches = number_known(sum->voluntary_switches, deaths);
	result->scheduler.involuntary_switches = number_known(sum->involuntary_switches, deaths);
	result->scheduler.migrations = number_known(sum->migrations, deaths);
	result->scheduler.wakeups = count_wakeups(run, sum);
	result->faults.minor = number_known(sum->minor_faults, deaths);
	result->faults.major = number_known(sum->major_faults, deaths);
}

/* connect(2) of each ABI. The old 32-bit socketcall hides its connects in memory. */
static const int connect_numbers[ABI_COUNT] = {
	[ABI_X86_64] = 42,
	[ABI_IA32] = 362,
	[ABI_X32] = 42,
};

static uint64_t count_connects(const struct account *account)
{
	uint64_t connects = 0;

	for (int abi = 0; abi < ABI_COUNT; abi++)
		connects += account->syscalls[abi].number[connect_numbers[abi]].count;
	return connects;
}

static void fill_network(const struct account *account, struct result *result)
{
	static const char bytes[] = "bpf:cgroup_skb";
	const struct run_account *run = &account->run;

	result->network.rx_bytes = number_known(run->rx_bytes, bytes);
	result->network.tx_bytes = number_known(run->tx_bytes, bytes);
	result->network.rx_packets = number_known(run->rx_packets, bytes);
	result->network.tx_packets = number_known(run->tx_packets, bytes);
	result->network.sockets = number_known(run->sockets, "bpf:cgroup sock_create");
	result->network.connects = number_known(count_connects(account), "bpf:raw_syscalls");
}

/* --- System calls --- */

static const struct {
	uint32_t architecture; /* libseccomp's */
	int number_bit;	       /* what libseccomp expects beside the number */
	const char *prefix;
} abis[ABI_COUNT] = {
	[ABI_X86_64] = { SCMP_ARCH_X86_64, 0, "" },
	[ABI_IA32] = { SCMP_ARCH_X86, 0, "ia32:" },
	[ABI_X32] = { SCMP_ARCH_X32, 0x40000000, "x32:" },
};

static void name_syscall(struct syscall_count *entry, int abi, int number)
{
	char *name = seccomp_syscall_resolve_num_arch(
		abis[abi].architecture, number | abis[abi].number_bit);

	if (name)
		snprintf(entry->name, sizeof(entry->name), "%s%s", abis[abi].prefix, name);
	else
		snprintf(entry->name, sizeof(entry->name), "%s%d", abis[abi].prefix, number);
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

static void list_abi(
	const struct syscall_account *account, int abi, struct syscall_result *syscalls)
{
	for (int number = 0; number < SYSCALL_NUMBERS; number++) {
		struct syscall_count *entry = &syscalls->by_name[syscalls->by_name_count];

		if (!is_seen(&account->number[number]))
			continue;
		name_syscall(entry, abi, number);
		copy_counter(entry, &account->number[number]);
		syscalls->by_name_count++;
	}
	if (is_seen(&account->unknown)) {
		struct syscall_count *entry = &syscalls->by_name[syscalls->by_name_count++];

		snprintf(entry->name, sizeof(entry->name), "%sunknown", abis[abi].prefix);
		copy_counter(entry, &account->unknown);
	}
}

static int compare_counts(const void *a, const void *b)
{
	const struct syscall_count *first = a, *second = b;

	if (first->count != second->count)
		return first->count < second->count ? 1 : -1;
	return strcmp(first->name, second->name);
}

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

static int fill_syscalls(const struct account *account, struct result *result, struct failure *why)
{
	struct syscall_result *syscalls = &result->syscalls;

	syscalls->by_name = calloc(ABI_COUNT * (SYSCALL_NUMBERS + 1), sizeof(*syscalls->by_name));
	if (!syscalls->by_name)
		return failure_set(why, ENOMEM, "list the system calls");
	for (int abi = 0; abi < ABI_COUNT; abi++)
		list_abi(&account->syscalls[abi], abi, syscalls);
	qsort(syscalls->by_name, syscalls->by_name_count, sizeof(*syscalls->by_name),
		compare_counts);
	total_syscalls(syscalls);
	return 0;
}

/* --- Loss --- */

static bool is_baseline_uncertain(const struct run_account *run)
{
	return !run->is_clock_known || run->baseline_doubt_ns > BASELINE_DOUBT_NS;
}

static void fill_loss(const struct account *account, struct loss *loss)
{
	const struct run_account *run = &account->run;

	loss->task_storage = run->lost_task_storage;
	loss->map_update = run->lost_map_updates;
	loss->ring_buffer = run->lost_events;
	loss->fallback_deaths = run->fallback_deaths;
	loss->recursion_misses = account->recursion_misses;
	loss->exec_baseline_uncertain = is_baseline_uncertain(run);
}

uint64_t account_charged_ns(const struct account *account)
{
	struct cpu_account sum = sum_cpus(account);

	return sum.cpu_ns + sum.before_window_ns;
}

void account_check_cpu(struct loss *loss, uint64_t charged_ns, uint64_t cgroup_cpu_ns)
{
	/* cpu.stat shows whole microseconds, cut off. */
	loss->cpu_difference_ns = (int64_t)(charged_ns / 1000 * 1000 - cgroup_cpu_ns);
	loss->cpu_time_differs = loss->cpu_difference_ns > 1000 || loss->cpu_difference_ns < -1000;
}

/* --- The whole --- */

int account_fill(const struct account *account, struct result *result, struct failure *why)
{
	struct cpu_account sum = sum_cpus(account);
	int error;

	if (!account->run.exec_ns) {
		result_set_unknown(result, "the command was not executed");
		return 0;
	}
	fill_time(&account->run, &sum, result);
	account_fill_memory(account, result);
	fill_tasks(&account->run, &sum, result);
	fill_network(account, result);
	account_fill_noise(account, &sum, result);
	fill_loss(account, &result->collector.loss);
	error = fill_processors(account, result, why);
	if (!error)
		error = account_fill_timeline(account, &result->timeline, why);
	return error ? error : fill_syscalls(account, result, why);
}
