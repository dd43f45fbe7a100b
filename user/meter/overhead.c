// SPDX-License-Identifier: Apache-2.0
// What the probes cost a run: an estimate from what was counted and what a call was seen to cost.
//
// Theory of operation. Nothing measures each event, which would cost more than the event. How
// often each kind happened is in the result. What a counted system call costs more is measured at
// the end of every run, on its machine and as busy as that is. What the other kinds cost was
// measured once, beside the calls, with tests/programs/work; they are taken to be dearer or
// cheaper elsewhere as calls are.
#include "overhead.h"

/*
 * Linux 6.18 on a virtual Xeon with two processors, 2026-11: nanoseconds that an event took longer
 * when it was weighed without a container than bare, the least of three each, less what the calls
 * in it cost. `work getppid pipe fork exec fault`; a packet is half of one sent to oneself by UDP.
 */
static const struct {
	size_t count; /* of its struct number in struct result */
	unsigned int cost_ns;
} events[] = {
	{ offsetof(struct result, syscalls.total), 27 },
	{ offsetof(struct result, scheduler.voluntary_switches), 160 },
	{ offsetof(struct result, scheduler.involuntary_switches), 160 },
	{ offsetof(struct result, faults.minor), 75 },
	{ offsetof(struct result, faults.major), 75 },
	{ offsetof(struct result, processes.tasks),
		3300 }, /* its birth, its end and its memory's */
	{ offsetof(struct result, processes.execs),
		4900 }, /* and the end of the memory before it */
	{ offsetof(struct result, network.rx_packets), 43 },
	{ offsetof(struct result, network.tx_packets), 43 },
};

/* The first of them is the yardstick. */
#define CALL events[0].cost_ns

struct number overhead_estimate(const struct result *result, uint64_t call_cost_ps)
{
	unsigned __int128 cost_ns = 0;

	if (!call_cost_ps)
		return number_unknown("what the probes add to a system call was lost in noise");
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct number *count =
			(const struct number *)((const char *)result + events[i].count);

		if (!count->is_known)
			return number_unknown("not all events were counted");
		cost_ns += (unsigned __int128)count->value * events[i].cost_ns;
	}
	return number_known((uint64_t)(cost_ns * call_cost_ps / (CALL * 1000)),
		"estimate:events counted, by what a system call cost more");
}
