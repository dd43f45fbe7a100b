/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What a request brings and what an answer takes away, word by word.
 *
 * The context of a program can only be reached by constant distances, and no helper takes it: the
 * loops are unrolled. What is read is volatile, or clang would make a call to memcpy of them.
 */
#ifndef TARE_GATE_ANSWER_BPF_H
#define TARE_GATE_ANSWER_BPF_H

#include "run.bpf.h"
#include "peak.bpf.h"
#include "processor.bpf.h"

#define COPY_WORDS(to, from, bytes)                                                                \
	do {                                                                                       \
		const volatile u64 *copied_from = (const volatile u64 *)(from);                    \
		volatile u64 *copied_to = (volatile u64 *)(to);                                    \
		_Pragma("clang loop unroll(full)") for (u32 copied = 0; copied < (bytes) / 8;      \
							copied++) copied_to[copied] =              \
			copied_from[copied];                                                       \
	} while (0)

#define CLEAR_WORDS(to, bytes)                                                                     \
	do {                                                                                       \
		volatile u64 *cleared = (volatile u64 *)(to);                                      \
		_Pragma("clang loop unroll(full)") for (u32 word = 0; word < (bytes) / 8; word++)  \
			cleared[word] = 0;                                                         \
	} while (0)

struct memory_map memory SEC(".maps");

struct syscall_entries_map syscall_entries SEC(".maps");

/* --- System calls --- */

struct summing {
	u32 slot;
	u32 place;
	u64 generation;
	struct syscall_counter sum;
};

/* Of a task that made a call there, the processor has counted time when it left. */
static __always_inline bool was_used(u32 slot, u32 processor)
{
	struct cpu_account *cpu = bpf_map_lookup_percpu_elem(&cpus, &slot, processor);

	return cpu && (cpu->cpu_ns || cpu->before_window_ns);
}

/* An entry of another generation is of an earlier run. */
static long add_processor(u32 processor, struct summing *summing)
{
	u64 key = SYSCALL_ENTRY_KEY(summing->slot, summing->place, processor);
	struct syscall_entry *entry;

	if (!was_used(summing->slot, processor))
		return 0;
	entry = bpf_map_lookup_elem(&syscall_entries, &key);
	if (!entry || entry->generation != summing->generation)
		return 0;
	summing->sum.count += entry->counter.count;
	summing->sum.errors += entry->counter.errors;
	summing->sum.denied += entry->counter.denied;
	return 0;
}

/* Global: the verifier looks at it once. */
__noinline int syscalls_sum(u32 slot, u32 place, struct syscall_counter *sum)
{
	struct run_account *run = run_get(slot);
	struct summing summing = { .slot = slot, .place = place };

	if (!sum || !run)
		return 0;
	summing.generation = run->generation;
	if (place < SYSCALL_PLACES)
		bpf_loop(processors, add_processor, &summing, 0);
	*sum = summing.sum;
	return 0;
}

/* --- Misses --- */

/* Where each program's own counters are, per processor; 0: it is none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATE_PROGRAMS);
	__type(key, u32);
	__type(value, u64);
} program_counters SEC(".maps");

static long add_misses(u32 processor, u64 *misses)
{
	u32 first = 0;
	u64 *element = bpf_map_lookup_percpu_elem(&own_address, &first, processor);
	u64 distance, *counters, missed;

	if (!element)
		return 1;
	distance = cpu_distance(element);
	for (u32 i = 0; i < GATE_PROGRAMS; i++) {
		u32 key = i;

		counters = bpf_map_lookup_elem(&program_counters, &key);
		if (!counters || !*counters)
			continue;
		missed = 0;
		bpf_probe_read_kernel(&missed, sizeof(missed),
			(void *)(*counters + distance +
				 bpf_core_field_offset(struct bpf_prog_stats, misses)));
		*misses += missed;
	}
	return 0;
}

__noinline u64 misses_count(void)
{
	u64 misses = 0;

	bpf_loop(processors, add_misses, &misses, 0);
	return misses;
}

/* --- Emptying a slot --- */

/* A slot with more entries than most runs make does not keep them for the next one. */
#define PLACES_TO_KEEP 128

static const struct run_account no_run;
static const struct cpu_account no_cpu;
static const struct memory_account no_memory;

struct emptying {
	u32 slot;
	u32 word;
	u32 place;
	u32 places;
	u64 seen;
};

static long clear_processor(u32 processor, struct emptying *emptying)
{
	struct cpu_account *cpu = bpf_map_lookup_percpu_elem(&cpus, &emptying->slot, processor);
	struct memory_account *pages =
		bpf_map_lookup_percpu_elem(&memory, &emptying->slot, processor);

	if (!cpu || !pages)
		return 1;
	bpf_probe_read_kernel(cpu, sizeof(*cpu), &no_cpu);
	bpf_probe_read_kernel(pages, sizeof(*pages), &no_memory);
	return 0;
}

static __always_inline u64 *seen_word(u32 slot, u32 word)
{
	struct run_account *run = run_get(slot);

	return run && word < SYSCALL_WORDS ? &run->syscalls_seen[word] : 0;
}

static __always_inline bool is_seen(const struct emptying *emptying, u32 bit)
{
	return emptying->seen >> (bit & 63) & 1;
}

static long count_bit(u32 bit, struct emptying *emptying)
{
	emptying->places += is_seen(emptying, bit);
	return 0;
}

static long count_word(u32 word, struct emptying *emptying)
{
	u64 *seen = seen_word(emptying->slot, word);

	if (!seen || !*seen)
		return 0;
	emptying->seen = *seen;
	bpf_loop(64, count_bit, emptying, 0);
	return 0;
}

static long drop_entry(u32 processor, struct emptying *emptying)
{
	u64 key = SYSCALL_ENTRY_KEY(emptying->slot, emptying->place, processor);

	bpf_map_delete_elem(&syscall_entries, &key);
	return 0;
}

static long drop_bit(u32 bit, struct emptying *emptying)
{
	emptying->place = emptying->word * 64 + bit;
	if (is_seen(emptying, bit))
		bpf_loop(processors, drop_entry, emptying, 0);
	return 0;
}

static long drop_word(u32 word, struct emptying *emptying)
{
	u64 *seen = seen_word(emptying->slot, word);

	if (!seen || !*seen)
		return 0;
	emptying->word = word;
	emptying->seen = *seen;
	bpf_loop(64, drop_bit, emptying, 0);
	*seen = 0;
	return 0;
}

/*
 * Of a run's account all that comes after its generation, which never goes back, not for an
 * instant; but not which entries there are.
 */
#define EMPTIED_BYTES                                                                              \
	(offsetof(struct run_account, syscalls_seen) - offsetof(struct run_account, cpu_limit_ns))

/* As slot_reset() of root's launchers. */
__noinline int slot_empty(u32 slot)
{
	struct run_account *run = run_get(slot);
	struct emptying emptying = { .slot = slot };

	if (!run)
		return 0;
	__sync_fetch_and_add(&run->generation, 1);
	bpf_probe_read_kernel(&run->cpu_limit_ns, EMPTIED_BYTES, &no_run);
	bpf_loop(processors, clear_processor, &emptying, 0);
	bpf_loop(SYSCALL_WORDS, count_word, &emptying, 0);
	if (emptying.places > PLACES_TO_KEEP)
		bpf_loop(SYSCALL_WORDS, drop_word, &emptying, 0);
	return 0;
}

#endif
