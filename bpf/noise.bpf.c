// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Interference by name: reads a processor's log of stints backwards over the wait of a member.
#include "noise.bpf.h"

static __always_inline u64 name_key(const u64 *name)
{
	u64 key = name[0] * 0x9e3779b97f4a7c15 ^ name[1] * 0xc2b2ae3d27d4eb4f;

	return key ? key : 1; /* 0 is a free place */
}

static __always_inline void culprit_begin(struct culprit *culprit, const struct stint *stint)
{
	culprit->name[0] = stint->name[0];
	culprit->name[1] = stint->name[1];
	culprit->pid = stint->pid;
}

/* The place of this name in the run's table; whoever claims a free one writes the name. */
static __always_inline struct culprit *culprit_of(
	struct run_account *run, const struct stint *stint)
{
	u64 key = name_key(stint->name);

#pragma clang loop unroll(disable)
	for (u32 attempt = 0; attempt < CULPRIT_ATTEMPTS; attempt++) {
		struct culprit *culprit = &run->culprits[((key >> 32) + attempt) & (CULPRITS - 1)];
		u64 seen = __sync_val_compare_and_swap(&culprit->key, 0, key);

		if (seen && seen != key)
			continue;
		if (!seen)
			culprit_begin(culprit, stint);
		return culprit;
	}
	return 0;
}

static __always_inline void blame(struct run_account *run, const struct stint *stint, u64 ns)
{
	struct culprit *culprit = culprit_of(run, stint);

	count_add(&run->preempted_ns, ns);
	count_add(culprit ? &culprit->ns : &run->preempted_unlisted_ns, ns);
}

/*
 * Charges the part of a wait that one stint explains, and returns the end of what is left of it.
 * While one waits nobody idles, so there is nothing to find before a stint of the idle task.
 */
__noinline u64 noise_charge_stint(u32 slot, u32 place, u64 begin_ns, u64 end_ns)
{
	struct stint_log *log = stint_log_get();
	struct run_account *run = run_get(slot);
	struct cpu_account *cpu = cpu_get(slot);
	struct stint *stint;
	u64 from_ns;

	if (!log || !run || !cpu)
		return begin_ns;
	stint = &log->stints[place & (STINTS - 1)];
	if (!stint->pid)
		return begin_ns;
	from_ns = stint->arrival_ns > begin_ns ? stint->arrival_ns : begin_ns;
	if (from_ns >= end_ns)
		return end_ns;
	if (stint->member_of == slot + 1)
		cpu->waited_for_own_ns += end_ns - from_ns;
	else
		blame(run, stint, end_ns - from_ns);
	return from_ns;
}

/* A part of the walk: what calls it is verified without it, so that the log may be long. */
__noinline u64 noise_charge_some(u32 slot, u32 place, u64 begin_ns, u64 end_ns)
{
	for (u32 back = 0; back < STINTS_AT_ONCE && begin_ns < end_ns; back++)
		end_ns = noise_charge_stint(slot, place - back, begin_ns, end_ns);
	return end_ns;
}

/* The last walk ends with the stint that the wait came before, of which nothing is charged. */
__noinline int noise_name_wait(u32 slot, u64 begin_ns, u64 end_ns)
{
	struct stint_log *log = stint_log_get();
	u32 place;

	if (!log)
		return 0;
	place = log->count - 2;
	for (u32 back = 0; back < STINTS && begin_ns < end_ns; back += STINTS_AT_ONCE)
		end_ns = noise_charge_some(slot, place - back, begin_ns, end_ns);
	return 0;
}
