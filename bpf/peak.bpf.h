/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What is known of a run's memory at the instant of its peak: the split, and who had most of it.
 *
 * Theory of operation. Nobody knows that a peak is the last one before the run is over, so the
 * state at each has to be had later. The split is noted by the processor that raises the peak,
 * in a place of its own that no other processor writes; whose note counts is decided at the end.
 * Of an address space nothing is noted when a peak is raised: if it has not changed since, its
 * pages are those of the peak, and if it has, its first change after the peak noted what it had
 * before. The peak's height serves as its name, for it only grows.
 *
 * Processors do not wait for each other. What is noted is of one instant but for the changes that
 * other processors are at that moment between counting and telling: one event each.
 */
#ifndef TARE_PEAK_BPF_H
#define TARE_PEAK_BPF_H

#include "run.bpf.h"

struct mm_account {
	u32 slot;
	u32 pid;	/* of the first process that changed it as its own; 0 until then */
	u64 generation; /* of the slot */
	s64 pages[PAGE_KINDS];
	s64 shared_count[PAGE_KINDS];
	s64 known_peak; /* the run's, at the last change */
	s64 pages_at_known_peak;
};

struct memory_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct memory_account);
};

extern struct memory_map memory SEC(".maps");

static __always_inline struct memory_account *memory_get(u32 slot)
{
	return bpf_map_lookup_elem(&memory, &slot);
}

static __always_inline s64 resident_pages(const s64 *pages)
{
	return pages[PAGES_FILE] + pages[PAGES_ANON] + pages[PAGES_SHMEM];
}

/* Before each change of an address space. */
static __always_inline void peak_remember(struct run_account *run, struct mm_account *account)
{
	s64 peak = run->rss_peak_pages;

	if (account->known_peak == peak)
		return;
	account->pages_at_known_peak = resident_pages(account->pages);
	account->known_peak = peak;
}

static __always_inline void raise_own(s64 *peak, s64 value)
{
	if (value > *peak)
		*peak = value;
}

/* After pages were added; `of_kind` and `of_run` are what the run has now. */
static __always_inline void peak_look(
	struct run_account *run, struct mm_account *account, u32 kind, s64 of_kind, s64 of_run)
{
	struct memory_account *memory_account = memory_get(account->slot);

	if (!memory_account)
		return;
	if (kind == PAGES_SWAP) {
		raise_own(&memory_account->swap_peak_pages, of_kind);
		return;
	}
	if (kind == PAGES_ANON)
		raise_own(&memory_account->anon_peak_pages, of_kind);
	raise_own(&memory_account->process_peak_pages, resident_pages(account->pages));
	if (!peak_raise(&run->rss_peak_pages, of_run))
		return;
	memory_account->rss_peak_pages = of_run;
	for (u32 i = 0; i < PAGE_KINDS; i++)
		memory_account->pages_at_peak[i] = run->pages[i];
}

/* Where a process of so many pages at this peak belongs; NULL: three others had more. */
static __always_inline struct peak_process *place_among_largest(
	struct memory_account *account, s64 peak, s64 pages)
{
	struct peak_process *place = 0;
	s64 least = pages;

#pragma unroll
	for (u32 i = 0; i < PEAK_PROCESSES; i++) {
		struct peak_process *process = &account->largest[i];
		s64 held = process->at_pages == peak ? process->pages : 0;

		if (held >= least)
			continue;
		least = held;
		place = process;
	}
	return place;
}

/* An address space that ends, in the hands of its last user. */
static __always_inline void peak_process_ends(struct run_account *run, struct mm_account *account)
{
	struct memory_account *memory_account = memory_get(account->slot);
	struct task_struct *user = bpf_get_current_task_btf();
	struct peak_process *place;

	peak_remember(run, account);
	if (!memory_account)
		return;
	place = place_among_largest(
		memory_account, account->known_peak, account->pages_at_known_peak);
	if (!place)
		return;
	place->at_pages = account->known_peak;
	place->pages = account->pages_at_known_peak;
	place->pid = account->pid;
	place->name[0] = 0;
	if ((u32)user->tgid == account->pid)
		BPF_CORE_READ_STR_INTO(&place->name, user, group_leader, comm);
}

#endif
