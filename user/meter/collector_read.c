// SPDX-License-Identifier: Apache-2.0
// The accounts of a run that is over, copied out of the maps.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "collector_parts.h"

static int look_up(int map_fd, const void *key, void *values, struct failure *why)
{
	if (bpf_map_lookup_elem(map_fd, key, values))
		return failure_set(why, errno, "read a BPF map");
	return 0;
}

static int read_slot(int map_fd, uint32_t key, void *values, struct failure *why)
{
	return look_up(map_fd, &key, values, why);
}

static int read_cpus(struct collector *collector, struct account *account, struct failure *why)
{
	account->processors = collector->processors;
	account->cpus = calloc(account->processors, sizeof(*account->cpus));
	if (!account->cpus)
		return failure_set(why, ENOMEM, "read the CPU accounts");
	return read_slot(collector->maps[MAP_CPUS], collector->slot, account->cpus, why);
}

static int read_memories(struct collector *collector, struct account *account, struct failure *why)
{
	account->memories = calloc(account->processors, sizeof(*account->memories));
	if (!account->memories)
		return failure_set(why, ENOMEM, "read the memory accounts");
	return read_slot(collector->maps[MAP_MEMORY], collector->slot, account->memories, why);
}

/* The account is nothing but counters, so two of them add up word by word. */
static void add_syscalls(struct syscall_account *sum, const struct syscall_account *part)
{
	const __u64 *from = (const __u64 *)part;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static int read_tables(struct collector *collector, struct account *account, struct failure *why)
{
	cleanup_free struct syscall_account *parts = calloc(collector->processors, sizeof(*parts));
	int error = 0;

	if (!parts)
		return failure_set(why, ENOMEM, "read the system call accounts");
	for (uint32_t abi = 0; abi < ABI_COUNT && !error; abi++) {
		error = read_slot(collector->maps[MAP_SYSCALLS], collector->slot * ABI_COUNT + abi,
			parts, why);
		for (size_t i = 0; i < collector->processors; i++)
			add_syscalls(&account->syscalls[abi], &parts[i]);
	}
	return error;
}

struct syscall_counter *account_counter(struct account *account, uint32_t place)
{
	struct syscall_account *abi = &account->syscalls[place / (SYSCALL_NUMBERS + 1)];
	uint32_t number = place % (SYSCALL_NUMBERS + 1);

	return number < SYSCALL_NUMBERS ? &abi->number[number] : &abi->unknown;
}

/* One that could not be made is missing, and was counted as lost. */
static int read_entry(struct collector *collector, uint32_t place, size_t processor,
	struct account *account, struct failure *why)
{
	uint64_t key = SYSCALL_ENTRY_KEY(collector->slot, place, processor);
	struct syscall_counter *sum = account_counter(account, place);
	struct syscall_entry entry;

	if (bpf_map_lookup_elem(collector->maps[MAP_SYSCALL_ENTRIES], &key, &entry))
		return errno == ENOENT ? 0 : failure_set(why, errno, "read a BPF map");
	if (entry.generation != account->run.generation) /* of an earlier run */
		return 0;
	sum->count += entry.counter.count;
	sum->errors += entry.counter.errors;
	sum->denied += entry.counter.denied;
	return 0;
}

/* Of a task that made a call there, the processor has counted time when it left. */
static bool was_used(const struct account *account, size_t processor)
{
	return account->cpus[processor].cpu_ns || account->cpus[processor].before_window_ns;
}

static int read_entries_of(
	struct collector *collector, size_t processor, struct account *account, struct failure *why)
{
	int error = 0;

	for (uint32_t place = 0; place < SYSCALL_PLACES && !error; place++) {
		if (account->run.syscalls_seen[place / 64] >> place % 64 & 1)
			error = read_entry(collector, place, processor, account, why);
	}
	return error;
}

static int read_entries(struct collector *collector, struct account *account, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < collector->processors && !error; i++) {
		if (was_used(account, i))
			error = read_entries_of(collector, i, account, why);
	}
	return error;
}

int collector_misses(const struct collector *collector, uint64_t *misses, struct failure *why)
{
	*misses = 0;
	for (size_t i = 0; object_program_name(i); i++) {
		struct bpf_prog_info info = {};
		uint32_t size = sizeof(info);

		/* One that this run has no use for was not loaded. */
		if (collector->programs[i] < 0)
			continue;
		if (bpf_obj_get_info_by_fd(collector->programs[i], &info, &size))
			return failure_set(
				why, errno, "read the misses of '%s'", object_program_name(i));
		*misses += info.recursion_misses;
	}
	return 0;
}

static int read_timeline(struct collector *collector, struct account *account, struct failure *why)
{
	size_t size = TIMELINE_POINTS * sizeof(*account->timeline);
	void *points;

	if (!account->run.timeline_interval_ns)
		return 0;
	account->timeline = malloc(size);
	if (!account->timeline)
		return failure_set(why, ENOMEM, "read the time line");
	points = mmap(NULL, size, PROT_READ, MAP_SHARED, collector->maps[MAP_TIMELINE], 0);
	if (points == MAP_FAILED)
		return failure_set(why, errno, "read the time line");
	memcpy(account->timeline, points, size);
	munmap(points, size);
	return 0;
}

static void add_times(struct syscall_times *sum, const struct syscall_times *part)
{
	sum->wall_ns += part->wall_ns;
	sum->cpu_ns += part->cpu_ns;
	if (part->max_ns > sum->max_ns)
		sum->max_ns = part->max_ns;
	for (size_t i = 0; i < TIME_BUCKETS; i++)
		sum->histogram[i] += part->histogram[i];
}

/* The entry of this number, whatever the processor, made at its first part; there is room. */
static struct timed_syscall *timed_of(struct account *account, const struct timed_number *number)
{
	struct timed_syscall *timed = account->timed;

	while (timed < account->timed + account->timed_count &&
		(timed->abi != number->abi || timed->number != number->number))
		timed++;
	if (timed == account->timed + account->timed_count) {
		timed->abi = number->abi;
		timed->number = number->number;
		account->timed_count++;
	}
	return timed;
}

static int read_times(struct collector *collector, struct account *account, struct failure *why)
{
	int error = 0, map_fd = collector->maps[MAP_TIMES];
	struct timed_number number, *last = NULL;
	struct syscall_times part;

	if (!collector->spec.times_syscalls)
		return 0;
	account->timed = calloc(ABI_COUNT * (SYSCALL_NUMBERS + 1), sizeof(*account->timed));
	if (!account->timed)
		return failure_set(why, ENOMEM, "read the times of system calls");
	while (!error && !bpf_map_get_next_key(map_fd, last, &number)) {
		error = look_up(map_fd, &number, &part, why);
		if (!error)
			add_times(&timed_of(account, &number)->times, &part);
		last = &number;
	}
	return error;
}

/* A collector that was taken away counted for a part of the run only. */
static int check_stamp(const struct collector *collector, struct failure *why)
{
	if (!collector->stamp || !collector->stamp->stopped_ns)
		return 0;
	failure_set(why, 0,
		"the shared collector was stopped while the command ran; nothing of what it "
		"counted can be trusted");
	return failure_hint(why, "weigh again, with one of its own: tare run --private ...");
}

int collector_read(struct collector *collector, struct account *account, struct failure *why)
{
	int error;

	if (collector->visit) {
		*account = (struct account){ .no_io_uring = collector->no_io_uring,
			.has_syscalls = true };
		return gate_visit_read(collector->visit, account, why);
	}
	error = check_stamp(collector, why);
	*account = (struct account){ .run = *collector->run,
		.no_io_uring = collector->no_io_uring,
		.has_syscalls = !collector->spec.no_syscalls,
		.weighs_interrupts = collector->interrupts != NULL,
		.knows_places = collector->knows_places };
	if (!error)
		error = read_cpus(collector, account, why);
	if (!error)
		error = read_memories(collector, account, why);
	if (!error && collector->skeleton)
		error = read_tables(collector, account, why);
	else if (!error)
		error = read_entries(collector, account, why);
	if (!error)
		error = read_timeline(collector, account, why);
	if (!error)
		error = read_times(collector, account, why);
	if (!error)
		error = collector_misses(collector, &account->recursion_misses, why);
	account->recursion_misses -= collector->old_misses;
	return error;
}

void account_done(struct account *account)
{
	free(account->cpus);
	free(account->memories);
	free(account->timeline);
	free(account->timed);
	account->cpus = NULL;
	account->memories = NULL;
	account->timeline = NULL;
	account->timed = NULL;
}
