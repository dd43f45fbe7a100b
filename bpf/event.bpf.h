/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What wakes the launcher while a run lives; what there is to know lies in the run's account. */
#ifndef TARE_EVENT_BPF_H
#define TARE_EVENT_BPF_H

#include "run.bpf.h"

static __always_inline void event_tell(struct run_account *run, u32 slot, u32 kind)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_add(&run->lost_events, 1);
		return;
	}
	event->kind = kind;
	event->slot = slot;
	bpf_ringbuf_submit(event, 0);
}

#endif
