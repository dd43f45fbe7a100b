/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Slots of users' runs: taken, found, given back.
 *
 * Theory of operation. `owners` says whose each slot is, for root's launchers too: 0, a cgroup's
 * id, or SLOT_IN_BETWEEN while one program alone prepares or frees it. Who gets the slot into that
 * state by one exchange does the rest, so a slot is freed once and its user's count goes down once,
 * whoever finds out first that the run is over: its launcher, the removal of its cgroup, or the
 * next one that needs a place.
 */
#ifndef TARE_GATE_RUN_BPF_H
#define TARE_GATE_RUN_BPF_H

#include "gate_caller.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct gate_run);
} gate_runs SEC(".maps");

/* Runs by user: entries stay, for one that goes might be another's that has just found it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u64);
} payers SEC(".maps");

const volatile u32 slot_count = 1;

static __always_inline u64 *owner_get(u32 slot)
{
	return bpf_map_lookup_elem(&owners, &slot);
}

static __always_inline struct gate_run *gate_run_get(u32 slot)
{
	return bpf_map_lookup_elem(&gate_runs, &slot);
}

/* Of a cgroup with a user's run; NULL for all others. */
static __always_inline struct gate_run *gate_run_of_cgroup(u64 id, u32 *slot)
{
	struct gate_run *entry;
	int found = slot_of_cgroup(id);

	if (found < 0)
		return 0;
	*slot = found;
	entry = gate_run_get(*slot);
	return entry && entry->payer && entry->cgroup_id == id ? entry : 0;
}

/* --- Quotas --- */

static __always_inline u64 *runs_of(u32 payer)
{
	u64 none = 0, *count = bpf_map_lookup_elem(&payers, &payer);

	if (count)
		return count;
	bpf_map_update_elem(&payers, &payer, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&payers, &payer);
}

static __always_inline bool quota_take(u64 *count, u64 most)
{
	if (__sync_fetch_and_add(count, 1) < most)
		return true;
	__sync_fetch_and_add(count, -1);
	return false;
}

static __always_inline void quota_give_back(u32 payer)
{
	u64 *count = bpf_map_lookup_elem(&payers, &payer);

	if (count)
		__sync_fetch_and_add(count, -1);
}

/* --- Giving back --- */

/* A cgroup may be registered again, so that its id alone does not say which run is meant. */
static __always_inline u64 slot_generation(u32 slot)
{
	struct run_account *run = run_get(slot);

	return run ? run->generation : 0;
}

static __always_inline bool slot_free(u32 slot, struct gate_run *entry, u64 id, u64 generation)
{
	u64 *owner = owner_get(slot);
	u32 payer;

	if (!owner || __sync_val_compare_and_swap(owner, id, SLOT_IN_BETWEEN) != id)
		return false;
	if (slot_generation(slot) != generation) {
		__sync_lock_test_and_set(owner, id);
		return false;
	}
	bpf_map_delete_elem(&slots, &id);
	payer = entry->payer;
	entry->payer = 0;
	quota_give_back(payer);
	__sync_lock_test_and_set(owner, 0);
	return true;
}

/* A run whose launcher has prepared it lives, also before its first process. */
static __always_inline bool run_is_over(const struct gate_run *entry)
{
	struct cgroup *cgroup = (struct cgroup *)entry->cgroup;

	if (!cgroup_is_online(cgroup, entry->cgroup_id))
		return true;
	return !process_lives(entry->registrant, entry->pid, entry->started_ns) &&
	       !cgroup_is_populated(cgroup);
}

struct sweep {
	u32 payer; /* of this one only; 0: of all */
	u32 freed;
};

static long sweep_slot(u32 slot, struct sweep *sweep)
{
	u64 id, generation = slot_generation(slot);
	struct gate_run *entry = gate_run_get(slot);
	u64 *owner = owner_get(slot);

	if (!entry || !owner)
		return 1;
	id = *owner;
	if (!id || id == SLOT_IN_BETWEEN || !entry->payer || entry->cgroup_id != id)
		return 0;
	if (sweep->payer && sweep->payer != entry->payer)
		return 0;
	if (run_is_over(entry) && slot_free(slot, entry, id, generation))
		sweep->freed++;
	return 0;
}

/* How many runs were over whose launchers did not say so. */
static __always_inline u32 sweep(u32 payer)
{
	struct sweep all = { .payer = payer };

	bpf_loop(slot_count, sweep_slot, &all, 0);
	return all.freed;
}

/* --- Taking --- */

struct search {
	u32 slot;
	bool has_found;
};

static long try_slot(u32 slot, struct search *search)
{
	u64 *owner = owner_get(slot);

	if (!owner)
		return 1;
	if (*owner || __sync_val_compare_and_swap(owner, 0, SLOT_IN_BETWEEN) != 0)
		return 0;
	search->slot = slot;
	search->has_found = true;
	return 1;
}

static __always_inline bool slot_take(u32 *slot)
{
	struct search search = {};

	bpf_loop(slot_count, try_slot, &search, 0);
	*slot = search.slot;
	return search.has_found;
}

/* Of one that was taken for nothing. */
static __always_inline void slot_put_back(u32 slot, u32 payer)
{
	u64 *owner = owner_get(slot);
	struct gate_run *entry = gate_run_get(slot);

	if (entry)
		entry->payer = 0;
	quota_give_back(payer);
	if (owner)
		__sync_lock_test_and_set(owner, 0);
}

#endif
