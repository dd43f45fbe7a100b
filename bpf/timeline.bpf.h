/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* A run's time line as the other subjects meet it: what they tell it, if there is one. */
#ifndef TARE_TIMELINE_BPF_H
#define TARE_TIMELINE_BPF_H

#include "run.bpf.h"

/* Whether any run may have a time line, set before loading; without one nothing of it is there. */
#ifdef WITHOUT_OPTIONS
#define has_timeline false
#else
extern const volatile bool has_timeline;
#endif

/* Notes how the run stands, now. For the switches and ticks of its tasks. */
__hidden void timeline_note(struct run_account *run, u32 slot);

/* Resident pages after some were added: the highest until the next note goes into that. */
static __always_inline void timeline_see_pages(struct run_account *run, s64 pages)
{
	if (has_timeline)
		peak_raise(&run->timeline_peak_pages, pages);
}

#endif
