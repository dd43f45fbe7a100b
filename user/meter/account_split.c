// SPDX-License-Identifier: Apache-2.0
// CPU time split into user and system time: by what system calls took, or by the kernel's ticks.
//
// The kernel knows in which mode a processor is only when it looks, at its timer ticks. Where
// system calls were timed, system time is what the run's tasks spent in them; but for the page
// faults, whose end no tracepoint tells. So that is taken where page faults cannot matter.
#include "account_split.h"

/* Under 10 ticks of 4 ms the split is off by 16 points and more as often as not. */
#define SPLIT_LEAST_TICK_NS 40000000

/*
 * The kernel samples at each timer tick who runs: of the ticks that hit the run, a share was in
 * user mode. That share of the exact CPU time is what the kernel itself reports as user time.
 */
static void split_by_ticks(const struct cpu_account *sum, struct result *result)
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

/*
 * What a fault that finds its page takes at most, and the way into the kernel and out again with
 * the hooks on it, both of which no call's time holds: twice of what was seen.
 */
#define FAULT_NS 2000
#define CALL_NS 350
/* More than one part in so many would be in doubt: then the split is the ticks'. */
#define DOUBT_MATTERS_FROM 50

static bool is_measured(const struct cpu_account *sum, const struct result *result)
{
	uint64_t doubt_ns = (sum->minor_faults + sum->major_faults) * FAULT_NS +
			    result->syscalls.total.value * CALL_NS;

	return result->syscalls.is_timed && doubt_ns <= sum->cpu_ns / DOUBT_MATTERS_FROM;
}

static void split_by_calls(uint64_t system_ns, uint64_t cpu_ns, struct result *result)
{
	static const char source[] = "bpf:raw_syscalls and bpf:sched_switch";

	if (system_ns > cpu_ns)
		system_ns = cpu_ns;
	result->time.user = number_known(cpu_ns - system_ns, source);
	result->time.system = number_known(system_ns, source);
}

void account_fill_split(const struct cpu_account *sum, struct result *result)
{
	if (is_measured(sum, result))
		split_by_calls(result->syscalls.cpu.value, sum->cpu_ns, result);
	else
		split_by_ticks(sum, result);
}
