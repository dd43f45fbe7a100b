/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What wakes the launcher while a run lives; what there is to know lies in the run's account. */
#ifndef TARE_EVENT_BPF_H
#define TARE_EVENT_BPF_H

#include "run.bpf.h"

/* Each processor has perf events of its own: one can only be raised where it was opened. */
static __always_inline void launcher_wake(void *context, struct run_account *run, u32 slot)
{
	u64 processor = bpf_get_smp_processor_id();
	u64 nothing = 0;

	if (is_shared && run->is_polled)
		return;
	if (bpf_perf_event_output(
		    context, &wakes, slot * processors + processor, &nothing, sizeof(nothing)))
		count_add(&run->lost_events, 1);
}

#endif
