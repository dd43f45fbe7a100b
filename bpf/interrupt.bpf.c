// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Interrupts and softirqs that hit a member while it had a processor: how long each took.
//
// An object of its own, which shares the maps of the others and is loaded only where it is asked
// for: it needs a dozen hooks, and two looks at the clock for every interrupt of the machine. A
// hard interrupt may interrupt a softirq, and nothing else here is interrupted. What the processor
// itself needs to get in and out is not seen.
#include "run.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The launcher puts the collector's in their places. */
struct runs_map runs SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct tasks_map tasks SEC(".maps");

/* Only a private one has them weighed. */
const volatile bool is_shared = false;

struct interrupt_state {
	u64 hard_begin_ns;
	u64 soft_begin_ns; /* 0: no softirq runs */
	u64 hard_in_soft_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct interrupt_state);
} interrupts SEC(".maps");

static __always_inline struct interrupt_state *state_get(void)
{
	u32 first = 0;

	return bpf_map_lookup_elem(&interrupts, &first);
}

/* A softirq may be interrupted while it adds. */
static __always_inline void charge(u64 ns, bool is_soft)
{
	struct task_account *account = task_get_counted(bpf_get_current_task_btf());
	struct run_account *run = account ? run_get(account->slot) : 0;
	struct cpu_account *cpu = account ? cpu_get(account->slot) : 0;

	if (!run || !cpu)
		return;
	if (is_soft)
		cpu->softirq_ns += ns;
	else
		cpu->irq_ns += ns;
	if (is_main(account, run))
		count_add(&run->main_interrupted_ns, ns);
}

SEC("raw_tp/irq_handler_entry")
int interrupt_begins(void *context)
{
	struct interrupt_state *state = state_get();

	if (state)
		state->hard_begin_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/irq_handler_exit")
int interrupt_ends(void *context)
{
	struct interrupt_state *state = state_get();
	u64 ns;

	/* 0: it began before this was attached. */
	if (!state || !state->hard_begin_ns)
		return 0;
	ns = bpf_ktime_get_ns() - state->hard_begin_ns;
	state->hard_begin_ns = 0;
	if (state->soft_begin_ns)
		state->hard_in_soft_ns += ns;
	charge(ns, false);
	return 0;
}

SEC("raw_tp/softirq_entry")
int softirq_begins(void *context)
{
	struct interrupt_state *state = state_get();

	if (!state)
		return 0;
	state->hard_in_soft_ns = 0;
	state->soft_begin_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/softirq_exit")
int softirq_ends(void *context)
{
	struct interrupt_state *state = state_get();
	u64 ns;

	if (!state || !state->soft_begin_ns)
		return 0;
	ns = bpf_ktime_get_ns() - state->soft_begin_ns - state->hard_in_soft_ns;
	state->soft_begin_ns = 0;
	charge(ns, true);
	return 0;
}
