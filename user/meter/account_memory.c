// SPDX-License-Identifier: Apache-2.0
// What the collector knows of a run's memory: its peaks, and what there was at the highest.
#include "account_memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char source[] = "bpf:rss_stat";

static uint64_t page_bytes(int64_t pages)
{
	return pages > 0 ? (uint64_t)pages * sysconf(_SC_PAGESIZE) : 0;
}

static struct number known_pages(int64_t pages, const char *from)
{
	return number_known(page_bytes(pages), from);
}

/* --- The highest of what each processor has seen --- */

static int64_t most(const struct account *account, size_t field)
{
	int64_t peak = 0;

	for (size_t i = 0; i < account->processors; i++) {
		int64_t seen = *(const __s64 *)((const char *)&account->memories[i] + field);

		peak = seen > peak ? seen : peak;
	}
	return peak;
}

static void fill_peaks(const struct account *account, struct result *result)
{
	result->memory.rss_peak = known_pages(account->run.rss_peak_pages, source);
	result->memory.rss_peak_process = known_pages(
		most(account, offsetof(struct memory_account, process_peak_pages)), source);
	result->memory.anon_peak = known_pages(
		most(account, offsetof(struct memory_account, anon_peak_pages)), source);
	result->memory.swap_peak = known_pages(
		most(account, offsetof(struct memory_account, swap_peak_pages)), source);
}

/* --- The split at the peak --- */

static const struct memory_account *find_peak(const struct account *account)
{
	for (size_t i = 0; i < account->processors; i++) {
		if (account->memories[i].rss_peak_pages == account->run.rss_peak_pages)
			return &account->memories[i];
	}
	return NULL;
}

/*
 * Another processor may have counted pages of one kind and not yet those of all kinds. What is
 * missing or too much for that was added to or taken from the kind that changes most.
 */
static void fill_split(const struct account *account, struct result *result)
{
	static const char reason[] = "the split at the peak was not seen";
	static const char rounded[] = "bpf:rss_stat, less a change under way on another processor";
	const struct memory_account *peak = find_peak(account);
	const __s64 *pages;
	const char *from;
	int64_t others;

	if (!peak) {
		result->memory.anon_at_peak = result->memory.file_at_peak =
			result->memory.shmem_at_peak = result->memory.swap_at_peak =
				number_unknown(reason);
		return;
	}
	pages = peak->pages_at_peak;
	others = pages[PAGES_FILE] + pages[PAGES_SHMEM];
	from = others + pages[PAGES_ANON] == peak->rss_peak_pages ? source : rounded;
	result->memory.anon_at_peak = known_pages(peak->rss_peak_pages - others, from);
	result->memory.file_at_peak = known_pages(pages[PAGES_FILE], from);
	result->memory.shmem_at_peak = known_pages(pages[PAGES_SHMEM], from);
	result->memory.swap_at_peak = known_pages(pages[PAGES_SWAP], from);
}

/* --- The largest processes at the peak --- */

static int compare_sizes(const void *a, const void *b)
{
	const struct memory_process *first = a, *second = b;

	if (first->rss_bytes != second->rss_bytes)
		return first->rss_bytes < second->rss_bytes ? 1 : -1;
	return (first->pid > second->pid) - (first->pid < second->pid);
}

/* Takes its place if there is one left, or if it is larger than the least; sorted afterwards. */
static void add_process(struct memory_result *memory, const struct peak_process *process)
{
	struct memory_process *last = &memory->largest[MEMORY_PROCESSES - 1];
	struct memory_process next = {
		.pid = process->pid,
		.rss_bytes = page_bytes(process->pages),
	};

	memcpy(next.name, process->name, sizeof(process->name));
	if (memory->largest_count < MEMORY_PROCESSES)
		last = &memory->largest[memory->largest_count++];
	else if (compare_sizes(&next, last) >= 0)
		return;
	*last = next;
	qsort(memory->largest, memory->largest_count, sizeof(*memory->largest), compare_sizes);
}

static void fill_largest(const struct account *account, struct memory_result *memory)
{
	memory->largest_count = 0;
	for (size_t i = 0; i < account->processors; i++) {
		for (size_t j = 0; j < PEAK_PROCESSES; j++) {
			const struct peak_process *process = &account->memories[i].largest[j];

			if (process->pages > 0 && process->at_pages == account->run.rss_peak_pages)
				add_process(memory, process);
		}
	}
}

void account_fill_memory(const struct account *account, struct result *result)
{
	fill_peaks(account, result);
	fill_split(account, result);
	fill_largest(account, &result->memory);
}
