// SPDX-License-Identifier: Apache-2.0
// From the collector's accounts to the result's numbers: what each is, and where it comes from.
#include "account.h"

#include <errno.h>
#include <stdlib.h>
#include "account_io.h"
#include "account_memory.h"
#include "account_network.h"
#include "account_noise.h"
#include "account_split.h"
#include "account_syscalls.h"
#include "account_timeline.h"
#include "account_uring.h"
#include "account_wall.h"

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
	account_fill_wall(run, sum, result);
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
	static const char births[] = "bpf:task births", moves[] = "bpf:cgroup_attach_task",
			  deaths[] = "kernel:task, at its last switch";
	static const char execs[] = "bpf:sched_process_exec";

	result->processes.tasks = number_known(run->tasks, births);
	result->processes.processes = number_known(run->processes, births);
	result->processes.forks = number_known(count_forks(run), births);
	result->processes.moved_in = number_known(run->moved_in, moves);
	result->processes.peak_tasks = number_known(run->peak_tasks, births);
	result->processes.execs = number_known(run->execs, execs);
	result->scheduler.voluntary_switches = number_known(sum->voluntary_switches, deaths);
	result->scheduler.involuntary_switches = number_known(sum->involuntary_switches, deaths);
	result->scheduler.migrations = number_known(sum->migrations, deaths);
	result->scheduler.wakeups = count_wakeups(run, sum);
	result->faults.minor = number_known(sum->minor_faults, deaths);
	result->faults.major = number_known(sum->major_faults, deaths);
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
	account_fill_io(account, &sum.io, result);
	account_fill_network(account, result);
	account_fill_noise(account, &sum, result);
	fill_loss(account, &result->collector.loss);
	error = fill_processors(account, result, why);
	if (!error)
		error = account_fill_timeline(account, &result->timeline, why);
	if (!error)
		error = account_fill_syscalls(account, result, why);
	if (!error)
		error = account_fill_uring(account, sum.uring_requests, result, why);
	if (!error)
		account_fill_split(&sum, result);
	return error;
}
